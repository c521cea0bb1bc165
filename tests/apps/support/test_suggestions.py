"""From suggest to auto: only by what people did with the suggestions, or with a reason on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arriero.apps.support.inbox import HandOvers
from arriero.apps.support.modes import Judgements, Mode, ModeChange, Modes
from arriero.apps.support.suggestions import change, judgements
from arriero.core.clock import HeldClock
from arriero.core.errors import Conflict
from arriero.core.words import Ended
from arriero.store.ledger import open_ledger
from arriero.store.records import SqlRecords
from tests.apps.support.recorded import MONDAY, handovers, recorded

INTENT = "shipping_cost"  # of the runs that `recorded` makes
DRAFT = "Shipping costs 4.90 EUR."


@pytest.fixture
def desk() -> HandOvers:
    return handovers(clock=HeldClock(MONDAY))


@pytest.fixture
def modes(desk: HandOvers) -> Modes:
    return Modes(desk.records, desk.clock)


async def _suggested(desk: HandOvers, conversation: str, **changes: Any) -> str:
    """A suggestion that a colleague has accepted, in a conversation; gives its task."""
    given = {"suggested": True, "response": "A colleague looks at it."}
    run = await recorded(
        desk.ledger, "What is shipping?", conversation=conversation,
        **{"ended": Ended.PENDING, "answer": given, "draft": DRAFT} | changes,
    )  # fmt: skip
    task = await desk.open("default", run, "hand-over", {"reason": "only suggested"})
    return (await desk.accept("default", task.id, "ann")).id


async def _judged(desk: HandOvers, n: int, text: str = DRAFT) -> None:
    for at in range(n):
        task = await _suggested(desk, f"{text}/{at}")
        await desk.resolve("default", task, "ann", text)


async def _counted(desk: HandOvers, name: str = INTENT) -> Judgements:
    return await judgements(desk.ledger, desk.records, desk.clock, "default", name, MONDAY)


async def _auto(desk: HandOvers, modes: Modes, forced: str = "") -> ModeChange:
    return await change(modes, desk.ledger, "default", INTENT, Mode.AUTO, "ben", forced=forced)


async def test_what_an_agent_did_with_a_suggestion_is_its_judgement(desk: HandOvers) -> None:
    sent = await _suggested(desk, "c1")
    await desk.reply("default", sent, "ann", f" {DRAFT}\n")
    await desk.reply("default", sent, "ann", "Have a good day!")
    await desk.resolve("default", sent, "ann")
    edited = await _suggested(desk, "c2")
    await desk.resolve("default", edited, "ann", "Shipping is free this week.")
    await desk.resolve("default", await _suggested(desk, "c3"), "ann")
    await desk.return_("default", await _suggested(desk, "c4"), "ann", "ask for the country")
    await _suggested(desk, "c5")  # nobody has decided yet
    assert await _counted(desk) == Judgements(accepted=1, edited=1, rejected=2, seen=5)
    assert await _counted(desk, "returns") == Judgements(0, 0, 0)


async def test_an_answer_of_the_next_hand_over_is_not_taken_for_this_one(desk: HandOvers) -> None:
    await desk.resolve("default", await _suggested(desk, "c1"), "ann")
    await desk.resolve("default", await _suggested(desk, "c1"), "ann", DRAFT)
    assert await _counted(desk) == Judgements(accepted=1, edited=0, rejected=1, seen=2)


async def test_a_private_value_in_a_draft_is_no_edit(desk: HandOvers) -> None:
    task = await _suggested(desk, "c1", draft="We write to <EMAIL_3>.")
    await desk.resolve("default", task, "ann", "We write to ilka.szabo@example.org.")
    assert (await _counted(desk)).accepted == 1


async def test_what_is_masked_only_in_what_an_agent_writes_is_no_edit(desk: HandOvers) -> None:
    """A shop's own address: of an article it is public, in a person's text it might be anybody's."""
    draft = "Our shop is at Sonnengasse 4; write to help@puna-outdoor.example."
    await desk.resolve("default", await _suggested(desk, "c1", draft=draft), "ann", draft)
    other = draft.replace("Sonnengasse 4", "the station")
    await desk.resolve("default", await _suggested(desk, "c2", draft=draft), "ann", other)
    assert await _counted(desk) == Judgements(accepted=1, edited=1, rejected=0, seen=2)


