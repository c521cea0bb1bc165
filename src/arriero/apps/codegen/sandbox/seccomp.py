"""The system calls that a box has no use for, as a filter that the kernel applies (seccomp).

Namespaces already hide what most of these reach; the filter takes away the rest of the kernel's surface
where escapes have been found. The list follows Docker's default profile
(github.com/moby/profiles/seccomp, default.json: what needs a capability there is refused here) and adds
what only long-living or networked programs need.
"""

from __future__ import annotations

import errno
import os
from types import ModuleType

REFUSED = """
acct add_key adjtimex bpf chroot clock_adjtime clock_adjtime64 clock_settime clock_settime64 create_module
delete_module fanotify_init fanotify_mark finit_module fsconfig fsmount fsopen fspick get_mempolicy
init_module io_setup io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load
kexec_load keyctl landlock_create_ruleset lookup_dcookie mbind memfd_create memfd_secret migrate_pages
mknod mknodat modify_ldt mount mount_setattr move_mount move_pages mq_open mq_unlink msgctl msgget msgrcv
msgsnd name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open personality
pidfd_getfd pidfd_open pidfd_send_signal pivot_root process_madvise process_mrelease process_vm_readv
process_vm_writev ptrace quotactl quotactl_fd reboot request_key rt_sigqueueinfo rt_tgsigqueueinfo semctl
semget semop semtimedop set_mempolicy setdomainname sethostname setns settimeofday shmat shmctl shmdt shmget
socket stime swapoff swapon syslog umount umount2 unshare userfaultfd uselib vhangup vm86 vm86old
""".split()
NEW_NAMESPACES = (
    0x7E020080  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET and TIME (linux/sched.h)
)
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # typing into somebody's terminal (asm-generic/ioctls.h)


def filter_program(seccomp: ModuleType) -> bytes:
    """The filter as the kernel reads it; `seccomp` is the package pyseccomp.

    A refused call fails with EPERM, `clone3` with ENOSYS, so that the C library falls back to `clone`,
    whose flags a filter can read. A call of another architecture kills.
    """
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in REFUSED:
        if _known(seccomp, name):
            rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for bit in (1 << place for place in range(32) if NEW_NAMESPACES & (1 << place)):
        rules.add_rule(
            seccomp.ERRNO(errno.EPERM), "clone", seccomp.Arg(0, seccomp.MASKED_EQ, bit, bit)
        )
    for request in (TIOCSTI, TIOCLINUX):
        rules.add_rule(
            seccomp.ERRNO(errno.EPERM),
            "ioctl",
            seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request),
        )
    return _exported(rules)


def _known(seccomp: ModuleType, name: str) -> bool:
    """Whether this machine's libseccomp has heard of the call; one too new for it stays allowed."""
    try:
        seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    except (OSError, ValueError):
        return False
    return True


def _exported(rules: object) -> bytes:
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "w+b") as file:
        rules.export_bpf(file)  # type: ignore[attr-defined]  # pyseccomp has no types
        file.seek(0)
        return file.read()
