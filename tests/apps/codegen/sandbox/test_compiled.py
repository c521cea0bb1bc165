"""What compiled programs may do and reach, in the compiler's box and in their own, and what the clock has to say."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from arriero.apps.codegen.sandbox import compiled as module
from arriero.apps.codegen.sandbox.attacks.bait import laid
from arriero.apps.codegen.sandbox.attacks.base import ESCAPED
from arriero.apps.codegen.sandbox.base import Limit, Limits, NoSandbox, Program, Ran, Sandbox, Test
from arriero.apps.codegen.sandbox.bubblewrap import Bubblewrap
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.compilers import go as go_module
from arriero.apps.codegen.sandbox.compilers.base import WHERE
from arriero.apps.codegen.sandbox.compilers.go import GO
from arriero.apps.codegen.sandbox.compilers.table import LANGUAGES
from arriero.apps.codegen.sandbox.interpreter import output
from arriero.apps.codegen.sandbox.probe import probe
from tests.conftest import absent

FEW = Limits(wall_s=2.0, cpu_s=1.0, memory_mb=64, processes=8, disk_mb=4, output_kb=64)


@pytest.fixture(scope="module")
def compiled(sandbox: Sandbox) -> Compiled:
    """All compilers of this machine. `make test` installs GCC, so that it has to be there in CI."""
    assert isinstance(sandbox, Bubblewrap)
    found = Compiled.open(sandbox)
    if "cpp" not in found.compilers:
        raise absent("REQUIRE_SERVICES", "there is no C++ compiler; as root: apt-get install g++")
    return found


@pytest.fixture
def java(compiled: Compiled) -> Compiled:
    if "java" not in compiled.compilers:
        pytest.skip("there is no Java compiler; as root: apt-get install default-jdk-headless")
    return compiled


@pytest.fixture
def go(compiled: Compiled) -> Compiled:
    if "go" not in compiled.compilers:
        raise absent(
            "REQUIRE_SERVICES", "there is no Go compiler; as root: apt-get install golang-go"
        )
    return compiled


async def run(sandbox: Sandbox, code: str, name: str = "main.cpp", limits: Limits = FEW) -> Ran:
    return await sandbox.run(Program({name: code}, name), limits)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("main.cpp", "#include <bits/stdc++.h>\nint main() { std::string s; std::getline(std::cin, s); std::cout << s; std::cerr << 1; return 3; }"),
        ("main.c", '#include <stdio.h>\nint main(void) { char s[9]; fgets(s, 9, stdin); printf("%s", s); fprintf(stderr, "1"); return 3; }'),
    ],
)  # fmt: skip
async def test_a_program_is_built_and_run(compiled: Compiled, name: str, code: str) -> None:
    ran = await compiled.run(Program({name: code}, name, stdin="hello"), FEW)
    assert (ran.status, ran.stdout, ran.stderr, ran.hit, ran.diagnosis) == (3, "hello", "1", None, "")  # fmt: skip
    assert ran.by.startswith("bubblewrap, g")


async def test_a_program_of_java_is_built_and_run(java: Compiled) -> None:
    code = "package a.b;\nimport java.util.*;\npublic class Main { public static void main(String[] given) { System.out.print(given[0] + new Scanner(System.in).nextLine() + 'é'); System.exit(3); } }"
    program = Program({"a/b/Main.java": code}, "a/b/Main.java", argv=("a",), stdin="ü\n")
    ran = await java.run(program, FEW)
    assert (ran.status, ran.stdout, ran.hit) == (3, "aüé", None)


async def test_what_the_compiler_refuses_is_told_and_not_run(compiled: Compiled) -> None:
    ran = await run(compiled, "int main() { return x; }\n")
    assert (ran.executed, ran.passed, ran.stdout) == (True, False, "")
    assert ran.diagnosis.startswith("main.cpp:")
    assert "'x' was not declared" in ran.diagnosis


async def test_a_program_is_built_once(compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    await compiled.works(LANGUAGES[0])  # its first program is built as well
    built = []
    real = Compiled._compiled

    async def counted(*args: object) -> object:
        built.append(args)
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Compiled, "_compiled", counted)
    code = "#include <cstdio>\nint main(int n, char **words) { std::puts(words[1]); }"
    told = [
        await compiled.run(Program({"main.cpp": code}, "main.cpp", argv=(word,)), FEW)
        for word in "ab"
    ]
    assert [one.stdout for one in told] == ["a\n", "b\n"]
    assert len(built) == 1


async def test_without_a_compiler_it_says_what_to_install(compiled: Compiled) -> None:
    none = Compiled(compiled.boxes, {})
    for language in LANGUAGES:
        ran = await run(none, "", f"main{language.ends[0]}")
        assert not ran.executed
        assert ran.reason == f"there is no {language.tool} of {language.told} here; as root: apt-get install {language.package}"  # fmt: skip
        assert await none.works(language) == (
            f"there is no {language.tool} of {language.told} here",
            f"as root: apt-get install {language.package}",
        )


async def test_each_compiler_that_is_found_works(compiled: Compiled) -> None:
    for language in LANGUAGES:
        told, remedy = await compiled.works(language)
        assert (language.name in compiled.compilers) is (remedy == ""), told


async def test_a_compiler_that_did_not_work_once_is_tried_again(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Compiled(compiled.boxes, compiled.compilers)
    with monkeypatch.context() as busy:
        busy.setattr(module, "FIRST", replace(module.FIRST, wall_s=0.02))
        ran = await run(fresh, "int main() {}")
        assert (ran.executed, "the machine is busy" in ran.reason) == (False, True)
    assert (await run(fresh, "int main() {}")).passed


async def test_without_boxes_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    probed = await probe()
    assert isinstance(probed.sandbox, NoSandbox)
    assert not (await run(probed.sandbox, "int main() {}")).executed


async def test_what_has_tests_is_for_others(compiled: Compiled) -> None:
    program = Program({"main.cpp": "int f() { return 1; }"}, "main.cpp", tests=(Test("t", "f()"),))
    assert "elsewhere" in (await compiled.run(program, FEW)).reason


# -- what the clock says, and what it does not


async def test_a_loop_without_end_uses_up_its_processors_time(compiled: Compiled) -> None:
    ran = await run(compiled, "int main() { for (volatile int i = 0;; ++i) {} }")
    assert ran.hit is Limit.CPU


async def test_a_loop_of_java_does_too(java: Compiled) -> None:
    code = "class Main { static int n; public static void main(String[] given) { while (n >= 0) { n = (n + 1) & 7; } } }"
    assert (await run(java, code, "Main.java")).hit is Limit.CPU


async def test_a_program_that_only_waits_is_not_called_endless(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one on a machine that has no time for it: the clock cannot tell the two apart."""
    monkeypatch.setattr(module, "PATIENCE", 1)
    limits = replace(FEW, wall_s=0.5, cpu_s=0.5)
    ran = await run(compiled, "#include <unistd.h>\nint main() { sleep(30); }", limits=limits)
    assert (ran.executed, ran.hit) == (False, None)
    assert "it waits, or the machine is busy" in ran.reason