async def test_what_was_not_suggested_is_seen_and_not_judged(desk: HandOvers) -> None:
    answer = {"response": "I have passed it on."}
    task = await _suggested(desk, "c1", answer=answer, ended=Ended.FALLBACK)
    await desk.resolve("default", task, "ann", DRAFT)
    assert await _counted(desk) == Judgements(0, 0, 0, seen=1)


async def test_a_tool_is_judged_by_whatever_intent_led_to_it(desk: HandOvers) -> None:
    task = await _suggested(desk, "c1", tool="refund")
    await _suggested(desk, "c2")
    await desk.resolve("default", task, "ann", DRAFT)
    assert await _counted(desk, "refund") == Judgements(1, 0, 0, seen=1)


async def test_a_file_of_the_ledger_tells_the_same(tmp_path: Path) -> None:
    ledger, clock = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}"), HeldClock(MONDAY)
    try:
        desk = handovers(ledger, clock, SqlRecords(ledger, "support"))
        task = await _suggested(desk, "c1", tool="refund")
        await desk.resolve("default", task, "ann", DRAFT)
        for name in (INTENT, "refund"):
            assert await _counted(desk, name) == Judgements(1, 0, 0, seen=1)
    finally:
        await ledger.close()


async def test_without_judgements_a_suggested_intent_stays_with_people(
    desk: HandOvers, modes: Modes
) -> None:
    await modes.set("default", INTENT, Mode.SUGGEST, "ann")
    with pytest.raises(Conflict, match="100 more sent as they are would do, and --force"):
        await _auto(desk, modes)
    assert await modes.mode_of("default", INTENT) is Mode.SUGGEST


async def test_enough_good_ones_promote_and_the_measure_stays_on_record(
    desk: HandOvers, modes: Modes
) -> None:
    await modes.set("default", INTENT, Mode.SUGGEST, "ann")
    await _judged(desk, 100)
    made = await _auto(desk, modes)
    assert (made.mode, made.forced) == (Mode.AUTO, False)
    assert made.because == "at most 3.7% wrong, measured on 100 judged suggestions"
    assert (await modes.history("default", INTENT))[-1] == made


async def test_bad_ones_do_not_promote_unless_somebody_says_why(
    desk: HandOvers, modes: Modes
) -> None:
    await modes.set("default", INTENT, Mode.SUGGEST, "ann")
    await _judged(desk, 97)
    await _judged(desk, 3, "Shipping is free this week.")
    with pytest.raises(Conflict, match=r"of 100 messages 100 .* 3 of them edited or not sent"):
        await _auto(desk, modes)
    made = await _auto(desk, modes, forced="the free week is over")
    kept = (await modes.history("default", INTENT))[-1]
    assert kept == made
    assert (kept.actor, kept.because, kept.forced) == ("ben", "the free week is over", True)


@pytest.mark.parametrize(
    ("default", "before", "free"),
    [
        (Mode.AUTO, [], True),
        (Mode.AUTO, [Mode.OFF], True),
        (Mode.AUTO, [Mode.SUGGEST, Mode.AUTO], True),
        (Mode.AUTO, [Mode.SUGGEST, Mode.OFF], False),
        (Mode.SUGGEST, [], False),
    ],
)
async def test_only_what_is_suggested_is_measured(
    desk: HandOvers, default: Mode, before: list[Mode], free: bool
) -> None:
    modes = Modes(desk.records, desk.clock, default)
    for mode in before:
        await modes.set("default", INTENT, mode, "ann")
    if free:
        assert (await _auto(desk, modes)).mode is Mode.AUTO
    else:
        with pytest.raises(Conflict):
            await _auto(desk, modes)


async def test_what_was_judged_before_it_was_auto_counts_no_more(
    desk: HandOvers, modes: Modes
) -> None:
    await modes.set("default", INTENT, Mode.SUGGEST, "ann")
    await _judged(desk, 100)
    await _auto(desk, modes)
    assert isinstance(desk.clock, HeldClock)
    desk.clock.advance(60)
    await modes.set("default", INTENT, Mode.SUGGEST, "ann")
    with pytest.raises(Conflict, match="of 0 messages"):
        await _auto(desk, modes)
