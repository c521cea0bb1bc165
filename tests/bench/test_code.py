"""The evaluation of generated code: what is counted, what is kept, and that no hidden test reaches a writer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from arriero.apps.codegen.sandbox.base import Ran, ScriptedSandbox, Test, Tested
from arriero.bench.bare import Written
from arriero.bench.code import Trial, agreed, metrics
from arriero.bench.kept import Attempt, Kept
from arriero.bench.problems import Asked, Mark, Problem
from arriero.core.errors import InputError, ModelError

RIGHT, WRONG = "def f():\n    return 1\n", "def f():\n    return 2\n"
HIDDEN = "assert f() == 1  # hidden"
SANDBOX = ScriptedSandbox(
    {
        RIGHT: Ran(0, tests=(Tested("t", passed=True),)),
        WRONG: Ran(0, tests=(Tested("t", passed=False, reason="AssertionError"),)),
    }
)


def problem(number: int) -> Problem:
    return Problem(f"own/{number}", Asked(f"Write f, number {number}.", "f"), (Test("t", HIDDEN),))


class Scripted:
    """A writer that says what it was told to, and keeps what it was asked."""

    def __init__(self, *codes: str, tokens: int = 10) -> None:
        self.codes = codes
        self.tokens = tokens
        self.asked: list[tuple[Asked, int]] = []

    async def __call__(self, asked: Asked, seed: int) -> Written:
        self.asked.append((asked, seed))
        code = self.codes[(len(self.asked) - 1) % len(self.codes)]
        return Written({"main.py": code} if code else {}, tokens_out=self.tokens, seconds=1.0)


def trial(kept: Kept, bare: Scripted | None, pipeline: Scripted | None = None) -> Trial:
    return Trial("fake:m", SANDBOX, kept, bare=bare, pipeline=pipeline)


async def test_problems_solved_are_counted_with_their_uplift_and_tokens() -> None:
    problems = [problem(number) for number in range(4)]
    bare, pipeline = Scripted(RIGHT, WRONG), Scripted(RIGHT)
    found = await trial(Kept(), bare, pipeline).run(problems)
    assert (found["pass1_bare"].value, found["pass1_pipeline"].value) == (0.5, 1.0)
    assert (found["uplift"].value, found["uplift"].n) == (0.5, 4)
    assert (found["tokens_bare"].value, found["tokens_pipeline"].value) == (40, 40)
    assert found["p50_s"].value == 1.0
    assert found["syntax_errors"].value == 0


async def test_the_model_alone_may_write_as_many_tokens_as_the_pipeline_took() -> None:
    bare, pipeline = Scripted(WRONG, RIGHT, RIGHT), Scripted(RIGHT, tokens=25)
    found = await trial(Kept(), bare, pipeline).run([problem(0)])
    assert [seed for _, seed in bare.asked] == [0, 1, 2]
    assert found["tokens_best_of_n"].value == 30
    assert found["pass1_best_of_n"].value == 1  # two of three agree
    assert found["any_of_n"].value == 1
    assert found["uplift_over_best_of_n"].value == 0


async def test_problems_side_by_side_come_in_their_order_and_without_times() -> None:
    problems, under_way, most = [problem(number) for number in range(5)], 0, 0

    async def bare(asked: Asked, seed: int) -> Written:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02 if "number 0" in asked.requirement else 0.001)
        under_way -= 1
        return Written({"main.py": RIGHT}, said=asked.requirement, tokens_out=1)

    side_by_side = Trial("fake:m", SANDBOX, Kept(), bare=bare, at_once=3)
    made = await side_by_side.attempts("bare", bare, problems)
    assert [one.written.said for one in made] == [one.asked.requirement for one in problems]
    assert most == 3
    assert "p50_s" not in await side_by_side.run(problems)


async def test_one_problem_that_fails_ends_the_others_with_its_own_error() -> None:
    async def bare(asked: Asked, seed: int) -> Written:
        await asyncio.sleep(0.001)
        raise ModelError("gone")

    with pytest.raises(ModelError, match="gone"):
        await Trial("fake:m", SANDBOX, Kept(), bare=bare, at_once=2).run([problem(0), problem(1)])


async def test_no_hidden_test_reaches_a_writer() -> None:
    bare, pipeline = Scripted(RIGHT), Scripted(WRONG, tokens=30)
    await trial(Kept(), bare, pipeline).run([problem(number) for number in range(3)])
    told = [repr(asked) for asked, _ in (*bare.asked, *pipeline.asked)]
    assert told
    assert not any("hidden" in one for one in told)
    assert any(HIDDEN in test.code for program in SANDBOX.asked for test in program.tests)


async def test_what_was_kept_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "out.jsonl"
    problems = [problem(number) for number in range(3)]
    first, again = Scripted(RIGHT), Scripted(WRONG)
    await trial(Kept(file), first).run(problems[:2])
    found = await trial(Kept(file), again).run(problems)
    assert len(again.asked) == 1
    assert found["pass1_bare"].value == pytest.approx(2 / 3)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["written"]["files"]["main.py"] for row in rows] == [RIGHT, RIGHT, WRONG]


async def test_a_problem_that_changed_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    await trial(Kept(file), Scripted(RIGHT)).run([problem(0)])
    changed = replace(problem(0), asked=Asked("Write f in another way.", "f"))
    again = Scripted(RIGHT)
    await trial(Kept(file), again).run([changed])
    assert len(again.asked) == 1


async def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    await trial(Kept(file), Scripted(RIGHT)).run([problem(0), problem(1)])
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    again = Scripted(RIGHT)
    await trial(Kept(file), again).run([problem(0), problem(1)])
    assert [asked.requirement for asked, _ in again.asked] == ["Write f, number 1."]
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


def test_a_file_that_was_not_kept_by_this_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(InputError, match="was not kept by this evaluation"):
        Kept(file)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        Kept(tmp_path / "file" / "out.jsonl")


async def test_nothing_delivered_is_counted_and_is_no_syntax_error() -> None:
    found = await trial(Kept(), Scripted("", "def f(:\n")).run([problem(0), problem(1)])
    assert found["nothing_delivered"].value == 0.5
    assert (found["syntax_errors"].value, found["syntax_errors"].n) == (1.0, 1)


def test_samples_agree_by_their_syntax_and_ties_go_to_the_first() -> None:
    def attempt(code: str) -> Attempt:
        return Attempt("p", "d", "bare", "m", 0, Written({"main.py": code}), Mark(passed=False))

    spaced = attempt("def f():\n    return (1)\n")
    drawn = [attempt(WRONG), attempt(RIGHT), spaced]
    assert agreed(drawn) is drawn[1]
    assert agreed(drawn[:2]) is drawn[0]


def test_without_a_pipeline_nothing_is_said_of_one() -> None:
    found = metrics([], [], [])
    assert not {"pass1_bare", "pass1_pipeline", "uplift"} & set(found)


async def test_what_was_kept_is_marked_anew_when_the_hidden_tests_changed(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    before = await trial(Kept(file), Scripted(RIGHT)).run([problem(0)])
    asked_of_box = len(SANDBOX.asked)
    stricter = replace(problem(0), tests=(Test("t", "assert f() == 2  # hidden"),))
    again = Scripted(WRONG)
    await trial(Kept(file), again).run([stricter])
    assert before["pass1_bare"].value == 1
    assert again.asked == []  # not written again
    assert [one.code for one in SANDBOX.asked[asked_of_box].tests] == ["assert f() == 2  # hidden"]
    await trial(Kept(file), again).run([stricter])
    assert len(SANDBOX.asked) == asked_of_box + 1  # and marked once
