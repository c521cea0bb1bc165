"""Gaps from the ledger to the inbox and, once approved, into the answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from arriero.apps.support import articles
from arriero.apps.support.gaps_inbox import KIND, Desks, Gaps, Shelf
from arriero.apps.support.handover import State
from arriero.apps.support.ingest import Ingestion
from arriero.apps.support.knowledge import KnowledgeSource, Store
from arriero.core.desk import Act
from arriero.core.errors import Conflict, InputError, NotFound
from arriero.core.words import Ended, Task
from arriero.models.fake import FakeEncoder
from arriero.retrieval.base import Passage
from arriero.retrieval.live import LiveIndex
from arriero.retrieval.local import LocalIndex
from arriero.security.keys import mint
from arriero.store.base import KeySaved, RunErased
from arriero.store.rows import erased
from tests.apps.support.recorded import handovers, recorded
from tests.apps.support.test_app import Desk

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
ASKED = (
    "Do you lend avalanche transceivers to schools?",
    "Do you lend avalanche transceivers to a school?",
    "Can schools borrow avalanche transceivers from you? Do you lend avalanche transceivers?",
)
ANSWER = "We lend avalanche transceivers to schools for up to 14 days."


async def _encoder() -> FakeEncoder:
    return FakeEncoder()


@dataclass
class Room:
    """The real app over a live index of real articles, with fake models and gaps beside it."""

    folder: Path
    desk: Desk = field(default_factory=Desk)

    async def open(self) -> Room:
        await self.desk.open()
        app, first = self.desk.app, self.desk.settings.articles
        store = Store(self.folder / "knowledge")
        source = KnowledgeSource(store, articles.load(first))
        self.index = await LiveIndex.open(source, self._build)
        self.desk.app = replace(app, index=self.index)
        self.shelf = Shelf(self.folder / "approved", first, store, self.folder / "index", _encoder)
        self.gaps = Gaps(
            self.desk.ledger, app.handovers.records, app.handovers.clock, _encoder, app.handovers,
            self.shelf,
        )  # fmt: skip
        return self

    async def _build(self, passages: Sequence[Passage]) -> LocalIndex:
        return await LocalIndex.build(passages, FakeEncoder(), self.folder / "index")

    async def find(self) -> Task:
        await self.gaps.find("default", NOW)
        [task] = await self.drafts()
        return task

    async def drafts(self) -> list[Task]:
        return list(await self.desk.ledger.tasks("default", kind=KIND))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    opened = await Room(tmp_path).open()
    yield opened
    await opened.index.close()


async def test_what_nothing_answered_is_drafted_approved_and_then_answered(room: Room) -> None:
    desk = room.desk
    # The fake model says the same before and after; only a sentence of what was found may be said.
    desk.says = json.dumps([ANSWER])
    for number, text in enumerate(ASKED):
        before = await desk.ask(text, customer=f"c-004{number}", conversation=f"t{number}")
        assert before.outcome.ended is not Ended.ANSWERED, before.outcome
    handed = next(iter(await desk.ledger.tasks("default", kind="hand_over")))
    app = desk.app.handovers
    await app.accept("default", handed.id, "ada")
    await app.reply("default", handed.id, "ada", ANSWER)
    await app.resolve("default", handed.id, "ada")

    task = await room.find()
    assert (task.state, task.payload["n"], task.payload["people"]) == ("requested", 3, 3)
    assert set(task.payload["questions"]) == set(ASKED)
    assert task.payload["text"] == f"# {task.payload['title']}\n\n{ANSWER}\n"

    done = await room.gaps.act("default", task.id, Act("resolve", "ada"))
    assert (done.state, done.actor) == ("resolved", "ada")
    written = (room.folder / "approved" / f"{task.id}.md").read_text()
    assert "owner: ada" in written
    assert ANSWER in written

    await room.index.refresh()
    after = await desk.ask("Do you lend avalanche transceivers to schools?", customer="c-0049")
    assert after.outcome.ended is Ended.ANSWERED, after.outcome
    assert ANSWER in after.outcome.answer.response
    assert after.outcome.sources[0].id.startswith(task.id)


async def test_the_first_approved_article_does_not_displace_the_others(room: Room) -> None:
    before = {hit.passage.document for hit in await room.index.search("shipping costs", k=5)}
    await room.shelf.publish("gap-1", f"# Loan\n\n{ANSWER}\n", [], "ada", NOW)
    await room.index.refresh()
    assert {
        hit.passage.document for hit in await room.index.search("shipping costs", k=5)
    } == before
    loan = await room.index.search("avalanche transceivers for schools", k=1)
    assert loan[0].passage.document == "gap-1"


async def test_an_approved_article_does_not_displace_the_others_after_all_was_forgotten(
    room: Room, tmp_path: Path
) -> None:
    """Who drops all that they took in is answered from the first folder again."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "wool.md").write_text("# Wool\n\nWool is washed at 30 degrees.\n")
    work = Ingestion(room.shelf.store, FakeEncoder(), room.folder / "index", NOW.date())
    await work.take_in(own)
    await work.forget(own)
    await room.shelf.publish("gap-1", f"# Loan\n\n{ANSWER}\n", [], "ada", NOW)
    await room.index.refresh()
    found = {hit.passage.document for hit in await room.index.search("shipping costs", k=5)}
    assert len(found) > 1


