"""What programs of PHP and Ruby may do and reach, and how what their interpreters refuse is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from arriero.apps.codegen.sandbox.attacks.base import ESCAPED
from arriero.apps.codegen.sandbox.base import Limit, Program, Ran, Sandbox
from arriero.apps.codegen.sandbox.bubblewrap import Bubblewrap
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.compilers import php as module
from arriero.apps.codegen.sandbox.compilers.php import PHP
from arriero.apps.codegen.sandbox.compilers.table import LANGUAGES
from tests.apps.codegen.sandbox.test_compiled import FEW, reaches_nothing
from tests.conftest import absent


def _with(sandbox: Sandbox, name: str) -> Compiled:
    """All interpreters of this machine; `make test` installs these, so that they have to be there in CI."""
    assert isinstance(sandbox, Bubblewrap)
    found = Compiled.open(sandbox)
    if name not in found.compilers:
        language = next(one for one in LANGUAGES if one.name == name)
        raise absent("REQUIRE_SERVICES", language.absent)
    return found


@pytest.fixture(scope="module")
def php(sandbox: Sandbox) -> Compiled:
    return _with(sandbox, "php")


@pytest.fixture(scope="module")
def ruby(sandbox: Sandbox) -> Compiled:
    return _with(sandbox, "ruby")


async def run_php(sandbox: Compiled, code: str) -> Ran:
    return await sandbox.run(Program({"main.php": f"<?php\n{code}"}, "main.php"), FEW)


async def run_ruby(sandbox: Compiled, code: str) -> Ran:
    return await sandbox.run(Program({"main.rb": code}, "main.rb"), FEW)


async def test_a_program_of_php_is_run(php: Compiled) -> None:
    code = '<?php\n$line = readline("? ");\necho $argv[1], mb_strtoupper($line), date("Y", 0), getenv("HOME"), file_get_contents("words.txt");\nfprintf(STDERR, "1");\nexit(3);\n'
    files = {"main.php": code, "words.txt": "w"}
    ran = await php.run(Program(files, "main.php", argv=("-a",), stdin="é\n"), FEW)
    assert (ran.status, ran.stdout, ran.hit, ran.diagnosis) == (3, "-aÉ1970/workw", None, "")
    assert ran.stderr == "1"
    assert ran.by.startswith("bubblewrap, php 8")


async def test_a_program_of_ruby_is_run(ruby: Compiled) -> None:
    code = 'require "set"\nrequire "json"\nrequire "prime"\nrequire "yaml"\nprint ARGV[0], $stdin.gets.chomp.upcase, [1].to_json, 7.prime?, File.read("words.txt")\nwarn 1\nexit 3 if __FILE__ == $0\n'
    files = {"main.rb": code, "words.txt": "w"}
    ran = await ruby.run(Program(files, "main.rb", argv=("-a",), stdin="é\n"), FEW)
    assert (ran.status, ran.stdout, ran.stderr) == (3, "-aÉ[1]truew", "1\n")
    assert ran.by.startswith("bubblewrap, ruby 3")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("function f() {\n    return 1 +;\n}\n", 'main.php:3: error: syntax error, unexpected token ";"'),
        ("function f() {}\nfunction f() {}\n", "main.php:3: error: Cannot redeclare f()"),
        ("\nrequire 'vendor/autoload.php';\n", "main.php:3: error: Failed opening required 'vendor/autoload.php'"),
    ],
)  # fmt: skip
async def test_what_php_refuses_is_told_by_its_line(php: Compiled, code: str, said: str) -> None:
    ran = await run_php(php, code)
    assert (ran.executed, ran.passed, ran.stdout) == (True, False, "")
    assert ran.diagnosis.startswith(said)
    assert "/work" not in ran.diagnosis


@pytest.mark.parametrize(
    "code",
    [
        "throw new Exception('syntax error');",
        "echo 1; function g() { function h() {} } g(); g();",
        "function f($n) { return f($n + 1); } f(1);",
        "eval('echo 1 +;');",
        "exit(255);",
    ],
)
async def test_what_goes_wrong_as_it_runs_was_not_refused(php: Compiled, code: str) -> None:
    ran = await run_php(php, code)
    assert (ran.passed, ran.diagnosis) == (False, "")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(n)\n  n +\nend\n", "main.rb:3: error: syntax error, unexpected `end'"),
        ("def f(n)\n  break\nend\n", "main.rb:2: error: Invalid break"),
        ('\nrequire "rails"\n', "main.rb:2: error: cannot load such file -- rails"),
    ],
)
async def test_what_ruby_refuses_is_told_by_its_line(ruby: Compiled, code: str, said: str) -> None:
    ran = await run_ruby(ruby, code)
    assert (ran.executed, ran.passed) == (True, False)
    assert ran.diagnosis.startswith(said)


@pytest.mark.parametrize("code", ["raise 'syntax error'", "def f(n) = f(n + 1)\nf(1)", "eval('1 +')", "foo"])  # fmt: skip
async def test_what_ruby_raises_was_not_refused(ruby: Compiled, code: str) -> None:
    ran = await run_ruby(ruby, code)
    assert (ran.passed, ran.diagnosis) == (False, "")


@pytest.mark.parametrize(
    ("code", "hit"),
    [
        ("while (true) {}", Limit.CPU),
        ("while (true) { echo str_repeat('x', 80); }", Limit.OUTPUT),
        ("$all = []; while (true) { $all[] = str_repeat('x', 1000) . count($all); }", None),
        ("while (true) { pcntl_fork(); }", None),
        ("while (@file_put_contents('x', str_repeat('x', 8000), FILE_APPEND) === 8000) {} exit(1);", None),
    ],
)  # fmt: skip
async def test_php_that_runs_away_is_held(php: Compiled, code: str, hit: Limit | None) -> None:
    ran = await run_php(php, code)
    assert ran.executed
    assert not ran.passed
    assert hit is None or ran.hit is hit
    assert ran.peak_mb < 2 * FEW.memory_mb
    assert len(ran.stdout) <= FEW.output_kb * 1024


@pytest.mark.parametrize(
    ("code", "hit"),
    [
        ("loop {}", Limit.CPU),
        ("loop { puts 'x' * 80 }", Limit.OUTPUT),
        ("all = []\nloop { all << 'x' * 1000 + all.size.to_s }", Limit.MEMORY),
        ("loop { Thread.new { loop {} } }", None),
        ("loop { File.write('x', 'x' * 8000, mode: 'a') }", None),
    ],
)
async def test_ruby_that_runs_away_is_held(ruby: Compiled, code: str, hit: Limit | None) -> None:
    ran = await run_ruby(ruby, code)
    assert ran.executed
    assert not ran.passed
    assert hit is None or ran.hit is hit
    assert ran.peak_mb < 2 * FEW.memory_mb
    assert len(ran.stdout) <= FEW.output_kb * 1024


@pytest.mark.parametrize(("built_in", "found"), [("Core\nctype\nmbstring", True), ("Core\nctype", False)])  # fmt: skip
def test_php_without_what_plain_code_calls_is_none(
    php: Compiled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built_in: str, found: bool
) -> None:
    """Right code would be told to be wrong by it."""
    monkeypatch.setattr(module, "output", lambda argv: f"8.2.0\n{tmp_path}\n{built_in}")
    assert (PHP.find() is not None) is found
    assert "php-mbstring" in PHP.absent


REACHING = {
    "read a file": ("echo @file_get_contents('@secret_file@');", "puts File.read('@secret_file@')"),
    "read the accounts": (f"if (@file('/etc/passwd')) echo '{ESCAPED}';", f"puts '{ESCAPED}' if File.exist?('/etc/passwd')"),
    "write outside": ("@file_put_contents('@outside@/new', '1');", "File.write('@outside@/new', '1')"),
    "remove a file": ("@unlink('@precious@');", "File.delete('@precious@')"),
    "connect": ("@stream_socket_client('tcp://127.0.0.1:@tcp@');", "require 'socket'\nTCPSocket.new('127.0.0.1', @tcp@)"),
    "kill a process": ("@proc_open(['/bin/kill', '-9', '@victim@'], [], $pipes);", "Process.kill('KILL', @victim@)"),
    "start a program of the host": (f"if (@shell_exec('/bin/sh -c \"echo 1\"')) echo '{ESCAPED}';", f"puts '{ESCAPED}' if system('/bin/sh', '-c', 'true')"),
    "the environment": ("echo json_encode([getenv(), $_SERVER]);", "puts ENV.to_h"),
    "find other programs": (f"foreach (['/usr/bin/gcc', '/usr/bin/sh', '/etc/php', '/proc/self'] as $one) if (file_exists($one)) echo '{ESCAPED}';", f"%w[/usr/bin/gcc /bin/sh /etc /proc/self].each {{ |one| puts '{ESCAPED}' if File.exist?(one) }}"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["php", "ruby"])
@pytest.mark.parametrize("bodies", REACHING.values(), ids=REACHING)
async def test_a_program_reaches_nothing_of_this_machine(
    sandbox: Sandbox, request: pytest.FixtureRequest, language: str, bodies: tuple[str, str]
) -> None:
    code = bodies[1] if language == "ruby" else f"<?php\n{bodies[0]}"
    name = "main.rb" if language == "ruby" else "main.php"
    await reaches_nothing(request.getfixturevalue(language), code, name)
