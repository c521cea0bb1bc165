"""What is said with an answer, and why one is withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from arriero.apps.codegen import document
from arriero.apps.codegen.app import LANGUAGES
from arriero.apps.codegen.decide import Decision, decision, refused_because, warnings
from arriero.apps.codegen.document import documented
from arriero.apps.codegen.judge.quality import EVIDENCE, quality
from arriero.apps.codegen.judge.report import Failure, Report, Scaling, Tests
from arriero.apps.codegen.requirement_reading import read
from arriero.apps.codegen.values import Generated
from arriero.apps.codegen.verdicts import CHECKS, Aspect, Examination
from arriero.apps.codegen.wanted import Wanted
from arriero.apps.codegen.workbench import Judgement
from arriero.checks.base import Exhibit

ASKED = read(Wanted(requirement="Write a function f(n)."), languages=LANGUAGES, longest=1_000)


def judged(tests: Tests, skipped: Iterable[str] = ()) -> Judgement:
    report = Report("javascript", tests=tests, complexity=1, skipped=dict.fromkeys(skipped, "none"))
    return Judgement(report, quality(report))


def test_without_an_example_the_answer_says_that_nobody_said_what_is_right() -> None:
    said = "it ran, and no example says what is right"
    assert said in warnings(ASKED, judged(Tests(executed=True)))
    assert said not in warnings(ASKED, judged(Tests(executed=True, passed=("one",))))
    assert said not in warnings(ASKED, judged(Tests(executed=False, reason="no sandbox")))


def test_what_is_withheld_says_its_score_and_what_caps_it() -> None:
    failed = judged(Tests(executed=True, failed=(Failure("one"),)), EVIDENCE)
    assert decision(failed, ship_at=0.8, refuse_at=0.3) is Decision.REFUSE
    said = refused_because(failed, 0.3)
    assert "1 of the examples fail; a score of" in said
    assert "(below 3 of 10)" in said


def test_the_documentation_says_by_what_it_was_not_checked() -> None:
    report = judged(Tests(executed=True, passed=("one",)), EVIDENCE).report
    told = documented(ASKED, Generated(code="f", language="javascript"), report, sections=("tests",), max_tokens=500)  # fmt: skip
    assert "It was not checked by mutants, a security scan, a type checker, a linter." in told


@pytest.mark.parametrize("main", ["tool.py", "my-tool.py"])
def test_the_tests_that_are_delivered_find_their_file(
    main: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = read(Wanted(requirement="f(1) == 2"), languages=LANGUAGES, longest=1_000)
    made = Generated(code="def f(x):\n    return x + 1\n", main=main)
    told = document.tests_file(asked, made, Report("python", tests=Tests(executed=True, passed=("example 1",))))  # fmt: skip
    (tmp_path / main).write_text(made.code)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Callable[[], None]] = {}
    exec(told, names)  # noqa: S102  # written above
    names["test_1"]()


async def test_how_its_time_grows_is_told_in_the_same_words_everywhere() -> None:
    scaling = Scaling("linear", (1, 2, 4), (1.0, 2.0, 4.0), 1.0, sure=True)
    report = Report("python", tests=Tests(executed=True), performance=scaling)
    told = documented(ASKED, Generated(code="f"), report, sections=("complexity",), max_tokens=500)
    assert "Its time is linear in the size of its input, measured for 1 to 4 elements." in told

    async def known() -> Judgement:
        return Judgement(report, quality(report))

    exhibit = Exhibit("", "", subject=Examination(known))
    performance = next(one for group in CHECKS for one in group if one.name == "performance")
    assert isinstance(performance, Aspect)
    assert (await performance.judge(exhibit)).reason == "linear in the size of its input"
