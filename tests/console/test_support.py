"""/console/support in a real browser: the numbers, by slice, and a draft article approved."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from arriero.core.words import Ended
from tests.console.conftest import elsewhere
from tests.console.test_browser import CONTRAST, NAMELESS
from tests.server.reporting import ASKED, ReportHouse

if TYPE_CHECKING:
    from playwright.sync_api import Page

Enter = Callable[[], None]
browsed = pytest.mark.slow  # a page takes a second or two on a busy machine


@pytest.fixture
def house(tmp_path: Path) -> ReportHouse:
    return ReportHouse(tmp_path)


@pytest.fixture
def enter(page: Page, url: str, house: ReportHouse) -> Enter:
    """Open the page and log in with the tester's key."""

    def go() -> None:
        page.goto(f"{url}/console/support")
        page.get_by_label("API key").fill(house.secrets["tester"])
        page.get_by_role("button", name="Open the numbers").click()
        page.locator("#desk").wait_for()
        page.locator("#tiles .tile").first.wait_for()

    return go


def _picture(page: Page, name: str) -> None:
    """Keep a screenshot where ARRIERO_PICTURES says, for people to look at."""
    if folder := os.environ.get("ARRIERO_PICTURES"):
        page.screenshot(path=Path(folder) / f"support-{name}.png", full_page=True)