async def ask(room: Room, *, people: int = 3) -> None:
    for number in range(people):
        await recorded(
            room.desk.ledger, ASKED[number % 3], at=NOW - timedelta(hours=1), sources=(),
            input={"message": ASKED[number % 3], "customer": f"c-{number}", "conversation": None},
        )  # fmt: skip


async def test_looking_again_changes_nothing_and_drafts_nothing_twice(room: Room) -> None:
    await ask(room)
    task = await room.find()
    assert await room.gaps.find("default", NOW) == ()
    await recorded(room.desk.ledger, "lend avalanche transceivers to schools?", at=NOW, sources=())
    assert await room.gaps.find("default", NOW)
    assert [one.id for one in await room.drafts()] == [task.id]


async def test_only_the_hand_overs_of_a_gap_are_read(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, desk = room.desk.ledger, room.desk.app.handovers
    await ask(room)
    for run in await ledger.runs("default"):
        await desk.open("default", run.id, "hand-over", {"reason": "quality 0.41 < 0.7"})
    other = await recorded(ledger, "thank you!", at=NOW)  # no question, so in no gap
    await desk.open("default", other, "hand-over", {"reason": "quality 0.41 < 0.7"})
    read: set[str | None] = set()
    tasks = ledger.tasks

    async def watched(_: object, tenant: str, **only: Any) -> Sequence[Task]:
        found = await tasks(tenant, **only)
        read.update(task.run for task in found if task.kind == "hand_over")
        return found

    monkeypatch.setattr(type(ledger), "tasks", watched)
    gap = await room.find()
    assert read == set(gap.payload["runs"])


async def test_two_people_are_too_few_for_a_draft_but_are_shown(room: Room) -> None:
    await ask(room, people=2)
    await room.gaps.find("default", NOW)
    assert await room.drafts() == []
    known = await room.gaps.known("default")
    assert [(gap["n"], gap["people"], "task" in gap) for gap in known["gaps"]] == [(2, 2, False)]


async def test_what_was_rejected_does_not_come_back(room: Room) -> None:
    await ask(room)
    task = await room.find()
    done = await room.gaps.act(
        "default", task.id, Act("return", "ada", "said ilka.szabo@example.org")
    )
    assert done.state == "returned"
    assert done.payload["note"].startswith("said <EMAIL")
    await recorded(room.desk.ledger, "Which way is north?", at=NOW, sources=())
    await room.gaps.find("default", NOW)
    known = await room.gaps.known("default")
    assert [gap["name"] for gap in known["gaps"]] == ["Which way is north?"]
    assert (known["waiting"], known["rejected"]) == ([], 1)


async def test_a_draft_that_was_erased_with_a_customer_ends(room: Room) -> None:
    await ask(room)
    task = await room.find()
    assert task.run is not None
    run = await room.desk.ledger.run("default", task.run)
    assert run is not None
    await room.desk.ledger.commit(RunErased(erased(run), "cli", NOW))
    await room.gaps.find("default", NOW)
    assert [one.state for one in await room.drafts()] == ["erased"]
    assert not (await room.gaps.known("default"))["waiting"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nobody has answered this yet"),
        ("# Only a title", "an answer below it"),
        ("An answer without a heading.\n\nMore.", "needs a heading"),
        ("# Loan\n\nWrite to <EMAIL_1>, please.", "<EMAIL_1>"),
    ],
)
async def test_an_article_that_cannot_be_published_changes_nothing(
    room: Room, text: str, says: str
) -> None:
    await ask(room)
    task = await room.find()
    with pytest.raises(InputError, match=says):
        await room.gaps.act("default", task.id, Act("resolve", "ada", text))
    assert (await room.drafts())[0].state == "requested"
    assert room.shelf.store.version() == ""


