"""`arriero support rehearse` as a person runs it: one page, nothing sent, nothing in the ledger."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from typing import TYPE_CHECKING, cast

import pytest

from arriero import Settings
from arriero.apps.support.inbox import Shared
from arriero.assembly import TENANT, open_platform
from tests.cli.conftest import FAKES, Place

if TYPE_CHECKING:
    from arriero.apps.support.app import SupportApp

TICKETS = """question,answer,intent,customer
Where is my order 10234?,It is on its way.,order_status,c-0042
Where is my order 10234?,twice,order_status,c-0042
Where is order 99999?,We do not know that number.,order_status,c-0042
What is the meaning of life?,We cannot say.,other,
"""


@pytest.fixture
def shop(tmp_path: object) -> Place:
    place = Place(tmp_path)  # type: ignore[arg-type]
    place.configure(FAKES)
    return place


def test_tickets_are_rehearsed_and_the_real_ledger_knows_nothing_of_it(shop: Place) -> None:
    (shop.folder / "tickets.csv").write_text(TICKETS)
    ended = shop.run("support", "rehearse", "tickets.csv")
    assert ended.status == 0, ended.err
    assert "3 tickets: " in ended.out
    assert "The page is rehearsal.html" in ended.out
    file = shop.folder / "rehearsal.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert "Where is my order 10234?" in text
    assert "1 repeated rows left out" in text
    assert not (shop.data / "ledger.db").exists()


def test_a_ledger_that_is_there_stays_as_it_was(shop: Place) -> None:
    assert shop.run("ask", "Where is my order 10234?").status == 0
    (shop.folder / "tickets.csv").write_text(TICKETS)
    before = rows(shop)
    ended = shop.run("support", "rehearse", "tickets.csv", "--limit", "2", "--out", "p.html")
    assert ended.status == 0, ended.err
    assert "2 tickets: " in ended.out
    assert "a sample of 3" in (shop.folder / "p.html").read_text(encoding="utf-8")
    assert rows(shop) == before


def test_what_was_approved_for_everybody_counts_in_a_rehearsal(shop: Place) -> None:
    question, answer = "Do you wax skis on Sundays?", "We wax skis on every day but Sunday."
    shop.configure(FAKES.replace("fake:order_status", "fake:shipping_cost"))

    async def share() -> None:
        settings = Settings.load(shop.folder / "arriero.toml")
        async with open_platform(settings.model_copy(update={"data": shop.data})) as platform:
            app = cast("SupportApp", platform.app("support"))
            asked = await platform.support.inquire(question)
            shared = Shared(asked.run.labels["intent"], question, answer, "ada")
            day = app.handovers.rules.hours.day(platform.clock.now())
            assert app.approved is not None
            await app.approved.share(TENANT, shared, "en", index=app.index.version, day=day)

    asyncio.run(share())
    (shop.folder / "tickets.csv").write_text(f"question\n{question}\n")
    ended = shop.run("support", "rehearse", "tickets.csv")
    assert ended.status == 0, ended.err
    assert answer in (shop.folder / "rehearsal.html").read_text(encoding="utf-8")


def rows(shop: Place) -> dict[str, int]:
    with sqlite3.connect(shop.data / "ledger.db") as ledger:
        named = ledger.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {
            name: ledger.execute(f'select count(*) from "{name}"').fetchone()[0]
            for (name,) in named
        }


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["nope.csv"], "'nope.csv' cannot be read"),
        (["bad.csv"], "needs one named 'question'"),
        (["tickets.csv", "--out", "no/where.html"], "'no' is no folder"),
    ],
)
def test_what_cannot_be_used_is_said_before_any_model_is_opened(
    shop: Place, argv: list[str], says: str
) -> None:
    (shop.folder / "tickets.csv").write_text(TICKETS)
    (shop.folder / "bad.csv").write_text("subject\nHello\n")
    ended = shop.run("support", "rehearse", *argv)
    assert ended.status == 2
    assert says in ended.err
    assert not shop.data.exists()