@pytest.mark.parametrize("name", ["support", "support.js", "support.css"])
def test_the_pages_files_are_static_strict_and_name_no_other_host(url: str, name: str) -> None:
    answer = httpx.get(f"{url}/console/{name}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"https?://", answer.text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=\"|style=\"|innerHTML", answer.text)


@browsed
def test_resolution_stands_beside_deflection_and_satisfaction(
    page: Page, house: ReportHouse, enter: Enter
) -> None:
    elsewhere(house.fill())
    elsewhere(house.hand_over("Where is my parcel?", conversation="c1"))
    enter()
    tiles = " ".join(page.locator("#tiles").inner_text().split())
    assert "Resolved without a person 85 %" in tiles  # 41 of 48: 6 came back, 1 rated 1
    assert "Deflected (what others count) 100 %" in tiles
    assert "4.2 of 5" in tiles
    assert "Hand-overs open 1" in tiles
    table = page.locator("#resolution")
    assert table.locator("tbody tr").count() == 4
    assert table.get_by_role("row", name="return item").locator("td").first.inner_text() == "18"
    page.get_by_label("By", exact=True).select_option("channel")
    page.locator("#resolution").get_by_role("rowheader", name="mail").wait_for()
    assert "re-contact (6)" in page.locator("#why").inner_text()
    assert page.locator("#stars meter").count() == 5


@browsed
def test_a_slice_that_is_worse_is_marked(page: Page, house: ReportHouse, enter: Enter) -> None:
    elsewhere(house.fill())
    enter()
    rows = page.locator("#quality tbody tr")
    assert "return item" in page.locator("#quality").inner_text().replace("_", " ")
    flagged = [row for row in rows.all_inner_texts() if "worse" in row]
    assert any(row.startswith(("intent: return", "channel: mail")) for row in flagged)
    assert not any("shipping" in row for row in flagged)


@browsed
def test_a_gap_is_approved_and_leaves_the_page(
    page: Page, house: ReportHouse, enter: Enter
) -> None:
    elsewhere(house.fill())
    enter()
    drafts = page.locator("#drafts > li")
    page.get_by_role("button", name="Approve").click()
    page.locator("#told").get_by_text("write the answer").wait_for()
    article = page.get_by_label("The article, in Markdown")
    article.fill(f"{article.input_value().strip()}\n\nWe wax skis for 25 EUR.")
    page.get_by_role("button", name="Approve").click()
    page.locator("#told").get_by_text("the knowledge has it now").wait_for()
    page.get_by_text("No group of unanswered questions is known.").wait_for()
    assert drafts.count() == 0
    [text] = [one.text for one in house.store.load().articles if one.id != "boots"]
    assert "We wax skis for 25 EUR." in text
    [task] = elsewhere(house.ledger.tasks("default", kind="draft_article"))
    assert (task.state, task.actor) == ("resolved", "tester")


@browsed
def test_a_draft_is_rejected_with_a_reason_only(
    page: Page, house: ReportHouse, enter: Enter
) -> None:
    elsewhere(house.fill())
    enter()
    page.get_by_role("button", name="Reject").click()
    page.locator("#told").get_by_text("Say why").wait_for()
    page.get_by_label("Why not?").fill("We sell no skis.")
    page.get_by_role("button", name="Reject").click()
    page.locator("#told").get_by_text("will not come back").wait_for()
    [task] = elsewhere(house.ledger.tasks("default", kind="draft_article"))
    assert (task.state, task.payload["note"]) == ("returned", "We sell no skis.")


@browsed
def test_an_article_that_is_being_written_survives_a_refresh(
    page: Page, house: ReportHouse, enter: Enter
) -> None:
    elsewhere(house.fill())
    enter()
    page.get_by_label("The article, in Markdown").fill("# Skis\n\nNot fin")

    async def more() -> None:
        for number in range(3):
            await house.told(
                "Are dogs allowed inside the shop?", 1, customer=f"d-{number}", ended=Ended.FALLBACK,
                origin="fixed", sources=(), score=0.1,
            )  # fmt: skip
        await house.gaps.look(house.clock.now())

    elsewhere(more())
    page.evaluate("refresh()")
    page.get_by_role("heading", name="Are dogs allowed").wait_for()
    kept = [one.input_value() for one in page.get_by_label("The article, in Markdown").all()]
    assert "# Skis\n\nNot fin" in kept


@browsed
def test_an_empty_house_says_so(page: Page, enter: Enter) -> None:
    enter()
    assert "no visit is 72 hours old yet" in page.locator("#tiles").inner_text()
    assert page.get_by_text("Nobody has rated an answer in this time.").is_visible()
    assert page.get_by_text("No group of unanswered questions is known.").is_visible()
    _picture(page, "empty")


@browsed
def test_a_wrong_key_is_refused_and_a_right_one_is_kept_for_the_tab(
    page: Page, url: str, house: ReportHouse, enter: Enter
) -> None:
    page.goto(f"{url}/console/support")
    page.get_by_label("API key").fill("arr_wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("not known here").wait_for()
    enter()
    page.reload()
    page.locator("#desk").wait_for()
    page.get_by_role("link", name="Inbox").click()
    page.get_by_text("Nothing waits for you.").wait_for()
    assert page.evaluate("localStorage.length") == 0


@browsed
def test_text_of_a_customer_is_never_markup(page: Page, house: ReportHouse, enter: Enter) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"

    async def ask() -> None:
        for number in range(4):
            await house.told(
                attack, 1, customer=f"x-{number}", intent=attack, ended=Ended.FALLBACK,
                origin="fixed", sources=(), score=0.1,
            )  # fmt: skip
        await house.gaps.look(house.clock.now())

    elsewhere(ask())
    enter()
    page.locator("#drafts > li").wait_for()
    assert page.locator("#desk img, #desk b").count() == 0
    assert page.title() == "Support · Arriero"


@browsed
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_on_every_screen(
    page: Page, house: ReportHouse, enter: Enter, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    elsewhere(house.fill())
    elsewhere(house.told(ASKED[0] + " And boots, and gloves?", 1, customer="alone", ended=Ended.FALLBACK,
                         origin="fixed", sources=(), score=0.1))  # fmt: skip
    elsewhere(house.hand_over("Where is my parcel?", conversation="c1"))
    enter()
    _picture(page, f"numbers-{scheme}")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    page.set_viewport_size({"width": 390, "height": 844})
    _picture(page, f"narrow-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@browsed
def test_a_draft_article_in_the_inbox_is_an_article_and_no_reply(
    page: Page, url: str, house: ReportHouse
) -> None:
    elsewhere(house.fill())
    page.goto(f"{url}/console/inbox")
    page.get_by_label("API key").fill(house.secrets["tester"])
    page.get_by_role("button", name="Open the inbox").click()
    page.get_by_role("navigation").get_by_role("button", name="wax").click()
    page.get_by_role("button", name="Approve the article").wait_for()
    assert not page.get_by_role("button", name="Reply and resolve").is_visible()
    text = page.get_by_label("Whoever asks reads this")
    text.fill(f"# {ASKED[0]}\n\nYes, for 20 EUR.")
    page.get_by_role("button", name="Approve the article").click()
    page.locator("#told").get_by_text("the knowledge has it now").wait_for()
    assert "Yes, for 20 EUR." in {one.text for one in house.store.load().passages}
