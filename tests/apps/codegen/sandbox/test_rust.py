"""What programs of Rust and their compiler may do and reach, and how what it refuses is told."""

from __future__ import annotations

import json

import pytest

from arriero.apps.codegen.sandbox.attacks.base import ESCAPED
from arriero.apps.codegen.sandbox.base import Limit, Program, Ran, Sandbox
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.compilers import gnu
from arriero.apps.codegen.sandbox.compilers.rust import reworded
from tests.apps.codegen.sandbox.test_compiled import (
    FEW,
    compiled,
    reaches_nothing,
    run,
    tells_no_secret,
)
from tests.conftest import absent

__all__ = ["compiled"]  # a fixture


@pytest.fixture
def rust(compiled: Compiled) -> Compiled:
    if "rust" not in compiled.compilers:
        raise absent("REQUIRE_SERVICES", "there is no Rust compiler; as root: apt-get install rustc")  # fmt: skip
    return compiled


def test_without_the_libraries_of_c_nothing_of_this_machine_is_shown_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = gnu._asked
    monkeypatch.setattr(gnu, "_asked", lambda program, question: "crt1.o" if "crt1.o" in question else asked(program, question))  # fmt: skip
    assert gnu.tools("gcc", "collect2") is None
    assert gnu.C.find() is None


async def ran(sandbox: Sandbox, body: str) -> Ran:
    return await run(sandbox, f"fn main() {{\n{body}\n}}\n", "main.rs")


async def test_a_program_is_built_and_run(rust: Compiled) -> None:
    code = 'use std::io::Read;\nfn main() {\n    let mut s = String::new();\n    std::io::stdin().read_to_string(&mut s).unwrap();\n    print!("{}{s}é", std::env::args().nth(1).unwrap());\n    eprint!("1");\n    std::process::exit(3);\n}\n'
    came = await rust.run(Program({"a-b.rs": code}, "a-b.rs", argv=("a",), stdin="ü"), FEW)
    assert (came.status, came.stdout, came.stderr, came.hit) == (3, "aüé", "1", None)
    assert came.by.startswith("bubblewrap, rustc 1.")


async def test_what_it_refuses_is_told_with_its_line_and_with_what_mends_it(rust: Compiled) -> None:
    came = await ran(rust, "let x = 1; x += 1; let v: usize = 2i32;")
    assert (came.passed, came.stdout) == (False, "")
    first, fix = came.diagnosis.splitlines()
    assert first == "main.rs:2:35: error: mismatched types: expected `usize`, found `i32`"
    assert fix == 'fix-it:"main.rs":{2:36-2:39}:"usize"'
    came = await ran(rust, "let x = 1; x += 1;")
    assert came.diagnosis.startswith("main.rs:2:12: error: cannot assign twice to immutable variable `x`")  # fmt: skip
    came = await run(rust, "fn f() {}\n", "main.rs")
    assert "`main` function not found" in came.diagnosis
    came = await ran(rust, 'extern "C" { fn lacking() -> i32; } unsafe { lacking(); }')
    assert "undefined reference to `lacking'" in came.diagnosis


def test_the_first_errors_are_told_in_gccs_form() -> None:
    def told(message: str, line: int, level: str = "error", file: str = "/work/code.rs") -> str:
        place = {"file_name": file, "line_start": line, "column_start": 2, "is_primary": True, "label": None}  # fmt: skip
        return json.dumps({"level": level, "message": message, "spans": [place], "children": []})

    said = "\n".join([told("w", 1, "warning"), *(told(f"e{line}", line) for line in range(5)), told("aborting due to 5", 1)])  # fmt: skip
    first = "\n".join(f"/work/code.rs:{line}:2: error: e{line}" for line in range(3))
    assert reworded(said) == first
    assert reworded(f"{said}\n{told('x', 8, file='/work/x.rs')}") == f"{first}\n/work/x.rs:8:2: error: x"  # fmt: skip
    cut = f"{told('e', 1)}\n{told('f', 2)[:-9]}"  # its words were longer than what is kept of them
    assert reworded(cut) == "/work/code.rs:1:2: error: e"
    assert reworded("thread 'rustc' panicked") == "thread 'rustc' panicked"


def test_what_a_macro_made_is_told_of_where_it_is_called() -> None:
    here = {"file_name": "/work/code.rs", "line_start": 7, "column_start": 5}
    span = {"file_name": "/usr/src/macros.rs", "line_start": 90, "column_start": 1, "is_primary": True, "label": "no", "expansion": {"span": here}}  # fmt: skip
    said = json.dumps({"level": "error", "message": "m", "spans": [span], "children": []})
    assert reworded(said) == "/work/code.rs:7:5: error: m: no"


