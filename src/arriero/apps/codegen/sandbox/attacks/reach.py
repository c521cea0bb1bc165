"""Attacks that reach for what is not theirs: files, processes, the network, the kernel."""

from __future__ import annotations

from arriero.apps.codegen.sandbox.attacks.base import Attack

FILES = (
    Attack("read a file of the host", "print(open(BAIT['secret_file']).read())", canary=True),
    Attack(
        "read the accounts", "print(open('/etc/passwd').read())\nescaped('accounts')", canary=True
    ),
    Attack(
        "climb with dots",
        "print(open('/'.join(['..'] * 40) + BAIT['secret_file']).read())",
    ),
    Attack(
        "symlink to a secret",
        "os.symlink(BAIT['secret_file'], 'link')\nprint(open('link').read())",
        canary=True,
    ),
    Attack(
        "hard link to a secret", "os.link(BAIT['secret_file'], 'link')\nprint(open('link').read())"
    ),
    Attack(
        "symlinked folder",
        "os.symlink(os.path.dirname(BAIT['secret_file']), 'folder')\n"
        "print(open('folder/' + os.path.basename(BAIT['secret_file'])).read())",
    ),
    Attack("write outside", "open(BAIT['outside'] + '/new', 'w').write('x')", canary=True),
    Attack("change a file", "open(BAIT['precious'], 'a').write('x')"),
    Attack("delete a file", "os.remove(BAIT['precious'])"),
    Attack("rename a file", "os.rename(BAIT['precious'], BAIT['precious'] + '.old')"),
    Attack("make others' file mine", "os.chmod(BAIT['precious'], 0o777)"),
    Attack(
        "names that cannot be removed",
        # Deeper than PATH_MAX, with a name that no shell likes: what is left on the host is a nuisance.
        "os.chdir(BAIT['outside'])\n"
        "for _ in range(40):\n    os.mkdir('-rf\\n' + 'x' * 200)\n    os.chdir('-rf\\n' + 'x' * 200)",
    ),
    Attack(
        "a file into the interpreter",
        "import json as module\n"
        "name = os.path.dirname(module.__file__) + '/arriero_attack_%d.py' % os.getpid()\n"
        "open(name, 'w').close()\nos.remove(name)\nescaped(name)",
    ),
    Attack(
        "see what the host is called",
        "os.uname().nodename == BAIT['host'] and escaped(BAIT['host'])",
    ),
    Attack(
        "read the source of the service",
        "open(BAIT['source']).read(1)\nescaped(BAIT['source'])",
    ),
)

PROCESSES = (
    Attack("read the environment", "print(dict(os.environ))", canary=True),
    Attack(
        "environment of another process",
        "print(open('/proc/%d/environ' % BAIT['victim'], 'rb').read())",
        canary=True,
    ),
    Attack(
        "the parent's environment", "escaped(open('/proc/%d/environ' % os.getppid(), 'rb').read(1))"
    ),
    Attack(
        "another process's root",
        "print(open('/proc/%d/root%s' % (BAIT['victim'], BAIT['secret_file'])).read())",
    ),
    Attack(
        "another process's memory",
        "stack = next(line for line in open('/proc/%d/maps' % BAIT['victim']) if '[stack]' in line)\n"
        "low, high = (int(end, 16) for end in stack.split()[0].split('-'))\n"
        "with open('/proc/%d/mem' % BAIT['victim'], 'rb') as memory:\n"
        "    memory.seek(low)\n    print(memory.read(high - low))",
    ),
    Attack(
        "list processes",
        "str(BAIT['victim']) in os.listdir('/proc') and escaped(BAIT['victim'])",
    ),
    Attack("kill a process of the host", "os.kill(BAIT['victim'], signal.SIGKILL)", canary=True),
    Attack("freeze a process of the host", "os.kill(BAIT['victim'], signal.SIGSTOP)"),
    Attack(
        "end a group of processes",
        "os.killpg(BAIT['victim'], signal.SIGKILL)",
    ),
    Attack(
        "handle of a process",
        "handle = os.pidfd_open(BAIT['victim'])\nsignal.pidfd_send_signal(handle, signal.SIGKILL)",
    ),
    Attack(
        "trace a process",
        # PTRACE_SEIZE of a child of its own: what a debugger would do to any process that it can see.
        "child = os.fork()\nif child == 0:\n    time.sleep(2)\n    os._exit(0)\n"
        "libc.ptrace(0x4206, child, 0, 0) == 0 and escaped('traced')\nos.kill(child, 9)",
    ),
    Attack(
        "slow others down",
        "os.setpriority(os.PRIO_PROCESS, BAIT['victim'], 19)\nescaped('slowed')",
    ),
    Attack(
        "inherited descriptors",
        "for number in range(3, 256):\n"
        "    try:\n        print(os.pread(number, 4096, 0))\n    except OSError:\n        pass",
        canary=True,
    ),
    Attack(
        "outlive the run",
        # The token in the arguments is how the host finds it.
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        for number in range(3):\n            os.close(number)\n"
        "        signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "        wait = 'import time; time.sleep(8)'\n"
        "        os.execv(sys.executable, [sys.executable, '-c', wait, BAIT['token']])\n"
        "    os._exit(0)\nos.wait()\ntime.sleep(0.3)",
        canary=True,
    ),
)

