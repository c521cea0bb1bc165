"""Judging in a real browser: by the keyboard alone, blind, until the line on the page says what is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.conftest import elsewhere
from tests.console.test_browser import _picture
from tests.learning.evaluations import EVALUATION, evaluated
from tests.server.desk import DeskHouse

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow  # a page takes a second or two on a busy machine


def test_a_person_judges_with_the_arrow_keys_and_sees_the_sequence_move(
    page: Page, url: str, house: DeskHouse
) -> None:
    elsewhere(evaluated(house.ledger, 34, 2))
    page.goto(f"{url}/console/judge?evaluation={EVALUATION}")
    page.get_by_label("API key").fill(house.secrets["tester"])
    page.keyboard.press("Enter")
    page.get_by_text("0 of 36 pairs judged").wait_for()
    _picture(page, "judge")
    for judged in range(1, 37):
        left = page.locator("#left").inner_text()
        page.keyboard.press("ArrowLeft" if left.startswith("Right") else "ArrowRight")
        page.get_by_text(f"{judged} of 36 pairs judged").wait_for()
    page.get_by_text("Proved: the new one is better.").wait_for()
    page.get_by_text("Every pair is judged").wait_for()
    assert float(page.locator("#span").get_attribute("x") or 0) > 50
    _picture(page, "judge-done")


def test_an_unknown_evaluation_is_one_sentence(page: Page, url: str, house: DeskHouse) -> None:
    page.goto(f"{url}/console/judge?evaluation=nope")
    page.get_by_label("API key").fill(house.secrets["tester"])
    page.keyboard.press("Enter")
    page.get_by_text("there is no evaluation").wait_for()