@pytest.mark.parametrize(
    ("replacement", "applies", "fixes"),
    [("x", "MachineApplicable", 1), ("x", "MaybeIncorrect", 0), (".to_string()", "MaybeIncorrect", 1), ("", "HasPlaceholders", 0)],
)  # fmt: skip
def test_only_what_is_sure_is_a_fix(replacement: str, applies: str, fixes: int) -> None:
    place = {"file_name": "/work/code.rs", "line_start": 1, "column_start": 2, "line_end": 1, "column_end": 2, "is_primary": True, "label": None}  # fmt: skip
    help_ = {"spans": [{**place, "suggested_replacement": replacement, "suggestion_applicability": applies}]}  # fmt: skip
    said = json.dumps({"level": "error", "message": "m", "spans": [place], "children": [help_]})
    assert reworded(said).count("fix-it:") == fixes


async def test_a_loop_without_end_uses_up_its_processors_time(rust: Compiled) -> None:
    assert (await ran(rust, "let mut n = 0u32; loop { n = n.wrapping_add(1); }")).hit is Limit.CPU


@pytest.mark.parametrize(
    ("body", "hit"),
    [
        ('loop { println!("{}", "x".repeat(80)); }', Limit.OUTPUT),
        ("let mut all: Vec<Vec<u8>> = Vec::new(); loop { all.push(vec![1; 100_000]); }", Limit.MEMORY),
        ("loop { std::thread::spawn(|| loop { std::thread::yield_now(); }); }", None),
        ('use std::io::Write; let mut file = std::fs::File::create("x").unwrap(); loop { file.write_all(&[1; 4096]).unwrap(); }', None),
        ('fn deep(n: u64) -> u64 { deep(n + 1) + 1 } println!("{}", deep(0));', None),
    ],
)  # fmt: skip
async def test_what_runs_away_is_held(rust: Compiled, body: str, hit: Limit | None) -> None:
    came = await ran(rust, body)
    assert came.executed, came.reason
    assert not came.diagnosis
    assert not came.passed
    assert hit is None or came.hit is hit
    assert came.peak_mb < 2 * FEW.memory_mb
    assert len(came.stdout) <= FEW.output_kb * 1024


async def test_threads_have_room_in_a_box(rust: Compiled) -> None:
    came = await ran(rust, 'let n: i32 = (0..4).map(|n| std::thread::spawn(move || n)).map(|one| one.join().unwrap()).sum(); print!("{n}");')  # fmt: skip
    assert (came.passed, came.stdout) == (True, "6")


REACHING = {
    "read a file": 'print!("{}", std::fs::read_to_string("@secret_file@").unwrap());',
    "read the accounts": f'if std::fs::read("/etc/passwd").is_ok() {{ print!("{ESCAPED}"); }}',
    "write outside": 'std::fs::write("@outside@/new", "x").unwrap();',
    "remove a file": 'std::fs::remove_file("@precious@").unwrap();',
    "connect": 'std::net::TcpStream::connect("127.0.0.1:@tcp@").unwrap();',
    "start a program of the host": f'if std::process::Command::new("/bin/sh").args(["-c", "true"]).status().is_ok() {{ print!("{ESCAPED}"); }}',
    "the environment": 'print!("{}", std::env::var("ARRIERO_BAIT").unwrap());',
    "list processes": f'if std::fs::metadata("/proc/self").is_ok() {{ print!("{ESCAPED}"); }}',
    "find a compiler": f'if ["/usr/bin/rustc", "/usr/bin/as", "/usr/lib/rustlib"].iter().any(|one| std::fs::metadata(one).is_ok()) {{ print!("{ESCAPED}"); }}',
}  # fmt: skip


@pytest.mark.parametrize("body", REACHING.values(), ids=REACHING)
async def test_a_program_reaches_nothing_of_this_machine(rust: Compiled, body: str) -> None:
    await reaches_nothing(rust, f"fn main() {{\n{body}\n}}\n", "main.rs")


INCLUDED = {
    "a file": 'fn main() { print!("{}", include_str!("@secret_file@")); }',
    "a module": '#[path = "@secret_file@"]\nmod told;\nfn main() {}',
    "a file as bytes": 'std::arch::global_asm!(".globl told", "told: .incbin \\"@secret_file@\\"", ".byte 0");\nextern "C" { static told: u8; }\nfn main() { unsafe { print!("{}", told); } }',
    "what never ends": 'static ALL: &[u8] = include_bytes!("/dev/zero");\nfn main() { print!("{}", ALL.len()); }',
    "the environment": 'fn main() { print!("{}", env!("ARRIERO_BAIT")); }',
}  # fmt: skip


@pytest.mark.parametrize("code", INCLUDED.values(), ids=INCLUDED)
async def test_a_compiler_reads_nothing_of_this_machine(rust: Compiled, code: str) -> None:
    await tells_no_secret(rust, code, "main.rs")
