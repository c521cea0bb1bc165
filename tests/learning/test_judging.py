"""People judge blind: sides are drawn, a word counts once, and clicks move the paired test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from arriero.core.clock import SystemClock
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.learning import report
from arriero.learning.experiment.findings import Pairs, Says
from arriero.learning.judging import Blind, Choice, Judging, challenger_left, outcome
from arriero.store.base import ArtefactRegistered, RunErased
from arriero.store.fake import MemoryLedger
from arriero.store.rows import erased
from tests.learning.evaluations import EVALUATION, NOW, evaluated


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(SystemClock())


@pytest.fixture
def judging(ledger: MemoryLedger) -> Judging:
    return Judging(ledger, "default")


def better(blind: Blind) -> str:
    """Who reads chooses the right answer, whichever side it is on."""
    return "left" if blind.left.startswith("Right") else "right"


def test_sides_are_drawn_and_stay() -> None:
    sides = [challenger_left(EVALUATION, f"case-{n}") for n in range(200)]
    assert sides == [challenger_left(EVALUATION, f"case-{n}") for n in range(200)]
    assert 70 < sum(sides) < 130


def test_a_choice_means_the_arm_that_stood_there() -> None:
    for n in range(20):
        case = f"case-{n}"
        left = challenger_left(EVALUATION, case)
        assert outcome(EVALUATION, case, Choice.LEFT) == (1 if left else -1)
        assert outcome(EVALUATION, case, Choice.RIGHT) == (-1 if left else 1)
        assert outcome(EVALUATION, case, Choice.TIE) == 0


async def test_judging_until_it_is_proved(ledger: MemoryLedger, judging: Judging) -> None:
    evaluation = await evaluated(ledger, 60, 4)
    assert (await judging.evaluation("c-1")).id == EVALUATION
    seen = 0
    while pair := await judging.next(evaluation):
        standing = await judging.record(evaluation, pair.case, better(pair), actor="ana", now=NOW)
        seen += 1
        assert standing.judged == seen
    assert (standing.judged, standing.pairs) == (64, Pairs(60, 4, 0))
    assert standing.finding.says is Says.BETTER


async def test_a_pair_is_judged_once_and_wrong_words_are_refused(
    ledger: MemoryLedger, judging: Judging
) -> None:
    evaluation = await evaluated(ledger, 2, 1)
    await judging.record(evaluation, "case-0", "tie", actor="ana", now=NOW)
    with pytest.raises(Conflict, match="judged already"):
        await judging.record(evaluation, "case-0", "left", actor="eva", now=NOW)
    with pytest.raises(InputError, match="has no pair 'case-9'"):
        await judging.record(evaluation, "case-9", "left", actor="ana", now=NOW)
    with pytest.raises(InputError, match="left, right or tie"):
        await judging.record(evaluation, "case-1", "middle", actor="ana", now=NOW)
    with pytest.raises(NotFound, match="no evaluation"):
        await Judging(ledger, "elsewhere").evaluation(EVALUATION)


async def test_what_waits_for_people_is_judged_before_what_is_newer(
    ledger: MemoryLedger, judging: Judging
) -> None:
    waits = await evaluated(ledger, 3, 2)
    later = replace(waits, id="f" * 64, app="chat", at=NOW + timedelta(hours=1))
    await ledger.commit(ArtefactRegistered(later, "arriero"))
    assert (await judging.newest()).id == waits.id
    with pytest.raises(NotFound, match="no cycle has been evaluated"):
        await Judging(ledger, "another").newest()


async def test_an_erased_answer_is_not_shown_to_anybody(
    ledger: MemoryLedger, judging: Judging
) -> None:
    evaluation = await evaluated(ledger, 1, 0)
    run = await ledger.run("default", "champion-0")
    assert run is not None
    await ledger.commit(RunErased(erased(run), "cli", NOW))
    assert await judging.next(evaluation) is None


async def test_a_cycle_is_told_in_full(ledger: MemoryLedger) -> None:
    await evaluated(ledger, 5, 2)
    told = await report.gather(ledger, "default", "c-1")
    text = report.to_markdown(told)
    assert "# Cycle c-1 of support: gated" in text
    assert "| order_status | 5 | 2 | 0 | 71% |" in text
    assert "champion: Wrong answer 0, by champion." in text
    assert "hoped for" not in text  # an evaluation of before it was kept
    page = report.to_html(told)
    assert page.count("<polyline") == 1
    assert "Right answer 0, by challenger." in page
    with pytest.raises(NotFound, match="no cycle"):
        await report.gather(ledger, "elsewhere", "c-1")


async def test_what_was_hoped_for_stands_beside_what_came(ledger: MemoryLedger) -> None:
    evaluation = await evaluated(ledger, 5, 2)
    told = await report.gather(ledger, "default", "c-1")
    hopeful = replace(evaluation, body={**evaluation.body, "hoped_for": 0.05})
    text = report.to_markdown(replace(told, evaluation=hopeful))
    assert "went from 0.29 to 0.71 (+150%); 5% more was hoped for, which decides nothing." in text


async def test_what_people_wrote_cannot_become_a_part_of_the_page(ledger: MemoryLedger) -> None:
    evaluation = await evaluated(ledger, 1, 0)
    told = await report.gather(ledger, "default", "c-1")
    hostile = replace(told.cycle, because="<script>alert(1)</script>")
    page = report.to_html(report.Told(hostile, told.steps, None, evaluation, (), told.rows))
    assert "<script>" not in page