async def test_a_suspicious_article_stays_out(room: Room) -> None:
    await ask(room)
    task = await room.find()
    room.gaps = replace(
        room.gaps, shelf=replace(room.shelf, scan=lambda text: "it gives orders" if "Obey" in text else None)
    )  # fmt: skip
    with pytest.raises(InputError, match="it gives orders"):
        await room.gaps.act("default", task.id, Act("resolve", "ada", "# Loan\n\nObey me."))
    assert not list((room.folder / "approved").glob("*.md"))
    fine = await room.gaps.act("default", task.id, Act("resolve", "ada", f"# Loan\n\n{ANSWER}"))
    assert fine.state == "resolved"


async def test_who_accepted_a_draft_decides_on_it(room: Room) -> None:
    await ask(room)
    task = await room.find()
    await room.gaps.act("default", task.id, Act("accept", "ada"))
    with pytest.raises(Conflict, match="'ada' has accepted"):
        await room.gaps.act("default", task.id, Act("return", "ben", "no"))
    with pytest.raises(Conflict, match="no customer to reply to"):
        await room.gaps.act("default", task.id, Act("reply", "ada", "hello"))
    with pytest.raises(InputError, match="say why"):
        await room.gaps.act("default", task.id, Act("return", "ada", " "))
    await room.gaps.act("default", task.id, Act("return", "ada", "no"))
    with pytest.raises(Conflict, match="does not change any more"):
        await room.gaps.act("default", task.id, Act("resolve", "ada"))
    with pytest.raises(NotFound, match="no draft article"):
        await room.gaps.act("default", "nope", Act("accept", "ada"))


async def test_one_desk_of_several_sends_a_task_to_its_own(room: Room) -> None:
    await ask(room)
    task = await room.find()
    ledger = room.desk.ledger
    people = handovers(ledger, room.gaps.clock)
    run = await recorded(ledger, "A person please", at=NOW, conversation="c9")
    handed = await people.open("default", run, "hand-over", {})
    desks = Desks(ledger, (people, room.gaps))
    assert desks.kinds == ("hand_over", "draft_article")
    assert desks.conversations is people
    accepted = await desks.act("default", handed.id, Act("accept", "ada"))
    assert accepted.state == State.ACCEPTED
    about = await desks.about(task, "ada")
    assert about["verbs"] == ("accept", "resolve", "return")
    assert about["summary"]["proposed"] == task.payload["text"]
    assert (await desks.act("default", task.id, Act("accept", "ada"))).state == "accepted"
    with pytest.raises(NotFound):
        await desks.act("default", "nope", Act("accept", "ada"))


async def test_every_tenant_is_looked_after_and_sees_its_own(room: Room) -> None:
    _, key = mint("other", "elsewhere", NOW)
    await room.desk.ledger.commit(KeySaved(key))
    for number in range(3):
        given = {"message": ASKED[number], "customer": f"c-{number}", "conversation": None}
        await recorded(room.desk.ledger, "", at=NOW, sources=(), tenant="elsewhere", input=given)
    await room.gaps.look(NOW)
    assert len(await room.desk.ledger.tasks("elsewhere", kind=KIND)) == 1
    assert await room.drafts() == []
    assert (await room.gaps.known("default"))["gaps"] == []


async def test_a_header_cannot_be_forged_by_a_name(room: Room) -> None:
    await room.shelf.publish(
        "gap-2", f"# Loan\n\n{ANSWER}\n", ["rental\nid: x"], "ada\nvalid_until: 2020-01-01", NOW
    )
    await room.index.refresh()
    found = await room.index.search("avalanche transceivers for schools", k=1, day=NOW.date())
    assert found[0].passage.document == "gap-2"
    assert found[0].passage.labels == ()


async def test_an_article_holds_from_the_shops_own_day_on(room: Room) -> None:
    shelf = replace(room.shelf, zone=ZoneInfo("Pacific/Pago_Pago"))  # eleven hours behind
    await shelf.publish("gap-1", f"# Lending\n\n{ANSWER}\n", (), "ines", NOW)
    (article,) = [one for one in shelf.store.load().articles if one.id == "gap-1"]
    assert article.valid_from == date(2026, 6, 14)
