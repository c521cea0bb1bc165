"""The web chat in a real browser, on a page of another origin with a strict policy of its own."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.console.conftest import elsewhere
from tests.console.test_browser import CONTRAST, NAMELESS
from tests.server.chatting import ChatHouse

if TYPE_CHECKING:
    from playwright.sync_api import Page

browsed = pytest.mark.slow  # a page takes a second or two on a busy machine


class Shop(ThreadingHTTPServer):
    """The company's site: one page with the script tag, and its own way to a token."""

    daemon_threads = True
    arriero = ""
    key = ""
    customer: str | None = "c-0042"
    renewed = 0
    attributes = ""
    logged_out = False  # then the way to a token ends at a page to log in


class _Answer(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        shop = self.server
        page = (
            '<!doctype html><html lang="en"><title>Puna Outdoor</title><h1>Our boots</h1>'
            f'<script src="{shop.arriero}/chat.js" data-app="toy" data-token-url="/chat-token" '
            f"{shop.attributes} defer></script>"
        )
        policy = (
            f"default-src 'none'; script-src {shop.arriero}; style-src {shop.arriero}; "
            f"connect-src 'self' {shop.arriero}; require-trusted-types-for 'script'"
        )
        self._send(page.encode(), "text/html", {"content-security-policy": policy})

    def do_POST(self) -> None:
        shop = self.server
        shop.renewed += 1
        if shop.logged_out:
            self._send(b"<h1>Log in</h1>", "text/html", {})
            return
        body = {} if shop.customer is None else {"customer": shop.customer}
        made = httpx.post(
            f"{shop.arriero}/v1/toy/chat-tokens",
            json=body,
            headers={"authorization": f"Bearer {shop.key}"},
        )
        self._send(made.content, "application/json", {})

    def _send(self, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {
            "content-type": kind,
            "content-length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def site() -> Iterator[Shop]:
    with Shop(("127.0.0.1", 0), _Answer) as shop:
        thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield shop
        shop.shutdown()
        thread.join(5)


def _address(site: Shop) -> str:
    return f"http://127.0.0.1:{site.server_address[1]}"


@pytest.fixture
def house(tmp_path: Path, site: Shop) -> ChatHouse:
    return ChatHouse(tmp_path, origins=[_address(site)])


@pytest.fixture
def shop(site: Shop, url: str, house: ChatHouse) -> Shop:
    site.arriero, site.key = url, house.secrets["tester"]
    return site


def _open(page: Page, shop: Shop) -> None:
    page.goto(_address(shop))
    page.get_by_role("button", name="Chat with us").click()
    page.get_by_role("log").get_by_text("Hello! Ask me").wait_for()


def _say(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")
    page.get_by_role("log").locator("li.customer .said").get_by_text(
        text, exact=True
    ).last.wait_for()


def _answered(page: Page, text: str) -> None:
    page.get_by_role("log").locator("li.bot .said").get_by_text(text, exact=True).last.wait_for()


def _kept(page: Page) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(page.evaluate("Object.values(localStorage)[0]"))
    return kept


def _picture(page: Page, name: str) -> None:
    """Keep a screenshot where ARRIERO_PICTURES says, for people to look at."""
    if folder := os.environ.get("ARRIERO_PICTURES"):
        page.screenshot(path=Path(folder) / f"chat-{name}.png")


@pytest.mark.parametrize(
    ("name", "kind"), [("chat.js", "text/javascript"), ("chat.css", "text/css")]
)
def test_its_files_may_be_loaded_by_any_page_and_name_no_other_host(
    url: str, name: str, kind: str
) -> None:
    answer = httpx.get(f"{url}/{name}")
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert not [line for line in answer.text.splitlines() if "http" in line and "YOUR" not in line]
    assert "innerHTML" not in answer.text


@browsed
def test_a_customer_is_answered_on_a_page_with_a_strict_policy(
    page: Page, shop: Shop, house: ChatHouse
) -> None:
    _open(page, shop)
    _say(page, "Do you have boots?")
    _answered(page, "Do you have boots?")
    _picture(page, "answered")
    run = elsewhere(house.ledger.runs("default"))[0]
    assert run.unit == f"web:c-0042:{_kept(page)['id']}"
    assert page.evaluate("document.cookie") == ""


@browsed
def test_a_stage_is_said_while_the_answer_is_made(page: Page, shop: Shop, house: ChatHouse) -> None:
    house.toy.wait_s = 1.5
    _open(page, shop)
    _say(page, "a slow question")
    page.get_by_role("status").get_by_text("Looking it up").wait_for()
    _picture(page, "working")
    _answered(page, "a slow question")
    assert page.get_by_role("status").inner_text() == ""


@browsed
def test_what_a_colleague_writes_appears_and_the_conversation_outlives_a_reload(
    page: Page, shop: Shop, house: ChatHouse
) -> None:
    _open(page, shop)
    _say(page, "Where is my parcel?")
    _answered(page, "Where is my parcel?")
    place = f"web:c-0042:{_kept(page)['id']}"
    task = elsewhere(house.hand_over("Where is my parcel?", conversation=place))
    _say(page, "Hello, anybody?")
    page.get_by_role("log").get_by_text("with our team").wait_for()
    elsewhere(house.desk.accept("default", task.id, "ana"))
    elsewhere(house.desk.reply("default", task.id, "ana", "It comes on Tuesday."))
    page.get_by_role("log").locator("li.agent").get_by_text("It comes on Tuesday.").wait_for()
    _picture(page, "colleague")
    page.reload()
    page.wait_for_timeout(500)  # the closed chat has asked: from here on it would ask seldom
    page.get_by_role("button", name="Chat with us").click()
    lines = page.get_by_role("log").locator("li")
    page.get_by_role("log").get_by_text("It comes on Tuesday.").wait_for()
    assert lines.filter(has_text="Where is my parcel?").count() == 2  # asked, and the toy's echo
    elsewhere(house.desk.resolve("default", task.id, "ana", "Good bye."))
    page.get_by_role("log").get_by_text("Good bye.").wait_for()
    page.wait_for_function("JSON.parse(Object.values(localStorage)[0]).waits === false")


@browsed
def test_a_colleagues_word_is_counted_on_the_closed_chat(
    page: Page, shop: Shop, house: ChatHouse
) -> None:
    _open(page, shop)
    _say(page, "Where is my parcel?")
    _answered(page, "Where is my parcel?")
    place = f"web:c-0042:{_kept(page)['id']}"
    elsewhere(house.hand_over("Where is my parcel?", conversation=place))
    _say(page, "Hello?")
    _answered(page, "Hello?")
    page.keyboard.press("Escape")
    assert page.get_by_role("region", name="Customer service").count() == 0
    page.reload()  # asks at once, and finds what was said meanwhile
    page.get_by_role("button", name="1 new messages").wait_for()
    _picture(page, "badge")


@browsed
def test_a_message_under_way_when_the_page_is_reloaded_is_answered_once(
    page: Page, shop: Shop, house: ChatHouse
) -> None:
    house.toy.wait_s = 1.5
    _open(page, shop)
    _say(page, "a slow question")
    page.get_by_role("status").get_by_text("Looking it up").wait_for()
    page.reload()
    page.get_by_role("button", name="1 new messages").click()
    _answered(page, "a slow question")
    lines = page.get_by_role("log").locator("li")
    assert lines.filter(has_text="a slow question").count() == 2  # asked, and answered
    assert len(elsewhere(house.ledger.runs("default"))) == 1
    page.reload()  # what is answered is not sent again
    page.get_by_role("button", name="Chat with us").click()
    page.wait_for_timeout(500)
    assert lines.filter(has_text="a slow question").count() == 2


@browsed
def test_another_customer_of_the_same_browser_sees_nothing_of_it(page: Page, shop: Shop) -> None:
    _open(page, shop)
    _say(page, "My secret question")
    _answered(page, "My secret question")
    shop.customer = "c-0043"
    _open(page, shop)
    page.wait_for_timeout(500)
    assert page.get_by_role("log").locator("li").count() == 1
    shop.customer = "c-0042"
    _open(page, shop)
    _answered(page, "My secret question")


@browsed
def test_a_conversation_can_be_deleted(page: Page, shop: Shop) -> None:
    _open(page, shop)
    _say(page, "My secret question")
    _answered(page, "My secret question")
    page.get_by_role("button", name="Delete this conversation").click()
    assert page.get_by_role("log").locator("li").count() == 1
    assert page.evaluate("localStorage.length") == 0


@browsed
def test_a_server_that_is_gone_is_said_in_a_sentence_and_the_message_is_sent_again(
    page: Page, shop: Shop, house: ChatHouse
) -> None:
    _open(page, shop)
    page.wait_for_timeout(300)
    page.route("**/chat/messages", lambda route: route.abort())
    _say(page, "Are you there?")
    page.get_by_role("alert").get_by_text("cannot be reached").wait_for()
    _picture(page, "gone")
    page.unroute("**/chat/messages")
    page.get_by_role("button", name="Send again").click()
    _answered(page, "Are you there?")
    assert page.get_by_role("alert").inner_text() == ""
    assert house.toy.told == 1


@browsed
def test_an_answer_that_breaks_off_is_said_and_the_message_can_be_sent_again(
    page: Page, shop: Shop, house: ChatHouse
) -> None:
    _open(page, shop)
    page.wait_for_timeout(300)
    # The line goes dead after the first stage, as on a train.
    page.evaluate(
        """() => { const real = window.fetch; window.fetch = async (...asked) => {
             const answer = await real(...asked);
             if (!answer.body || !(asked[1] || {}).body || window.mended) return answer;
             const broken = new ReadableStream({ pull(to) { to.error(new TypeError("network error")); } });
             return new Response(broken, { status: 200, headers: answer.headers });
           }; }"""
    )
    _say(page, "Are you there?")
    page.get_by_role("alert").get_by_text("cannot be reached").wait_for()
    page.evaluate("window.mended = true")
    page.get_by_role("button", name="Send again").click()
    _answered(page, "Are you there?")
    assert house.toy.told == 1


@browsed
def test_who_is_logged_out_meanwhile_is_told_so(page: Page, shop: Shop) -> None:
    shop.logged_out = True
    page.goto(_address(shop))
    page.get_by_role("button", name="Chat with us").click()
    page.get_by_role("alert").get_by_text("Your chat has ended").wait_for()


@browsed
def test_a_browser_that_keeps_nothing_can_chat_and_delete_all_the_same(
    page: Page, shop: Shop
) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied'); } })"
    )
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(error.message))
    _open(page, shop)
    _say(page, "hello")
    _answered(page, "hello")
    page.get_by_role("button", name="Delete this conversation").click()
    assert page.get_by_role("log").locator("li").count() == 1
    assert not wrong


@browsed
def test_an_expired_token_is_renewed_without_a_word(page: Page, shop: Shop) -> None:
    _open(page, shop)
    _say(page, "hello")
    _answered(page, "hello")
    before = shop.renewed
    page.route(
        "**/chat/messages",
        lambda route: (
            route.continue_(headers={**route.request.headers, "authorization": "Bearer over"})
            if shop.renewed == before
            else route.continue_()
        ),
    )
    _say(page, "hello again")
    _answered(page, "hello again")
    assert shop.renewed == before + 1


@browsed
def test_the_texts_and_the_colour_are_the_companys(page: Page, shop: Shop) -> None:
    shop.attributes = (
        "data-title='Kundendienst' data-color='#7a1f5c' "
        'data-texts=\'{"open": "Fragen?", "send": "Senden", "label": "Ihre Nachricht"}\''
    )
    page.goto(_address(shop))
    page.get_by_role("button", name="Fragen?").click()
    page.get_by_role("region", name="Kundendienst").wait_for()
    page.get_by_label("Ihre Nachricht").fill("Hallo")
    page.get_by_role("button", name="Senden").click()
    _answered(page, "Hallo")


@browsed
def test_text_is_never_markup(page: Page, shop: Shop) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    _open(page, shop)
    _say(page, attack)
    _answered(page, attack)
    assert page.locator("#arriero-chat img, #arriero-chat b").count() == 0
    assert page.title() == "Puna Outdoor"


@browsed
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_operable_by_keyboard_named_and_readable(page: Page, shop: Shop, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(_address(shop))
    page.get_by_role("button", name="Chat with us").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("log").wait_for()
    page.keyboard.type("Do you have boots?")
    page.keyboard.press("Enter")
    _answered(page, "Do you have boots?")
    _picture(page, f"keyboard-{scheme}")
    assert page.evaluate(_inside(CONTRAST)) == []
    assert page.evaluate(_inside(NAMELESS)) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")  # the focus is back on the button
    page.get_by_role("log").wait_for()


def _inside(check: str) -> str:
    """A check of the console's pages, for what is inside the chat."""
    inside = 'document.querySelector("#arriero-chat").shadowRoot.querySelectorAll("'
    return check.replace('document.querySelectorAll("', inside).replace("#desk *, header *", "*")


@browsed
def test_a_small_screen_shows_it_whole(page: Page, shop: Shop) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    _open(page, shop)
    _say(page, "Do you have boots?")
    _answered(page, "Do you have boots?")
    _picture(page, "small")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