@pytest.mark.parametrize("limit", ["cpu_s", "wall_s"])
async def test_a_compiler_that_takes_too_long_says_nothing_of_the_code(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    first = module.FIRST
    few = replace(first, cpu_s=0.05) if limit == "cpu_s" else replace(first, wall_s=0.05)
    monkeypatch.setattr(module, "_for_compiler", lambda ready: few)
    ran = await run(compiled, f"#include <bits/stdc++.h>\nint main() {{}} // {limit}")
    assert not ran.executed
    assert "g++" in ran.reason
    assert ("reached its cpu limit" if limit == "cpu_s" else "the machine is busy") in ran.reason
    assert not ran.diagnosis


@pytest.mark.parametrize(
    ("name", "code", "few"),
    [
        ("main.cpp", "#include <bits/stdc++.h>\nint main() { std::regex r; }", {"memory_mb": 64}),
        ("main.cpp", "#include <map>\nint main() {} // again", {"processes": 1}),
        ("main.c", "int all[1 << 20] = {1};\nint main(void) { return 0; }", {"disk_mb": 1}),
    ],
)
async def test_a_compiler_that_lacks_something_says_nothing_of_the_code(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch, name: str, code: str, few: dict[str, int]
) -> None:
    monkeypatch.setattr(module, "_for_compiler", lambda ready: replace(module.FIRST, **few))
    ran = await run(compiled, code, name)
    assert (ran.executed, ran.diagnosis) == (False, "")
    assert "had too little to build it with" in ran.reason


async def test_what_code_says_itself_is_not_what_a_compiler_lacks(compiled: Compiled) -> None:
    ran = await run(compiled, "#error out of memory\nint main() {}")
    assert "out of memory" in ran.diagnosis


async def test_go_has_room_on_a_machine_of_many_cores(go: Compiled) -> None:
    code = 'package main\n\nimport (\n\t"fmt"\n\t"runtime"\n)\n\nfunc main() { fmt.Print(runtime.GOMAXPROCS(0)) }\n'
    ran = await run(go, code, "main.go")
    assert ran.stdout == "4"


async def test_java_has_room_on_a_machine_of_many_cores(java: Compiled) -> None:
    code = "class Main { public static void main(String[] given) { System.out.print(Runtime.getRuntime().availableProcessors()); } }"
    ran = await run(java, code, "Main.java")
    assert ran.stdout == "4"


async def test_what_go_says_of_no_line_is_told(go: Compiled) -> None:
    code = "package main\n\nvar all [1 << 34]byte\n\nfunc main() { println(all[0]) }\n"
    ran = await run(go, code, "main.go")
    assert "too large" in ran.diagnosis.splitlines()[0]


async def test_a_compiler_has_time_in_proportion_to_its_first_program() -> None:
    slow = module._for_compiler(module.Ready(build_s=5.0))
    quick = module._for_compiler(module.Ready(build_s=0.1))
    assert slow.cpu_s == 5.0 * module.TIMES
    assert quick.cpu_s == module.LEAST_S
    assert quick.wall_s == module.LEAST_S * module.PATIENCE


# -- what runs away, and what reaches out


@pytest.mark.parametrize(
    ("code", "hit"),
    [
        ('#include <cstdio>\nint main() { for (;;) std::puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }', Limit.OUTPUT),
        ("#include <vector>\nint main() { std::vector<int*> all; for (;;) { all.push_back(new int[100000]); for (int i = 0; i < 100000; i++) all.back()[i] = i; } }", Limit.MEMORY),
        ("#include <unistd.h>\nint main() { for (;;) fork(); }", None),
        ('#include <cstdio>\nint main() { auto *file = std::fopen("x", "w"); for (;;) if (std::fputs("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", file) < 0) return 1; }', None),
    ],
)  # fmt: skip
async def test_what_runs_away_is_held(compiled: Compiled, code: str, hit: Limit | None) -> None:
    ran = await run(compiled, code)
    assert ran.executed
    assert not ran.passed
    assert hit is None or ran.hit is hit or "bad_alloc" in ran.stderr
    assert ran.peak_mb < 2 * FEW.memory_mb
    assert len(ran.stdout) <= FEW.output_kb * 1024


@pytest.mark.parametrize(
    "code",
    [
        'for (int i = 0; i < 1_000_000; i++) System.out.println("x".repeat(80));',
        "java.util.List<int[]> all = new java.util.ArrayList<>(); while (true) all.add(new int[100_000]);",
        "java.util.List<java.nio.ByteBuffer> all = new java.util.ArrayList<>(); while (true) { var one = java.nio.ByteBuffer.allocateDirect(8_000_000); while (one.hasRemaining()) one.put((byte) 1); all.add(one); }",
        "while (true) new Thread(() -> { while (true) {} }).start();",
    ],
)  # fmt: skip
async def test_java_that_runs_away_is_held(java: Compiled, code: str) -> None:
    code = f"class Main {{ public static void main(String[] given) throws Exception {{ {code} }} }}"
    ran = await run(java, code, "Main.java")
    assert not ran.passed
    assert ran.peak_mb < 2 * (FEW.memory_mb + java.compilers["java"].memory_mb)
    assert len(ran.stdout) <= FEW.output_kb * 1024


async def reaches_nothing(sandbox: Sandbox, code: str, name: str) -> None:
    """It is run, with what `@...@` stands for in it, and comes to nothing of the bait."""
    with laid() as bait:
        for place, value in bait.told.items():
            code = code.replace(f"@{place}@", str(value))
        ran = await run(sandbox, code, name)
        assert ran.executed, ran.reason
        assert not ran.diagnosis
        assert bait.escaped(ran) == ""
        assert bait.secret not in json.dumps([ran.stdout, ran.stderr])


async def tells_no_secret(sandbox: Sandbox, code: str, name: str) -> None:
    """What would be built with a file of this machine in it is not, and nothing of the file is told."""
    with laid() as bait:
        code = code.replace("@secret_file@", str(bait.told["secret_file"]))
        ran = await run(sandbox, code, name)
        assert bait.secret not in json.dumps([ran.stdout, ran.stderr, ran.diagnosis, ran.reason])
        assert not ran.passed


REACHING = {
    "read a file": 'std::ifstream file("@secret_file@"); std::string s; std::getline(file, s); std::cout << s;',
    "read the accounts": f'std::ifstream file("/etc/passwd"); std::string s; if (std::getline(file, s)) std::cout << "{ESCAPED}";',
    "write outside": 'std::ofstream file("@outside@/new"); file << 1;',
    "remove a file": 'std::remove("@precious@");',
    "connect": "sockaddr_in to{}; to.sin_family = AF_INET; to.sin_port = htons(@tcp@); to.sin_addr.s_addr = htonl(INADDR_LOOPBACK); connect(socket(AF_INET, SOCK_STREAM, 0), (sockaddr *)&to, sizeof to);",
    "kill a process": "kill(@victim@, SIGKILL);",
    "start a program of the host": f'if (std::system("/bin/sh -c true") == 0) std::cout << "{ESCAPED}";',
    "list processes": f'if (std::filesystem::exists("/proc/self")) std::cout << "{ESCAPED}";',
    "read descriptors": "char told[99]; for (int i = 3; i < 200; i++) { long n = pread(i, told, 99, 0); if (n > 0) std::cout.write(told, n); }",
    "find a compiler": f'if (std::filesystem::exists("/usr/bin/as") || std::filesystem::exists("/usr/include")) std::cout << "{ESCAPED}";',
    "a new namespace": f'if (unshare(CLONE_NEWUSER) == 0) std::cout << "{ESCAPED}";',
}  # fmt: skip


@pytest.mark.parametrize("body", REACHING.values(), ids=REACHING)
async def test_a_program_reaches_nothing_of_this_machine(compiled: Compiled, body: str) -> None:
    heads = "arpa/inet.h bits/stdc++.h sched.h signal.h sys/socket.h unistd.h".split()
    code = "".join(f"#include <{head}>\n" for head in heads) + f"int main() {{ {body} }}\n"
    await reaches_nothing(compiled, code, "main.cpp")


JAVA_REACHING = {
    "read a file": 'System.out.print(java.nio.file.Files.readString(java.nio.file.Path.of("@secret_file@")));',
    "write outside": 'java.nio.file.Files.writeString(java.nio.file.Path.of("@outside@/new"), "x");',
    "connect": 'new java.net.Socket("127.0.0.1", @tcp@).close();',
    "start a program of the host": f'if (new ProcessBuilder("/bin/sh", "-c", "true").start().waitFor() == 0) System.out.print("{ESCAPED}");',
    "the environment": 'System.out.print(System.getenv("ARRIERO_BAIT"));',
}  # fmt: skip


@pytest.mark.parametrize("body", JAVA_REACHING.values(), ids=JAVA_REACHING)
async def test_java_reaches_nothing_of_this_machine(java: Compiled, body: str) -> None:
    code = f"class Main {{ public static void main(String[] given) throws Exception {{ {body} }} }}"
    await reaches_nothing(java, code, "Main.java")


INCLUDED = {
    "a file": '#include "@secret_file@"\nint main() {}',
    "a file as bytes": 'asm(".section .rodata\\n.globl told\\ntold: .incbin \\"@secret_file@\\"\\n.byte 0");\nextern "C" const char told[];\n#include <cstdio>\nint main() { std::puts(told); }',
    "what never ends": '#include "/dev/zero"\nint main() {}',
    "itself": '#include "main.cpp"\nint main() {}',
}  # fmt: skip


@pytest.mark.parametrize("code", INCLUDED.values(), ids=INCLUDED)
async def test_a_compiler_reads_nothing_of_this_machine(compiled: Compiled, code: str) -> None:
    await tells_no_secret(compiled, code, "main.cpp")


def test_compilers_are_looked_for_where_a_distribution_puts_them() -> None:
    assert WHERE.split(":") == ["/usr/bin", "/usr/local/bin"]


# -- Go


def main_of(body: str, *imports: str) -> str:
    named = "".join(f'import "{one}"\n' for one in imports)
    return f"package main\n\n{named}\nfunc main() {{\n{body}\n}}\n"


async def test_a_program_of_go_is_built_and_run(go: Compiled) -> None:
    body = "line, _ := bufio.NewReader(os.Stdin).ReadString(10)\nfmt.Print(os.Args[1], line)\nos.Exit(3)"
    program = Program({"main.go": main_of(body, "bufio", "fmt", "os")}, "main.go", argv=("é",), stdin="ü\n")  # fmt: skip
    ran = await go.run(program, FEW)
    assert (ran.status, ran.stdout, ran.hit) == (3, "éü\n", None)
    assert ran.by.startswith("bubblewrap, go 1.")


def test_go_is_found_whatever_this_process_is_told_of_it(
    go: Compiled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOROOT", str(tmp_path))
    found = GO.find()
    assert found is not None
    assert not any(one.source.startswith(str(tmp_path)) for one in found.shows)
    monkeypatch.setattr(
        go_module, "output", lambda argv: re.sub(r"\n$", " X:fieldtrack\n", output(argv))
    )
    built_with = GO.find()
    assert built_with is not None
    assert built_with.told.startswith("go 1.")


async def test_go_reaches_nothing(go: Compiled) -> None:
    with laid() as bait:
        body = f"""_, file := os.ReadFile({json.dumps(str(bait.folder / "secret"))})
list, _ := os.ReadDir("/usr/bin")
_, line := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
started := exec.Command("/bin/sh").Run()
fmt.Print(file != nil, len(list), line != nil, started != nil, os.Getenv("HOME"))"""
        ran = await run(go, main_of(body, "fmt", "os", "os/exec", "syscall"), "main.go")
    assert ran.stdout == "true 0 true true/work", ran


@pytest.mark.parametrize(
    ("body", "hit"),
    [
        ("for {\n}", Limit.CPU),
        ("var held [][]byte\nfor {\n\tone := make([]byte, 1<<20)\n\tfor at := range one {\n\t\tone[at] = 1\n\t}\n\theld = append(held, one)\n}", Limit.MEMORY),
        ('for {\n\tprintln("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")\n}', Limit.OUTPUT),
    ],
)  # fmt: skip
async def test_a_program_of_go_is_held(go: Compiled, body: str, hit: Limit) -> None:
    ran = await run(go, main_of(body), "main.go")
    assert ran.hit is hit


async def test_go_cannot_read_this_machine_while_it_is_built(go: Compiled) -> None:
    with laid() as bait:
        code = f'package main\n\nimport _ "embed"\n\n//go:embed {bait.folder}/secret\nvar text string\n\nfunc main() {{ print(text) }}\n'
        ran = await run(go, code, "main.go")
    assert ran.diagnosis
    assert ran.stdout == ""
