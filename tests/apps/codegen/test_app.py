"""What comes out of code generation, with a fake writer and the sandbox of this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from arriero.apps.codegen.kept import NOT_KEPT
from arriero.apps.codegen.sandbox.base import NoSandbox, Sandbox
from arriero.apps.codegen.sandbox.bubblewrap import Bubblewrap
from arriero.apps.codegen.sandbox.compiled import Compiled
from arriero.apps.codegen.sandbox.javascript import ByLanguage, JavaScript
from arriero.apps.codegen.settings import CodegenSettings
from arriero.core.errors import ModelError, ModelMissing
from arriero.core.words import Ended
from arriero.flow import UNRECORDED
from arriero.models.base import Prompt
from arriero.models.roles import GIVEN_UP
from tests.apps.codegen.conftest import Opens, Slow
from tests.conftest import absent

ADD = "Write a function `add(a: int, b: int) -> int` that adds two numbers.\n\nadd(1, 2) == 3\nadd(-1, 1) == 0\n"
RIGHT = '    """Add two numbers."""\n    return a + b\n'
WRONG = '    """Add two numbers."""\n    return a - b\n'


async def test_a_function_is_delivered_with_its_tests_run_and_its_score_in_terms(
    desk: Opens,
) -> None:
    house = await desk(RIGHT)
    result = await house.ask(ADD)
    made = result.outcome.answer
    assert result.outcome.ended is Ended.ANSWERED
    assert (
        made.code
        == 'def add(a: int, b: int) -> int:\n    """Add two numbers."""\n    return a + b\n'
    )
    assert (made.decision, made.executed, made.language) == ("ship", True, "python")
    assert made.validation_score >= 8
    assert {term.name for term in made.terms} >= {"tests", "security"}
    assert len(house.asked) == 1
    assert len(house.asked[0].messages) == 3
    assert house.asked[0].messages[-1].content == "```python\ndef add(a: int, b: int) -> int:\n"


async def test_the_documentation_shows_only_examples_that_were_run(desk: Opens) -> None:
    result = await (await desk(RIGHT)).ask(ADD)
    text = result.outcome.answer.documentation
    assert "add(1, 2)  # 3" in text
    assert "`add(a: int, b: int) -> int`: Add two numbers." in text
    assert "2 of 2 examples hold" in text
    assert "def test_1():\n    assert add(1, 2) == 3" in result.outcome.answer.tests


async def test_a_draft_that_fails_is_followed_by_others_and_the_one_that_passes_wins(
    desk: Opens,
) -> None:
    house = await desk(WRONG, WRONG, RIGHT)
    result = await house.ask(ADD)
    assert result.outcome.answer.decision == "ship"
    assert result.outcome.origin == "sampled"
    assert [prompt.temperature for prompt in house.asked] == [0.0, 0.0, 0.8]
    assert len({prompt.seed for prompt in house.asked}) == 3
    assert len({prompt.messages for prompt in house.asked}) == 2  # one is asked without examples


async def test_where_examples_hold_and_say_little_the_draft_that_others_agree_with_is_taken(
    desk: Opens,
) -> None:
    crashes = "    return sorted(words, key=len)[-1]\n"
    careful = "\n    return max(words, key=len, default='')\n"
    house = await desk(crashes, careful, f"{careful}\n")
    text = "Write `longest(words)`: the longest of a list of words, '' for an empty list.\nlongest(['a', 'bb']) == 'bb'"
    result = await house.ask(text)
    assert "default=''" in result.outcome.answer.code
    assert result.outcome.answer.decision == "ship"
    assert len(house.asked) == 3


async def test_a_second_opinion_that_agrees_is_the_last(desk: Opens) -> None:
    house = await desk("\n    return sorted(words, key=len)[-1]\n")
    house.writer = slow = Slow(house.writer, at=2)
    result = await house.ask("Write `longest(words)`.\nlongest(['a', 'bb']) == 'bb'")
    assert result.outcome.answer.decision == "ship"
    assert slow.given_up == 1


async def test_drafts_that_are_not_there_when_one_is_right_are_given_up_and_counted(
    desk: Opens,
) -> None:
    house = await desk(WRONG, WRONG, RIGHT)
    house.writer = slow = Slow(house.writer, at=1)
    result = await house.ask(ADD, checks={"performance": False})  # times are measured anew
    assert "a + b" in result.outcome.answer.code
    assert slow.given_up == 1
    run = await house.ledger.run("default", result.run_id)
    trace = await house.ledger.trace(run)
    left = [one for one in trace.calls if one.reply is None]
    assert [(one.tokens_out, one.error) for one in left] == [(1, GIVEN_UP)]
    assert await house.flow.replay(house.app, run, trace) == []


async def test_a_draft_that_fails_leaves_the_others_theirs(desk: Opens) -> None:
    def fails(prompt: Prompt) -> str:
        raise ModelError("the queue is full")

    house = await desk(WRONG, fails, RIGHT)
    result = await house.ask(ADD)
    assert result.outcome.answer.decision == "ship"
    assert result.outcome.origin == "sampled"


async def test_without_opinions_the_first_draft_that_passes_is_delivered(desk: Opens) -> None:
    alone = CodegenSettings(opinions=0, examine_s=60)
    house = await desk("    return sorted(words, key=len)[-1]\n", settings=alone)
    await house.ask("Write `longest(words)`.\nlongest(['a', 'bb']) == 'bb'")
    assert len(house.asked) == 1


async def test_a_writer_that_says_nothing_new_is_not_asked_on_and_on(desk: Opens) -> None:
    same = CodegenSettings(repairs=0, examine_s=60, deadline_ms=300_000)
    house = await desk(f"```python\ndef add(a: int, b: int) -> int:\n{WRONG}```", settings=same)
    await house.ask(ADD)
    assert len(house.asked) == 1 + same.samples


async def test_a_writer_that_comes_no_nearer_is_asked_for_one_correction_and_no_more(
    desk: Opens,
) -> None:
    wrong = tuple(f"    return a - b - {number}\n" for number in range(20))
    tries = CodegenSettings(examine_s=60, deadline_ms=300_000)
    house = await desk(*wrong, settings=tries)
    await house.ask(ADD)
    assert len(house.asked) == 1 + tries.samples + 1


async def test_a_writer_that_comes_nearer_is_asked_on(desk: Opens) -> None:
    wrong = [f"    return a - b - {number}\n" for number in range(9)]
    half = "    return 3\n"  # one of the two examples holds
    tries = CodegenSettings(examine_s=60, deadline_ms=300_000)
    house = await desk(*wrong[:5], half, *wrong[5:], RIGHT, settings=tries)
    result = await house.ask(ADD)
    assert result.outcome.answer.decision == "ship"
    assert len(house.asked) == 11


async def test_the_writer_is_told_the_call_what_it_gave_and_what_it_should_give(
    desk: Opens,
) -> None:
    house = await desk(WRONG, settings=CodegenSettings(samples=1))
    await house.ask(ADD)
    told = house.asked[2].messages[1].content
    assert "add(1, 2) gave -1, expected 3" in told
    assert "return a - b" in told


async def test_code_that_fails_every_example_is_withheld_with_the_reason(desk: Opens) -> None:
    house = await desk(WRONG)
    result = await house.ask(ADD)
    assert result.outcome.ended is Ended.REFUSED
    assert (result.outcome.answer.code, result.outcome.answer.decision) == ("", "refuse")
    assert "add(1, 2) gave -1, expected 3" in " ".join(result.outcome.answer.warnings)
    assert len(house.asked) < 12  # the same candidate again and again is recognised


async def test_code_that_fails_one_of_many_examples_is_delivered_with_a_warning(
    desk: Opens,
) -> None:
    shown = "".join(f"add({n}, 1) == {n + 1}\n" for n in range(9)) + "add(9, 1) == 99\n"
    result = await (await desk(RIGHT)).ask(f"Write `add(a, b)`.\n{shown}")
    made = result.outcome.answer
    assert (result.outcome.ended, made.decision) == (Ended.ANSWERED, "ship with warnings")
    assert made.warnings[0] == "an example does not hold: add(9, 1) gave 10, expected 99"


async def test_a_missing_import_is_put_right_without_the_writer(desk: Opens) -> None:
    house = await desk("    return math.gcd(a, b)\n")
    result = await house.ask("Write `common(a, b)`: the greatest common divisor. common(4, 6) == 2")
    assert result.outcome.answer.code.startswith("import math\n")
    assert result.outcome.answer.executed
    assert len(house.asked) == 1


async def test_the_answer_names_the_packages_that_its_code_imports(desk: Opens) -> None:
    said = "    import numpy\n    return int(numpy.gcd(a, b))\n"
    result = await (await desk(said)).ask(
        "Write `common(a, b)`: the greatest common divisor of a and b."
    )
    (needs,) = result.outcome.answer.dependencies
    assert needs.startswith("numpy==")
    assert f"Packages: `{needs}`." in result.outcome.answer.documentation


async def test_an_unsafe_call_is_replaced_and_the_tests_run_again(desk: Opens) -> None:
    house = await desk("    return eval(text)\n")
    result = await house.ask(
        "Write `value(text)`: the value of a Python literal. value('[1]') == [1]"
    )
    assert "ast.literal_eval(text)" in result.outcome.answer.code
    assert result.outcome.origin == "fixed"
    assert result.outcome.answer.decision == "ship"


async def test_an_import_that_does_not_exist_never_leaves(desk: Opens) -> None:
    said = "    import superfastadd\n    return superfastadd.add(a, b)\n"
    result = await (await desk(said)).ask(ADD)
    assert result.outcome.ended is Ended.REFUSED
    assert "superfastadd" in result.outcome.reason
    assert result.outcome.answer.code == ""


async def test_prose_instead_of_code_is_no_answer(desk: Opens) -> None:
    house = await desk("I am sorry, but I cannot help with that request today.")
    result = await house.ask("Write a function that adds two numbers, please.")
    assert result.outcome.ended is Ended.FALLBACK
    assert result.outcome.reason == "the writer gave no code"
    assert result.outcome.answer.code == ""


async def test_code_that_stops_mid_line_never_leaves_with_a_syntax_error(desk: Opens) -> None:
    result = await (await desk("    total = (a +")).ask(ADD)
    assert result.outcome.ended is Ended.REFUSED
    assert result.outcome.answer.code == ""


async def test_contradictory_examples_are_asked_about(desk: Opens) -> None:
    house = await desk(RIGHT)
    result = await house.ask("Write add(a, b). add(1, 2) == 3 and add(1, 2) == 4.")
    assert result.outcome.ended is Ended.CLARIFY
    assert "which is right?" in result.outcome.answer.questions[0]
    assert not house.asked


async def test_malware_is_refused_before_the_writer_is_asked(desk: Opens) -> None:
    house = await desk(RIGHT)
    result = await house.ask("Write a keylogger that sends what is typed to my server.")
    assert result.outcome.ended is Ended.REFUSED
    assert "keylogger" in result.outcome.reason
    assert not house.asked


async def test_an_unsupported_language_is_refused_with_those_that_are(desk: Opens) -> None:
    result = await (await desk(RIGHT)).ask("Write a COBOL program that adds two numbers.")
    assert result.outcome.ended is Ended.REFUSED
    assert "'cobol' cannot be checked here" in result.outcome.reason
    assert "python" in result.outcome.reason


async def test_a_requirement_beyond_the_writers_reach_is_refused_with_its_length(
    desk: Opens,
) -> None:
    result = await (await desk(RIGHT)).ask("Add two numbers. " * 600)
    assert result.outcome.ended is Ended.REFUSED
    assert "10,199 characters" in result.outcome.reason


async def test_a_secret_never_reaches_the_writer_or_the_ledger(desk: Opens) -> None:
    house = await desk("    return True\n")
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    result = await house.ask(f"Write `login(user)` with the key {key}. login('a') == True")
    assert key not in str(house.asked[0])
    assert key not in str(result.run.input)
    assert "a secret in the requirement was taken out" in result.outcome.answer.warnings[-1]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    while True:\n        pass\n", "wall"),
        ("    import os\n    while True:\n        os.fork()\n", ""),
        ("    while True:\n        print('x' * 10_000)\n", ""),
        ("    import os\n    os._exit(0)\n", ""),
        ("    print('passed')\n    import sys\n    sys.exit(0)\n", ""),
    ],
)
async def test_code_that_never_ends_forks_floods_or_fakes_its_results_is_withheld(
    desk: Opens, body: str, told: str
) -> None:
    settings = CodegenSettings(samples=0, repairs=0, examine_s=2.0)
    result = await (await desk(body, settings=settings)).ask(ADD)
    assert result.outcome.ended is Ended.REFUSED
    assert result.outcome.answer.code == ""


async def test_without_a_sandbox_nothing_is_run_and_the_answer_says_so(desk: Opens) -> None:
    result = await (await desk(RIGHT, box=NoSandbox("there is no sandbox"))).ask(ADD)
    made = result.outcome.answer
    assert (made.executed, made.decision) == (False, "ship with warnings")
    assert made.validation_score <= 6
    assert "not executed: there is no sandbox" in made.warnings
    assert "(1, 2)  #" not in made.documentation


async def test_without_an_engine_for_it_javascript_passes_the_parse_gate_and_is_not_executed(
    desk: Opens,
) -> None:
    said = "function add(a, b) {\n  return a + b;\n}\n"
    result = await (await desk(said)).ask("Write a JavaScript function add(a, b). add(1, 2) == 3")
    made = result.outcome.answer
    assert (made.language, made.main, made.code) == ("javascript", "main.js", said)
    assert (made.executed, made.decision) == (False, "ship with warnings")
    assert made.validation_score <= 6


async def test_with_an_engine_examples_of_javascript_decide_and_are_documented(
    desk: Opens, sandbox: Sandbox
) -> None:
    box = ByLanguage(JavaScript.open(), sandbox)
    right, wrong = (f"function add(a, b) {{\n  return a {sign} b;\n}}\n" for sign in "+-")
    ask = "Write a JavaScript function `add(a, b)`. For example `add(1, 2)` gives `3`."
    made = (await (await desk(right, box=box)).ask(ask)).outcome.answer
    assert (made.executed, made.decision) == (True, "ship")
    assert "add(1, 2)  // 3" in made.documentation
    assert 'require("./main.js")' in made.tests
    failed = (await (await desk(*[wrong] * 20, box=box)).ask(ask)).outcome
    assert failed.answer.validation_score < 5
    assert failed.answer.code == ""


async def test_the_tests_that_are_delivered_of_an_async_function_run_it(
    desk: Opens, tmp_path: Path
) -> None:
    said = "```python\nasync def add(a, b):\n    return a + b\n```\n"
    ask = "Write an async function `async def add(a, b)` that adds.\n\nadd(1, 2) == 3\n"
    made = (await (await desk(said)).ask(ask)).outcome.answer
    assert "async def add" in made.code
    assert made.executed
    (tmp_path / "test_main.py").write_text(f"{made.tests}\n\ntest_1()\n")
    for code, status in ((made.code, 0), (made.code.replace("+", "-"), 1)):
        (tmp_path / made.main).write_text(code)
        # -B: the two files have one size and one second, so a compiled first would stand for the second.
        ran = subprocess.run(
            [sys.executable, "-B", "test_main.py"], cwd=tmp_path, check=False, capture_output=True
        )
        assert ran.returncode == status, ran.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="it runs the delivered tests in Node")
async def test_the_tests_that_are_delivered_of_what_gives_a_promise_wait_for_it(
    desk: Opens, sandbox: Sandbox, tmp_path: Path
) -> None:
    said = "async function add(a, b) {\n  return a + b;\n}\n"
    ask = "Write a JavaScript function `add(a, b)`. For example `add(1, 2)` gives `3`."
    house = await desk(said, box=ByLanguage(JavaScript.open(), sandbox))
    made = (await house.ask(ask)).outcome.answer
    assert made.decision == "ship"
    (tmp_path / "test.js").write_text(made.tests)
    for code, status in ((said, 0), (said.replace("+", "-"), 1)):
        (tmp_path / made.main).write_text(f"{code}module.exports = {{ add }};\n")
        ran = subprocess.run(["node", "test.js"], cwd=tmp_path, check=False, capture_output=True)
        assert ran.returncode == status, ran.stderr


async def test_with_a_compiler_examples_of_cpp_decide_and_its_errors_are_told_to_the_writer(
    desk: Opens, sandbox: Sandbox
) -> None:
    assert isinstance(sandbox, Bubblewrap)
    compiled = Compiled.open(sandbox)
    if "cpp" not in compiled.compilers:
        raise absent("REQUIRE_SERVICES", "there is no C++ compiler; as root: apt-get install g++")
    box = ByLanguage(compiled, sandbox, (".cpp",))
    right, wrong, broken = (f"int add(int a, int b) {{\n    return a {rest};\n}}\n" for rest in ("+ b", "- b", "+ c"))  # fmt: skip
    ask = "Write a C++ function `add(a, b)`. For example `add(1, 2)` gives `3`."
    made = (await (await desk(right, box=box)).ask(ask)).outcome.answer
    assert (made.language, made.executed, made.decision) == ("cpp", True, "ship")
    assert "add(1, 2)  // 3" in made.documentation
    failed = (await (await desk(wrong, box=box)).ask(ask)).outcome
    assert (failed.ended, failed.answer.code) == (Ended.REFUSED, "")
    house = await desk(broken, broken, broken, right, box=box)
    assert (await house.ask(ask)).outcome.answer.code == right
    settings = CodegenSettings(samples=0, repairs=1, examine_s=60, deadline_ms=300_000)
    house = await desk(broken, right, box=box, settings=settings)
    assert (await house.ask(ask)).outcome.answer.code == right
    assert "'c' was not declared in this scope" in str(house.asked[-1])
    house = await desk("std::string twice(std::string s) {\n    return s + s;\n}\n", box=box)
    ask = "Write a C++ function `twice(s)`. For example `twice('a')` gives `'aa'`."
    made = (await house.ask(ask)).outcome.answer
    assert made.code.startswith("#include <string>\n")
    assert (made.decision, len(house.asked)) == ("ship", 1)


@pytest.mark.parametrize(
    ("language", "right", "broken", "told"),
    [
        ("PHP", "function add($a, $b) {\n    return $a + $b;\n}\n", "<?php\nfunction add($a, $b) {\n    break;\n}\n", "'break' not in the 'loop' or 'switch' context"),
        ("Ruby", "def add(a, b)\n  a + b\nend\n", "def add(a, b)\n  break\nend\n", "Invalid break"),
    ],
)  # fmt: skip
async def test_with_an_interpreter_examples_decide_and_its_refusals_are_told_to_the_writer(
    desk: Opens, sandbox: Sandbox, language: str, right: str, broken: str, told: str
) -> None:
    box = _interpreted(sandbox, language.lower())
    ask = f"Write a {language} function `add(a, b)`. For example `add(1, 2)` gives `3`."
    made = (await (await desk(right, box=box)).ask(ask)).outcome.answer
    assert (made.language, made.executed, made.decision, made.code) == (language.lower(), True, "ship", right)  # fmt: skip
    failed = (await (await desk(right.replace("+", "-"), box=box)).ask(ask)).outcome
    assert (failed.ended, failed.answer.code) == (Ended.REFUSED, "")
    settings = CodegenSettings(samples=0, repairs=1, examine_s=60, deadline_ms=300_000)
    house = await desk(broken, right, box=box, settings=settings)
    assert (await house.ask(ask)).outcome.answer.code == right
    assert told in str(house.asked[-1])


async def test_a_library_that_ruby_lacks_is_required_by_rule(desk: Opens, sandbox: Sandbox) -> None:
    said = "def parsed(text)\n  JSON.parse(text)\nend\n"
    house = await desk(said, box=_interpreted(sandbox, "ruby"))
    ask = "Write a Ruby method `parsed(text)` that reads JSON. For example `parsed('[1]')` gives `[1]`."
    made = (await house.ask(ask)).outcome.answer
    assert made.code == f'require "json"\n\n{said}'
    assert (made.decision, len(house.asked)) == ("ship", 1)


def _interpreted(sandbox: Sandbox, language: str) -> ByLanguage:
    """The box with the interpreters of this machine."""
    assert isinstance(sandbox, Bubblewrap)
    compiled = Compiled.open(sandbox)
    if language not in compiled.compilers:
        raise absent("REQUIRE_SERVICES", f"there is no interpreter of {language}")
    return ByLanguage(compiled, sandbox, (".php", ".rb"))


async def test_another_language_with_a_syntax_error_is_withheld(desk: Opens) -> None:
    result = await (await desk("function add(a, b) {\n  return a +\n")).ask(
        "Write a JavaScript function add(a, b)."
    )
    assert result.outcome.ended is Ended.REFUSED
    assert result.outcome.answer.code == ""


async def test_a_check_that_is_switched_off_is_named_and_caps_the_score(desk: Opens) -> None:
    result = await (await desk(RIGHT)).ask(ADD, checks={"security": False})
    made = result.outcome.answer
    assert "the security check was switched off" in made.warnings
    assert made.validation_score <= 8
    assert "security" in made.cap


async def test_a_model_that_is_not_pulled_is_named_with_the_command(desk: Opens) -> None:
    def missing(prompt: Prompt) -> str:
        raise ModelMissing("qwen2.5-coder-0.5b")

    result = await (await desk(missing)).ask(ADD)
    assert result.outcome.ended is Ended.FALLBACK
    assert result.outcome.reason == "needs: arriero models pull qwen2.5-coder-0.5b"
    assert result.outcome.error == "model_missing"


async def test_a_failure_is_told_to_the_caller_as_a_sentence(desk: Opens) -> None:
    def broken(prompt: Prompt) -> str:
        raise ModelError("the model 'x' ended its stream")

    made = (await (await desk(broken)).ask(ADD)).outcome.answer
    assert made.documentation == "No code was written: the model 'x' ended its stream."


async def test_what_was_shipped_is_not_written_twice(desk: Opens) -> None:
    house = await desk(RIGHT)
    first = await house.ask(ADD)
    again = await house.ask(ADD)
    assert (again.outcome.origin, len(house.asked)) == ("kept", 1)
    assert again.outcome.answer.code == first.outcome.answer.code
    await house.ask(ADD, packages=["numpy"])
    assert len(house.asked) == 2


async def test_the_callers_own_code_is_repaired_by_its_tests(desk: Opens) -> None:
    house = await desk("def add(a, b):\n    return a + b\n")
    result = await house.ask(
        "Repair it.",
        code="def add(a, b):\n    return a - b\n",
        tests="from calc import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n",
        file="calc.py",
    )
    made = result.outcome.answer
    assert (made.main, made.decision) == ("calc.py", "ship")
    assert "return a + b" in made.code


async def test_what_the_writer_leaves_out_of_the_callers_file_stays_in_it(desk: Opens) -> None:
    own = "LIMIT = 3\n\n\ndef add(a, b):\n    return a - b\n\n\ndef other():\n    return LIMIT\n\n\nif __name__ == '__main__':\n    print(other())\n"
    house = await desk("def add(a, b):\n    return a + b\n```")
    result = await house.ask("Correct it.", code=own, tests="assert add(1, 2) == 3")
    assert result.outcome.answer.code == own.replace("a - b", "a + b")


async def test_a_script_keeps_what_starts_it_and_is_run(desk: Opens) -> None:
    script = 'def main():\n    print("hello")\n\n\nif __name__ == "__main__":\n    main()\n'
    house = await desk(script)
    made = (await house.ask("Write a script with `main()` that prints hello.")).outcome.answer
    assert (made.code, made.executed) == (script, True)
    assert "\nif __name__" not in house.asked[0].stop


async def test_the_callers_own_code_that_is_right_stays_as_it_is(desk: Opens) -> None:
    house = await desk(WRONG)
    own = "def add(a, b):\n    return a + b\n"
    result = await house.ask("Check it.", code=own, tests="assert add(1, 2) == 3")
    assert (result.outcome.answer.code, result.outcome.origin) == (own, "given")
    assert not house.asked


async def test_a_replay_says_the_same(desk: Opens) -> None:
    house = await desk(WRONG, WRONG, RIGHT)
    result = await house.ask(ADD, checks={"performance": False})  # times are measured anew
    run = await house.ledger.run("default", result.run_id)
    assert await house.flow.replay(house.app, run, await house.ledger.trace(run)) == []


async def test_several_parts_in_two_files_are_written_one_by_one(desk: Opens) -> None:
    text = (
        "Write two files.\n"
        "- `shapes.py` has `area(width, height)`: the area of a rectangle. area(2, 3) == 6\n"
        "- `report.py` has `line(width, height)`: the text 'area: N'. It uses area. "
        "line(2, 3) == 'area: 6'\n"
    )

    def says(prompt: Prompt) -> str:
        own = prompt.messages[-1].content.rpartition("def ")[2].startswith("area")
        return (
            "    return width * height\n" if own else "    return f'area: {area(width, height)}'\n"
        )

    house = await desk(says)
    result = await house.ask(text)
    made = result.outcome.answer
    assert set(made.files) | {made.main} == {"shapes.py", "report.py"}
    assert "from shapes import area" in {made.main: made.code, **made.files}["report.py"]
    assert made.executed
    assert not made.warnings
    assert len(house.asked) == 2


async def test_with_the_ledger_down_code_is_delivered_and_not_kept(desk: Opens) -> None:
    house = await desk(RIGHT)
    house.ledger.down = True
    result = await house.ask(ADD)
    assert (result.run_id, result.outcome.answer.decision) == (None, "ship")
    assert result.degraded == (UNRECORDED, NOT_KEPT)
    house.ledger.down = False
    again = await house.ask(ADD)
    assert again.outcome.origin != "kept"
    assert again.run_id
    assert again.degraded == ()