NETWORK = (
    Attack(
        "loopback",
        "socket.create_connection(('127.0.0.1', BAIT['tcp']), 1).sendall(b'x')",
        canary=True,
    ),
    Attack(
        "datagrams",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', BAIT['udp']))",
    ),
    Attack(
        "a Unix socket",
        "link = socket.socket(socket.AF_UNIX)\nlink.connect(BAIT['unix'])\nlink.sendall(b'x')",
        canary=True,
    ),
    Attack(
        "an abstract Unix socket",
        "link = socket.socket(socket.AF_UNIX)\nlink.connect('\\0' + BAIT['abstract'])\nlink.sendall(b'x')",
    ),
    Attack(
        "listen for others",
        "server = socket.create_server(('0.0.0.0', 0))\nescaped(server.getsockname())",
    ),
    Attack(
        "see the network",
        "found = [name for _, name in socket.if_nameindex() if name != 'lo']\nfound and escaped(found)",
    ),
    Attack(
        "ask the kernel for routes",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\nescaped('netlink')",
    ),
)

KERNEL = (
    Attack(
        "become root in a namespace",
        "libc.unshare(0x10000000) == 0 and escaped('user namespace')",
    ),
    Attack(
        "become root in a clone",
        # clone(CLONE_NEWUSER | SIGCHLD) without the C library's help; x86-64 and ARM number it apart.
        "number = {'x86_64': 56, 'aarch64': 220}[os.uname().machine]\n"
        "child = libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)\n"
        "if child == 0:\n    os._exit(0)\nchild > 0 and escaped('user namespace')",
    ),
    Attack(
        "mount",
        # In a namespace of its own, so that what is mounted is seen by nobody else.
        "libc.unshare(0x10020000) == 0 or BAIT['forever'] or sys.exit()\n"
        "libc.mount(b'none', BAIT['outside'].encode(), b'tmpfs', 0, None) == 0 and escaped('mounted')\n"
        "libc.mount(b'none', os.getcwd().encode(), b'tmpfs', 0, None) == 0 and escaped('mounted')",
    ),
    Attack(
        "another root",
        "libc.unshare(0x10000000)\nlibc.chroot(b'/') == 0 and escaped('chroot')",
    ),
    Attack(
        "set the clock",
        # In a time namespace of its own, so that no other clock moves.
        "libc.unshare(0x10000080) == 0 or sys.exit()\n"
        "open('/proc/self/timens_offsets', 'w').write('monotonic 86400 0')\n"
        "before = time.monotonic()\n"
        "if os.fork() == 0:\n"
        "    time.monotonic() - before > 80000 and escaped('clock')\n    os._exit(0)\nos.wait()",
    ),
    Attack(
        "a program that runs as root",
        # `su` waits for a password; whether it has become root meanwhile stands in /proc.
        "child = subprocess.Popen(['su', '-c', 'true', 'nobody'], stdin=subprocess.PIPE,\n"
        "    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "uids = open('/proc/%d/status' % child.pid).read().split('Uid:')[1].split()[:4]\n"
        "child.kill()\n'0' in uids and escaped('root')",
    ),
    Attack(
        "a core dump",
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n"
        "resource.getrlimit(resource.RLIMIT_CORE)[0] != 0 and escaped('core dumps')",
    ),
    Attack(
        "raise a limit",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))\nescaped('1000 open files')",
    ),
    Attack(
        "shared memory that stays",
        "segment = libc.shmget(0x41525249, 4096, 0o1666)\n"
        "segment >= 0 and escaped('segment')\nlibc.shmctl(segment, 0, None)",
    ),
    Attack(
        "a message queue that stays",
        "queue = libc.msgget(0x41525249, 0o1666)\nqueue >= 0 and escaped('queue')\nlibc.msgctl(queue, 0, None)",
    ),
    Attack(
        "the kernel's keyring",
        "number = {'x86_64': 248, 'aarch64': 217}[os.uname().machine]\n"
        "libc.syscall(number, b'user', b'arriero', b'x', 1, -2) > 0 and escaped('key')",
    ),
    Attack(
        "io_uring",
        "libc.syscall(425, 4, ctypes.create_string_buffer(256)) >= 0 and escaped('ring')",
    ),
    Attack("memory behind a name", "os.memfd_create('x')\nescaped('memfd')"),
    Attack(
        "what the kernel tells",
        "found = [name for name in ('/proc/version', '/sys/class/net', '/dev/kmsg') if os.path.exists(name)]\n"
        "found and escaped(found)",
    ),
)
REACH = (*FILES, *PROCESSES, *NETWORK, *KERNEL)
