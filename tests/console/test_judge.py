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


def test_a_key_that_is_held_down_judges_one_pair(page: Page, url: str, house: DeskHouse) -> None:
    elsewhere(evaluated(house.ledger, 5, 0))
    _opened(page, f"{url}/console/judge?evaluation={EVALUATION}", house)
    page.get_by_text("0 of 5 pairs judged").wait_for()
    page.keyboard.down("ArrowLeft")
    page.get_by_text("1 of 5 pairs judged").wait_for()
    page.keyboard.down("ArrowLeft")  # without an up between: it repeats
    page.keyboard.up("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("2 of 5 pairs judged").wait_for()


def _opened(page: Page, address: str, house: DeskHouse) -> None:
    page.goto(address)
    page.get_by_label("API key").fill(house.secrets["tester"])
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("", "No evaluation is named in the address"),
        ("?evaluation=nope", "There is no evaluation nope"),
    ],
)
def test_without_an_evaluation_the_page_names_those_there_are(
    page: Page, url: str, house: DeskHouse, asked: str, says: str
) -> None:
    elsewhere(evaluated(house.ledger, 3, 2))
    _opened(page, f"{url}/console/judge{asked}", house)
    page.get_by_text(f"{says}; choose the cycle whose answers you judge.").wait_for()
    page.get_by_role("link", name="support, 2026-11-27").click()
    page.get_by_text("0 of 5 pairs judged").wait_for()


def test_before_any_gate_has_run_the_page_says_so(page: Page, url: str, house: DeskHouse) -> None:
    _opened(page, f"{url}/console/judge", house)
    page.get_by_text("no cycle has one yet").wait_for()
    assert page.get_by_role("button", name="Left is better").count() == 0
