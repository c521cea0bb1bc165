"""The page of a rehearsal in a real browser, from a file: slider, search, filters, and no network."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arriero.apps.support.rehearse import Compared, Rehearsed, Ticket, Tickets
from arriero.apps.support.rehearse_page import About
from arriero.apps.support.rehearse_page import page as written

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.slow  # a page takes a second or two on a busy machine

ATTACK = "<img src=x onerror=\"document.title='owned'\">"


def _tickets() -> list[Rehearsed]:
    found = []
    for number in range(120):
        score = round(1 - (number / 120) ** 2, 4)
        sent, intent = score >= 0.7, ("shipping_cost", "return_item", "rental")[number % 3]
        agrees = number % 10 != 9
        found.append(
            Rehearsed(
                Ticket(number + 2, f"Question {number} about {intent}?", f"Human {number}", intent),
                "answered" if sent else "handed over",
                f"Answer {number}: 4.90 EUR." if sent else "A colleague will answer.",
                f"Answer {number}: 4.90 EUR.",
                score,
                intent,
                "extractive" if sent else "fixed",
                "" if sent else "quality below 0.7",
                ("Shipping costs",),
                Compared(("4.9",) * agrees, ("4.9",) * (not agrees), 0.8),
            )
        )
    bad = Ticket(999, ATTACK, ATTACK, "rental")
    return [*found, Rehearsed(bad, "clarified", ATTACK, "", None, "unknown", "clarify", ATTACK)]


def _page(folder: Path) -> str:
    about = About("tickets.csv", datetime(2026, 11, 23, 12, tzinfo=UTC), "support@1", 0.7)
    file = folder / "rehearsal.html"
    file.write_text(written(_tickets(), Tickets((), repeated=3), about), encoding="utf-8")
    return file.as_uri()


def test_the_slider_says_how_much_can_be_automated_at_which_risk(
    page: Tab, context: BrowserContext, tmp_path: Path
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.goto(_page(tmp_path))
    said = page.locator("#said")
    # 0.01 >= the mean of (k / 120)^2 for k < n: n = 21, of 121 tickets
    assert "At ≤ 1.0 % wrong, 17.4 % can be automated: 21 of 121 tickets" in said.inner_text()
    assert "21 have a human answer; 9.5 % differ" in page.locator("#said-two").inner_text()
    before = page.locator("#at").get_attribute("x1")
    page.get_by_label("may be wrong").focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    assert "At ≤ 5.0 % wrong, 38.8 % can be automated" in said.inner_text()
    assert page.locator("#at").get_attribute("x1") != before
    if folder := os.environ.get("ARRIERO_PICTURES"):
        page.screenshot(path=Path(folder) / "rehearsal.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=Path(folder) / "rehearsal-dark.png")
    assert [url for url in asked if not url.startswith("file:")] == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_tickets_are_searched_and_filtered(page: Tab, tmp_path: Path) -> None:
    page.goto(_page(tmp_path))
    shown, count = page.locator("#tickets > li"), page.locator("#count")
    assert (shown.count(), count.inner_text()) == (50, "121 of 121")
    page.get_by_role("button", name="Show more").click()
    assert shown.count() == 100
    page.get_by_label("Search").fill("rental question 5")
    assert all("rental" in text for text in shown.all_inner_texts())
    page.get_by_label("Search").fill("")
    page.get_by_label("Ending").select_option("handed over")
    assert shown.first.get_by_text("Drafted, not sent").is_visible()
    page.get_by_label("Intent").select_option("return_item")
    page.get_by_label("Beside the human answer").select_option("differs")
    texts = shown.all_inner_texts()
    assert texts
    assert all("differs (likeness 0.80, lacks 4.9)" in text for text in texts)


def test_a_tickets_text_is_never_markup(page: Tab, tmp_path: Path) -> None:
    page.goto(_page(tmp_path))
    page.get_by_label("Ending").select_option("clarified")
    page.locator("#tickets").get_by_text("onerror").first.wait_for()
    assert page.locator("img").count() == 0
    assert page.title() == "Rehearsal of tickets.csv"
