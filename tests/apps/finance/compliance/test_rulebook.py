"""Rule changes, approvals and withdrawals: two people each, and on record."""

from __future__ import annotations

import pytest

from arriero.apps.finance.compliance.base import State
from arriero.apps.finance.compliance.complete import publication
from arriero.apps.finance.compliance.gate import review
from arriero.apps.finance.compliance.pack import RuleChange, shipped
from arriero.apps.finance.compliance.rulebook import Rulebook
from arriero.core.clock import HeldClock
from arriero.core.desk import Act
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.store.fake import MemoryLedger

PROJECTED = publication("broker_dealer", "retail", "We expect the shares to return 14% next year.")


@pytest.fixture
def book() -> Rulebook:
    clock = HeldClock()
    return Rulebook(MemoryLedger(clock), clock)


async def test_a_change_holds_only_once_somebody_else_approved_it(book: Rulebook) -> None:
    task = await book.propose("t", "C03", "off", None, reason="SR-FINRA-2026-004", actor="ines")
    assert (await book.pack("t")).version == shipped().version
    await book.act("t", task.id, Act("resolve", "per"))
    pack = await book.pack("t")
    assert pack.version != shipped().version
    assert review(PROJECTED, pack).results[2].state is State.NA
    assert (await book.pack("another")).version == shipped().version


async def test_who_asked_for_a_change_does_not_approve_it(book: Rulebook) -> None:
    task = await book.propose("t", "C03", "off", None, reason="new law", actor="ines")
    assert (await book.about(task, "Ines "))["verbs"] == ()
    with pytest.raises(Conflict, match="somebody else has to decide"):
        await book.act("t", task.id, Act("resolve", " Ines"))


async def test_a_rejected_change_stays_out_of_force_and_says_why(book: Rulebook) -> None:
    task = await book.propose("t", "C15", "price_days", 20, reason="fewer prices", actor="ines")
    with pytest.raises(InputError, match="say why"):
        await book.act("t", task.id, Act("return", "per"))
    done = await book.act("t", task.id, Act("return", "per", "too few"))
    assert (done.state, done.payload["note"]) == ("returned", "too few")
    assert await book.changes("t") == []
    with pytest.raises(Conflict, match="rejected by per"):
        await book.act("t", task.id, Act("resolve", "olga"))


async def test_a_changed_limit_is_what_the_rule_asks(book: Rulebook) -> None:
    task = await book.propose("t", "C15", "price_days", 2000, reason="more prices", actor="ines")
    await book.act("t", task.id, Act("resolve", "per"))
    plain = publication("broker_dealer", "retail", "A plain text.")
    seen = review(plain, await book.pack("t"))
    assert [one.reason for one in seen.failed] == ["1250 days of prices; 2000 are needed"]


async def test_the_last_change_of_a_rule_holds(book: Rulebook) -> None:
    for what in ("off", "on"):
        task = await book.propose("t", "C03", what, None, reason="law", actor="ines")
        await book.act("t", task.id, Act("resolve", "per"))
        book.clock.advance(1)  # type: ignore[attr-defined]
    assert not review(PROJECTED, await book.pack("t")).released


@pytest.mark.parametrize(
    ("rule", "what", "value", "sentence"),
    [
        ("C18", "off", None, "C18 .* cannot be switched; those that can: C03"),
        ("C99", "off", None, "there is no rule 'C99'"),
        ("C15", "days", 3, "C15 has no limit 'days'; its limits: filing_months, price_days"),
        ("C15", "price_days", -1, "is a number from 0 on"),
        ("C15", "price_days", float("nan"), "is a number from 0 on"),
    ],
)
async def test_a_change_that_is_not_possible_is_refused_in_a_sentence(
    book: Rulebook, rule: str, what: str, value: float | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        await book.propose("t", rule, what, value, reason="why not", actor="ines")


async def test_a_change_needs_a_reason(book: Rulebook) -> None:
    with pytest.raises(InputError, match="say why"):
        await book.propose("t", "C03", "off", None, reason=" ", actor="ines")


def test_a_change_by_one_person_opens_no_gate() -> None:
    alone = RuleChange("x", "C03", "off", None, "r", "ines", "ines", HeldClock().now())
    with pytest.raises(InputError, match="two are needed"):
        shipped().changed([alone])


async def test_every_step_is_a_leaf_of_the_audit_log_with_its_actor(book: Rulebook) -> None:
    task = await book.propose("t", "C03", "off", None, reason="new law", actor="ines")
    await book.act("t", task.id, Act("resolve", "per"))
    leaves = [one for one in await book.ledger.leaves() if one.subject == task.id]
    assert [one.actor for one in leaves] == ["ines", "per"]


async def test_a_publication_is_approved_by_somebody_who_did_not_write_it(book: Rulebook) -> None:
    assert await book.approval("t", "run-1") is None
    task = await book.ask("t", "run-1", "A text.", author="ines")
    assert await book.ask("t", "run-1", "A text.", author="ines") == task
    waiting = await book.approval("t", "run-1")
    assert waiting is not None
    assert (waiting.state, waiting.principal) == ("requested", None)
    with pytest.raises(Conflict):
        await book.act("t", task.id, Act("resolve", "ines"))
    await book.act("t", task.id, Act("resolve", "per"))
    done = await book.approval("t", "run-1")
    assert done is not None
    assert (done.state, done.author, done.principal, done.task) == (
        "approved",
        "ines",
        "per",
        task.id,
    )


async def test_a_run_that_does_not_exist_cannot_be_withdrawn(book: Rulebook) -> None:
    with pytest.raises(NotFound, match="there is no run 'run-9'"):
        await book.withdraw("t", "run-9", reason="wrong prices", actor="per")


async def test_a_task_of_another_desk_is_not_decided_here(book: Rulebook) -> None:
    with pytest.raises(NotFound):
        await book.act("t", "review:1", Act("resolve", "per"))
