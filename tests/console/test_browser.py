"""An agent's work in a real browser: log in, accept, reply with the proposed text, return, resolve."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from arriero.apps.finance.compliance.rulebook import Rulebook
from arriero.apps.support.inbox import Shared
from arriero.apps.support.reviews import Reviews
from arriero.core.errors import Conflict
from arriero.core.words import Action, Ended, Task
from arriero.store.base import Intended, TaskSaved
from arriero.store.failed import failed_action
from arriero.store.records import MemoryRecords
from tests.apps.support.recorded import recorded
from tests.console.conftest import elsewhere
from tests.server.desk import DeskHouse

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

pytestmark = pytest.mark.slow  # a page takes a second or two on a busy machine

Enter = Callable[[], None]
DRAFT = "Standard shipping costs 4.90 EUR."


@pytest.fixture
def enter(page: Page, url: str, house: DeskHouse) -> Enter:
    """Open the inbox and log in with the tester's key."""

    def go() -> None:
        page.goto(f"{url}/console/inbox")
        page.get_by_label("API key").fill(house.secrets["tester"])
        page.get_by_role("button", name="Open the inbox").click()
        page.locator("#desk").wait_for()

    return go


def _handed_over(house: DeskHouse, message: str, **changes: Any) -> Task:
    return elsewhere(house.hand_over(message, **changes))


def _open(page: Page, problem: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=problem).click()
    page.get_by_role("heading", name=problem).wait_for()


