"""What becomes of an analysis that waits: approved, rejected, taken back, and found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from arriero.apps.finance import publish
from arriero.apps.finance.archive import Analyses
from arriero.apps.finance.compliance.listener import Listener
from arriero.apps.finance.compliance.rulebook import APPROVAL
from arriero.apps.finance.door import WantedAnalyses
from arriero.apps.finance.releases import PUBLICATION, STATUS, Releases
from arriero.apps.finance.values import Analysis, Rating
from arriero.core.desk import Act
from arriero.core.errors import Conflict, NotFound
from arriero.core.words import Ended, Run, Task
from arriero.flow import Result
from arriero.security.holds import Holds
from tests.apps.finance.conftest import TENANT, Desk, Open
from tests.apps.finance.test_track import prediction

# A firm of which a broker-dealer's rules know enough that only the principal's approval is missing.
FIRM = {
    "name": "Llanura Research", "profile": "broker_dealer", "analyst": "Ada Quispe", "owns_one_percent": False,
    "makes_market": False, "banking_12_months": False, "analyst_holds": False, "household_holds": False,
}  # fmt: skip


@pytest.fixture
async def desk(open_desk: Open) -> Desk:
    return await open_desk({"firm": FIRM})


async def waiting(desk: Desk, **more: Any) -> tuple[Result[Analysis], Task]:
    """An analysis that waits for its approval, and the task that asks for it."""
    result = await desk.ask(**more)
    assert result.outcome.ended is Ended.PENDING, result.outcome.reason
    (task,) = await desk.ledger.tasks(TENANT, kind=APPROVAL, state="requested")
    return result, task


async def shown(desk: Desk, result: Result[Analysis]) -> Mapping[str, Any]:
    return await archive(desk).show(TENANT, str(result.run_id))


def archive(desk: Desk) -> Analyses:
    return Analyses(desk.ledger, desk.app.releases)


async def listed(desk: Desk) -> list[tuple[str, str]]:
    """Rating and status of each analysis that a search finds."""
    found = await archive(desk).search(TENANT, WantedAnalyses())
    return [(row["recommendation"], row["status"]) for row in found.rows]


async def test_the_very_text_that_waited_is_released_by_a_second_person(desk: Desk) -> None:
    result, task = await waiting(desk)
    assert task.payload["reason"].startswith("XTAM as of 2026-03-31: ")
    before = await shown(desk, result)
    assert (before["recommendation"], before["status"]) == ("NO_RATING", "waits for approval")
    assert "waits for a principal" in before["explanation"]
    assert await listed(desk) == [("NO_RATING", "waits for approval")]
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    after = await shown(desk, result)
    assert after["explanation"] == task.payload["text"]
    assert after["recommendation"] == "HOLD"
    assert after["reason"] == ""
    assert await listed(desk) == [("HOLD", STATUS)]
    assert (after["compliance_status"], after["status"], after["status_by"]) == (
        STATUS, STATUS, "principal",
    )  # fmt: skip
    assert {one["rule"]: one["state"] for one in after["rules"]}["C23"] == "pass"
    assert after["charts"]
    assert after["notices"]
    assert after["sources"]


async def test_a_release_that_tells_something_else_does_not_end_a_search(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forged(self: Releases, run: Run) -> None:
        raise Conflict(f"run {run.id!r} tells another analysis than was released")

    _, task = await waiting(desk)
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    monkeypatch.setattr(Releases, "released", forged)
    assert await listed(desk) == [("NO_RATING", STATUS)]


@pytest.mark.parametrize(
    ("earlier", "ended"),
    [
        ({"ticker": "ELSE"}, Ended.PENDING),
        ({"rating": Rating.NO_RATING}, Ended.PENDING),
        ({"backdated": True}, Ended.PENDING),
        ({}, Ended.REFUSED),
    ],
)
async def test_a_history_is_asked_for_a_year_after_that_very_company_was_first_rated(
    desk: Desk, earlier: Mapping[str, Any], ended: Ended
) -> None:
    old = prediction(**{"run": "old", "as_of": date(2024, 1, 5), **earlier})
    await desk.app.predictions.put(TENANT, old)
    outcome = (await desk.ask()).outcome
    assert outcome.ended is ended, outcome.reason
    assert ("C10: rated since 2024-01-05" in outcome.reason) is (ended is Ended.REFUSED)


async def test_a_release_is_a_leaf_of_the_audit_log_and_the_run_stays_as_it_was(desk: Desk) -> None:
    result, task = await waiting(desk)
    was = await desk.ledger.run(TENANT, str(result.run_id))
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    assert await desk.ledger.run(TENANT, str(result.run_id)) == was
    leaves = [(one.kind, one.subject, one.actor) for one in await desk.ledger.leaves()]
    assert leaves[-2:] == [
        ("task.saved", task.id, "principal"),
        ("task.saved", f"{PUBLICATION}:{result.run_id}", "principal"),
    ]


async def test_the_rating_is_a_prediction_from_its_release_on(desk: Desk) -> None:
    result, task = await waiting(desk)
    assert await desk.app.predictions.all(TENANT) == []
    desk.clock.advance(86_400)
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    (made,) = await desk.app.predictions.all(TENANT)
    assert (made.run, made.rating, made.backdated) == (result.run_id, Rating.HOLD, False)
    assert made.made == desk.clock.now()


async def test_what_is_released_when_its_outcome_may_be_known_proves_nothing(desk: Desk) -> None:
    _, task = await waiting(desk)
    desk.clock.advance(20 * 86_400)
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    (made,) = await desk.app.predictions.all(TENANT)
    assert made.backdated


async def test_whoever_asked_for_it_does_not_release_it(desk: Desk) -> None:
    result, task = await waiting(desk)
    with pytest.raises(Conflict, match="somebody else has to decide"):
        await desk.app.releases.act(TENANT, task.id, Act("resolve", "Me"))
    assert (await shown(desk, result))["status"] == "waits for approval"


async def test_a_rejected_analysis_stays_withheld_with_the_reason(desk: Desk) -> None:
    result, task = await waiting(desk)
    await desk.app.releases.act(TENANT, task.id, Act("return", "principal", "too long"))
    after = await shown(desk, result)
    assert (after["status"], after["status_by"], after["status_why"]) == (
        "rejected", "principal", "too long",
    )  # fmt: skip
    assert (after["recommendation"], after["charts"]) == ("NO_RATING", [])
    assert task.payload["text"] not in after["explanation"]
    assert (after["compliance_status"], after["reason"]) == ("withheld", "too long")
    assert "rejected" in after["explanation"]
    assert await desk.app.predictions.all(TENANT) == []
    with pytest.raises(Conflict, match="was rejected by principal"):
        await desk.app.releases.act(TENANT, task.id, Act("resolve", "another"))


async def test_what_was_released_can_be_withdrawn(desk: Desk) -> None:
    result, task = await waiting(desk)
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    await desk.app.rulebook.withdraw(TENANT, str(result.run_id), reason="wrong", actor="principal")
    after = await shown(desk, result)
    assert (after["status"], after["compliance_status"], after["status_why"]) == (
        "withdrawn", "withdrawn", "wrong",
    )  # fmt: skip
    (made,) = await desk.app.predictions.all(TENANT)
    assert made.withdrawn == "wrong"


async def test_an_approval_does_not_get_round_a_name_that_was_restricted_meanwhile(
    desk: Desk,
) -> None:
    result, task = await waiting(desk)
    settings = desk.app.settings.model_copy(update={"restricted": ("xtam",)})
    later = replace(desk.app.releases, settings=settings)
    with pytest.raises(Conflict, match="may not be published"):
        await later.act(TENANT, task.id, Act("resolve", "principal"))
    assert (await shown(desk, result))["status"] == "waits for approval"


async def test_an_approval_that_comes_after_the_horizon_is_refused(desk: Desk) -> None:
    _, task = await waiting(desk, horizon=21)
    desk.clock.advance(60 * 86_400)
    with pytest.raises(Conflict, match="valid until"):
        await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))


async def test_what_a_crash_left_approved_is_released_by_the_job_once(desk: Desk) -> None:
    result, task = await waiting(desk)
    await desk.app.rulebook.act(TENANT, task.id, Act("resolve", "principal"))  # and died here
    assert (await shown(desk, result))["status"] == "approved"
    for _ in range(2):
        await desk.app.releases.finish(desk.clock.now())
    assert (await shown(desk, result))["status"] == STATUS
    assert len(await desk.ledger.tasks(TENANT, kind=PUBLICATION)) == 1
    assert len(await desk.app.predictions.all(TENANT)) == 1


async def test_a_task_of_the_rules_is_decided_as_before(desk: Desk) -> None:
    asked = await desk.app.rulebook.propose(TENANT, "C03", "off", None, reason="a test", actor="me")
    moved = await desk.app.releases.act(TENANT, asked.id, Act("resolve", "another"))
    assert moved.state == "resolved"


async def test_analyses_are_found_by_client_company_and_day_page_by_page(open_desk: Open) -> None:
    desk = await open_desk()
    runs = [
        (await desk.ask("XTAM", client="c-1")).run_id,
        (await desk.ask("XPUN", client="c-1", as_of="2025-06-30")).run_id,
        (await desk.ask("XTAM", client="c-2")).run_id,
        (await desk.ask("NOSUCH", client="c-1")).run_id,
    ]

    async def found(**more: Any) -> list[Any]:
        page = await archive(desk).search(TENANT, WantedAnalyses.model_validate(more))
        return [row["run"] for row in page.rows]

    assert await found() == runs[::-1]
    assert await found(client="c-1") == [runs[3], runs[1], runs[0]]
    assert await found(client="c-1", ticker="xtam") == [runs[0]]
    assert await found(as_of="2025-06-30") == [runs[1]]
    assert await found(**{"from": "2026-03-31", "to": "2026-03-31"}) == runs[::-1]
    assert await found(to="2026-03-30") == []
    page = await archive(desk).search(TENANT, WantedAnalyses(limit=3))
    assert page.more
    assert await found(before=page.rows[-1]["run"]) == [runs[0]]
    assert (await archive(desk).search("elsewhere", WantedAnalyses())).rows == []


async def test_a_row_says_how_long_it_is_kept_and_who_holds_it(open_desk: Open) -> None:
    desk = await open_desk({"firm": {"retention": "7y"}})
    result = await desk.ask(client="c-1")
    held = await Holds(desk.ledger, desk.clock).place(
        TENANT, "c-1", reason="an inquiry", actor="counsel"
    )
    page = await archive(desk).search(TENANT, WantedAnalyses(client="c-1"))
    (row,) = page.rows
    assert (row["retention"], row["kept_until"]) == ("7y", "2033-03-31")
    assert row["holds"] == [held.id]
    assert row["status"] == (await shown(desk, result))["status"] == "released"


async def test_the_run_of_another_app_is_no_analysis(desk: Desk) -> None:
    with pytest.raises(NotFound, match="there is no analysis 'nothing'"):
        await archive(desk).show(TENANT, "nothing")


async def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="lies after"):
        WantedAnalyses.model_validate({"from": "2026-02-01", "to": "2026-01-01"})


async def test_a_replay_of_a_waiting_analysis_is_the_same(desk: Desk) -> None:
    result, task = await waiting(desk)
    await desk.app.releases.act(TENANT, task.id, Act("resolve", "principal"))
    assert await desk.flow.replay(desk.app, result.run, result.trace) == []
    assert datetime(2026, 3, 31, 12, tzinfo=UTC) == result.trace.now


async def test_what_a_release_doubts_is_encoded_as_it_was_when_it_was_judged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a text that only its vector had cleared would be refused."""
    asked: list[str] = []

    async def opens() -> Any:
        return SimpleNamespace(name=Listener.load().encoder, encode=encode)

    async def encode(texts: Sequence[str]) -> Any:
        asked.extend(texts)
        return np.zeros((len(texts), len(Listener.load().vector)), np.float32)

    result, task = await waiting(desk)
    monkeypatch.setattr(publish, "doubted", lambda *_: ("a sentence",))
    await replace(desk.app.releases, encoder=opens).act(
        TENANT, task.id, Act("resolve", "principal")
    )
    assert set(asked) == {"a sentence"}
    assert (await shown(desk, result))["status"] == STATUS
