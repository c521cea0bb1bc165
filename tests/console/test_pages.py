"""The console's files as they are served: no key needed, no data in them, nothing from elsewhere."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.server.desk import DeskHouse

FILES = {"inbox": "text/html", "inbox.js": "text/javascript", "console.css": "text/css"}


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_a_page_is_served_without_a_key_and_with_strict_headers(
    url: str, name: str, kind: str
) -> None:
    answer = httpx.get(f"{url}/console/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", FILES)
def test_a_page_names_no_other_host_and_holds_no_inline_script(url: str, name: str) -> None:
    text = httpx.get(f"{url}/console/{name}").text
    assert not re.search(r"https?://", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=\"|style=\"|innerHTML", text)


def test_the_console_begins_at_the_inbox(url: str) -> None:
    answer = httpx.get(f"{url}/console")
    assert (answer.status_code, answer.headers["location"]) == (307, "/console/inbox")


def test_what_is_not_a_file_of_the_console_is_a_404(url: str) -> None:
    for path in ("/console/nope.js", "/console/../files.py", "/console/inbox.html"):
        assert httpx.get(url + path).status_code == 404


def test_the_data_behind_the_page_needs_a_key(url: str, house: DeskHouse) -> None:
    assert httpx.get(f"{url}/v1/tasks").status_code == 401
    assert httpx.get(f"{url}/v1/tasks", headers=house.headers()).status_code == 200