def _press(page: Page, name: str, told: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.locator("#told").get_by_text(told).wait_for()


def _task(house: DeskHouse, id: str) -> Task:
    found: list[Task] = elsewhere(house.ledger.tasks("default"))
    return next(task for task in found if task.id == id)


def _said(house: DeskHouse, conversation: str) -> list[Any]:
    return list(elsewhere(house.desk.messages("default", conversation)))


def _picture(page: Page, name: str) -> None:
    """Keep a screenshot where ARRIERO_PICTURES says, for people to look at."""
    if folder := os.environ.get("ARRIERO_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_wrong_key_is_refused_in_a_sentence(page: Page, url: str) -> None:
    page.goto(f"{url}/console/inbox")
    page.get_by_label("API key").fill("arr_wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("not known here").wait_for()
    _picture(page, "login")
    assert page.evaluate("sessionStorage.length") == 0


def test_an_agent_accepts_and_replies_with_the_proposed_text(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    task = _handed_over(house, "What does shipping cost?", conversation="c1", draft=DRAFT)
    enter()
    _open(page, "What does shipping cost?")
    assert not page.get_by_role("button", name="Reply", exact=True).is_visible()
    _press(page, "Accept", "it is yours")
    assert page.get_by_label("customer reads this").input_value() == DRAFT
    _press(page, "Reply", "Sent.")
    page.locator("#said .agent").get_by_text(DRAFT).wait_for()
    assert page.get_by_label("customer reads this").input_value() == ""
    assert (_task(house, task.id).state, _task(house, task.id).actor) == ("accepted", "tester")
    assert _said(house, "c1")[-1]["text"] == DRAFT


def test_an_agent_resolves_with_a_last_word_and_the_task_leaves_the_list(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    task = _handed_over(house, "Where is my parcel?", conversation="c1")
    enter()
    _open(page, "Where is my parcel?")
    _press(page, "Accept", "it is yours")
    page.get_by_label("customer reads this").fill("It arrives tomorrow.")
    _press(page, "Reply and resolve", "Resolved.")
    page.get_by_text("Nothing waits for you.").wait_for()
    assert _task(house, task.id).state == "resolved"
    assert [one["text"] for one in _said(house, "c1")][-2] == "It arrives tomorrow."


def test_an_agent_returns_a_conversation_and_must_say_why(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    task = _handed_over(house, "How do I wash it?", conversation="c1")
    enter()
    _open(page, "How do I wash it?")
    _press(page, "Accept", "it is yours")
    page.get_by_role("button", name="Return to the bot").click()
    page.get_by_role("button", name="Return it").click()
    assert page.get_by_role("dialog").is_visible()  # a reason is required
    _picture(page, "return")
    page.get_by_label("Why?").fill("It is in the care article.")
    page.get_by_role("button", name="Return it").click()
    page.locator("#told").get_by_text("Returned").wait_for()
    assert _task(house, task.id).state == "returned"
    assert _task(house, task.id).payload["note"] == "It is in the care article."


def test_an_agent_approves_an_answer_for_everybody(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    shared: list[Shared] = []

    async def share(tenant: str, one: Shared) -> None:
        if "my" in one.question.lower().split():
            raise Conflict("this is one person's; write it so that it holds for everybody")
        shared.append(one)

    house.desk = replace(house.desk, share=share)
    task = _handed_over(house, "What does my shipping cost?", conversation="c1", draft=DRAFT)
    enter()
    _open(page, "What does my shipping cost?")
    assert not page.get_by_role("button", name="Approve for everybody").is_visible()
    _press(page, "Accept", "it is yours")
    _press(page, "Reply", "Sent.")
    page.get_by_role("button", name="Approve for everybody").click()
    assert page.get_by_label("Answer").input_value() == DRAFT  # what was sent last
    _picture(page, "approve")
    page.get_by_role("button", name="Approve it").click()
    page.locator("#told").get_by_text("one person's").wait_for()
    page.get_by_role("button", name="Approve for everybody").click()
    page.get_by_label("Question").fill("What does shipping cost?")
    page.get_by_role("button", name="Approve it").click()
    page.locator("#told").get_by_text("Approved").wait_for()
    assert [(one.question, one.answer, one.by) for one in shared] == [
        ("What does shipping cost?", DRAFT, "tester")
    ]
    assert _task(house, task.id).state == "accepted"


def test_a_review_is_judged_in_its_own_words(page: Page, house: DeskHouse, enter: Enter) -> None:
    async def told(tenant: str, run: str, value: Any) -> Any:
        return value

    reviews = Reviews(house.ledger, MemoryRecords(), house.clock, 1.0, told)
    house.desk = reviews  # type: ignore[assignment]  # the inbox shows any desk
    answer = {"ended": Ended.ANSWERED, "answer": {"response": DRAFT}}
    now = house.clock.now()
    elsewhere(recorded(house.ledger, "What does shipping cost?", at=now, **answer))
    elsewhere(reviews.draw(now))
    enter()
    _open(page, "What does shipping cost?")
    page.locator("#said .bot").get_by_text(DRAFT).wait_for()
    assert not page.get_by_label("customer reads this").is_visible()
    _picture(page, "review")
    page.get_by_role("button", name="Not acceptable").click()
    page.get_by_label("Why?").fill("It leaves out express.")
    page.get_by_role("button", name="Judge it so").click()
    page.locator("#told").get_by_text("Judged. Thank you.").wait_for()
    assert not page.get_by_role("button", name="Acceptable", exact=True).is_visible()
    (task,) = elsewhere(house.ledger.tasks("default"))
    assert task.state == "queued"  # it waits for a second person


def test_a_principal_approves_the_very_text_and_answers_nobody(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    book = Rulebook(house.ledger, house.clock)
    house.desk = book  # type: ignore[assignment]  # the inbox shows any desk
    text = "XTAM: HOLD over 3 months.\n\nThe reports are graded A."
    task = elsewhere(book.ask("default", "run-1", text, author="somebody else"))
    enter()
    _open(page, "A publication waits for a principal's approval")
    written = page.get_by_label("published as it stands")
    assert written.input_value() == text
    assert not written.is_editable()
    assert "run run-1" in page.locator("#facts").inner_text()
    assert "customer" not in page.locator("#task").inner_text().lower()
    assert not page.get_by_role("heading", name="Conversation").is_visible()
    _picture(page, "approval")
    page.get_by_role("button", name="Reject").click()
    assert "kept with the analysis" in page.locator("#reason").inner_text()
    page.get_by_role("button", name="Keep it").click()
    _press(page, "Approve and publish", "it is published")
    done = _task(house, task.id)
    assert (done.state, done.payload["note"]) == ("resolved", "")


def test_a_change_of_a_rule_and_a_failed_action_have_no_text(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    book, now = Rulebook(house.ledger, house.clock), house.clock.now()
    house.desk = book  # type: ignore[assignment]  # the inbox shows any desk
    left = Intended("run-1", "toy", "default", Action("refund", "refund-1"), now)
    failed = failed_action(left, "the shop cannot be reached", now)
    elsewhere(house.ledger.commit(TaskSaved(failed)))
    elsewhere(book.propose("default", "C03", "off", None, reason="no desk", actor="ada"))
    enter()
    _open(page, "Rule change: C03 off: no desk")
    assert not page.locator("#text").is_visible()
    _press(page, "Approve the change", "the rule is changed")
    _open(page, "refund was promised and not done")
    page.locator("#summary").get_by_text("the shop cannot be reached").wait_for()
    _press(page, "Seen to", "Closed")
    assert _task(house, failed.id).state == "resolved"


def test_what_a_customer_writes_appears_without_a_reload_and_a_draft_is_kept(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    _handed_over(house, "Where is my parcel?", conversation="c1")
    enter()
    _open(page, "Where is my parcel?")
    _press(page, "Accept", "it is yours")
    page.get_by_label("customer reads this").fill("I am looking in")
    elsewhere(house.desk.post("default", "c1", "It is urgent!"))
    _handed_over(house, "A second question", conversation="c2")
    page.locator("#said .customer").get_by_text("It is urgent!").wait_for()
    page.get_by_role("navigation").get_by_role("button", name="A second question").wait_for()
    assert page.get_by_label("customer reads this").input_value() == "I am looking in"


def test_another_task_opened_while_a_reply_is_on_its_way_keeps_its_text(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    for number, message in enumerate(("Where is my parcel?", "A second question")):
        task = _handed_over(house, message, conversation=f"c{number}")
        elsewhere(house.desk.accept("default", task.id, "tester"))
    enter()
    _open(page, "Where is my parcel?")
    page.get_by_label("customer reads this").fill("On Tuesday.")
    held: list[Route] = []
    page.route("**/reply", lambda route: held.append(route))  # noqa: PLW0108  # a builtin is refused
    page.get_by_role("button", name="Reply", exact=True).click()
    _open(page, "A second question")
    page.get_by_label("customer reads this").fill("I am looking in")
    held[0].continue_()
    page.locator("#told").get_by_text("Sent.").wait_for()
    assert page.get_by_role("heading", name="A second question").is_visible()
    assert page.get_by_label("customer reads this").input_value() == "I am looking in"
    assert _said(house, "c0")[-1]["text"] == "On Tuesday."


def test_a_reply_whose_answer_was_lost_is_sent_once_when_it_is_sent_again(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    task = _handed_over(house, "Where is my parcel?", conversation="c1")
    elsewhere(house.desk.accept("default", task.id, "tester"))
    enter()
    _open(page, "Where is my parcel?")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/reply", lose, times=1)
    page.get_by_label("customer reads this").fill("On Tuesday.")
    page.get_by_role("button", name="Reply", exact=True).click()
    page.locator("#told").get_by_text("the server does not answer").wait_for()
    _press(page, "Reply", "Sent.")
    assert [one["text"] for one in _said(house, "c1") if one["sender"] == "agent"] == [
        "On Tuesday."
    ]


def test_a_task_that_somebody_else_took_says_so(page: Page, house: DeskHouse, enter: Enter) -> None:
    task = _handed_over(house, "Where is my parcel?", conversation="c1")
    enter()
    _open(page, "Where is my parcel?")
    page.evaluate("state.busy = true")  # holds the refresh, as a slow line would
    elsewhere(house.desk.accept("default", task.id, "ben"))
    page.evaluate("state.busy = false")
    page.get_by_role("button", name="Accept", exact=True).click()
    page.locator("#told").get_by_text("'ben' has accepted").wait_for()


def test_the_keyboard_is_enough(page: Page, house: DeskHouse, enter: Enter) -> None:
    task = _handed_over(house, "What does shipping cost?", conversation="c1", draft=DRAFT)
    enter()
    page.get_by_role("navigation").locator("li").wait_for()
    page.keyboard.press("j")
    page.get_by_role("heading", name="What does shipping cost?").wait_for()
    page.keyboard.press("a")
    page.locator("#told").get_by_text("it is yours").wait_for()
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.press("Control+Enter")
    page.locator("#told").get_by_text("Sent.").wait_for()
    assert _task(house, task.id).actor == "tester"
    assert _said(house, "c1")[-1]["text"] == DRAFT


def test_the_most_urgent_stands_first_and_overdue_is_said(
    page: Page, house: DeskHouse, enter: Enter
) -> None:
    _handed_over(house, "A calm question", conversation="c1")
    angry = {"labels": {"intent": "complaint", "sentiment": "negative"}}
    _handed_over(house, "This is the third broken jacket!", conversation="c2", **angry)
    enter()
    listed = page.get_by_role("navigation").locator("li .what")
    listed.first.wait_for()
    assert listed.all_inner_texts() == ["This is the third broken jacket!", "A calm question"]
    assert page.locator("li").first.get_by_text("high").is_visible()


def test_text_of_a_customer_is_never_markup(page: Page, house: DeskHouse, enter: Enter) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    _handed_over(house, attack, conversation="c1", draft=attack)
    enter()
    page.get_by_role("navigation").locator("li button").click()
    page.locator("#said .customer").get_by_text("<b>bold</b>").wait_for()
    assert page.locator("#desk img, #desk b").count() == 0
    assert page.title() == "Inbox · Arriero"


def test_the_key_is_kept_for_the_tab_alone_and_can_be_forgotten(
    page: Page, context: BrowserContext, url: str, house: DeskHouse, enter: Enter
) -> None:
    enter()
    page.reload()
    page.locator("#desk").wait_for()
    assert page.evaluate("localStorage.length") == 0
    assert house.secrets["tester"] not in page.url
    other = context.new_page()
    other.goto(f"{url}/console/inbox")
    other.get_by_label("API key").wait_for()
    page.get_by_role("button", name="Forget the key").click()
    page.get_by_label("API key").wait_for()
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_and_every_control_has_a_name(
    page: Page, house: DeskHouse, enter: Enter, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    was = {"ended": Ended.ANSWERED, "answer": {"response": "It is on its way."}}
    earlier = _handed_over(house, "Where is it?", conversation="c1", **was)
    elsewhere(house.desk.accept("default", earlier.id, "ben"))
    elsewhere(house.desk.return_("default", earlier.id, "ben", "the bot knows"))
    angry = {"labels": {"intent": "shipping_cost", "sentiment": "negative"}}
    _handed_over(
        house,
        "It is still not here, and what does express cost?",
        conversation="c1",
        draft=DRAFT,
        **angry,
    )
    _handed_over(house, "A calm question about gloves", conversation="c2")
    enter()
    _open(page, "It is still not here")
    _picture(page, f"task-{scheme}")
    _press(page, "Accept", "it is yours")
    _picture(page, f"accepted-{scheme}")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    page.set_viewport_size({"width": 390, "height": 844})
    _picture(page, f"narrow-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# Texts whose contrast against what is behind them is below 4.5:1 (WCAG 2.1, 1.4.3).
CONTRAST = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] > 0.5) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("#desk *, header *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.getClientRects().length || node.disabled) continue;
    const [one, two] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) poor.push(`${node.tagName} ${node.textContent.trim()}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
NAMELESS = """() => [...document.querySelectorAll("button, input, textarea, nav, section, dialog")]
  .filter((node) => !(node.textContent.trim() || node.getAttribute("aria-label")
    || node.getAttribute("aria-labelledby") || (node.labels && node.labels.length)))
  .map((node) => node.outerHTML)"""


def test_a_message_of_another_day_says_which(page: Page, house: DeskHouse, enter: Enter) -> None:
    _handed_over(house, "Where is my parcel?", conversation="c1")
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=3))
    enter()
    _open(page, "Where is my parcel?")
    said = page.locator("#said .customer .who").first.inner_text()
    assert re.search(r"\d{1,2} [A-Z][a-z]{2}", said)
