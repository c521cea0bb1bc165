"""HTML becomes text with a paragraph a line, and what stands out is known."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from arriero.apps.finance.filings.base import Look
from arriero.apps.finance.filings.page import page
from arriero.core.errors import MissingExtra


def looks(html: str) -> dict[str, Look]:
    sheet = page(html)
    return {run.of(sheet.text).strip(): run.look for run in sheet.runs}


def test_plain_text_stays_as_it_is() -> None:
    text = "Item 1A.  Risk <b>Factors</b>\r\n\r\n  one\u00a0two \n"
    assert page(text).text == text


def test_tables_of_a_filing_in_plain_text_do_not_make_it_html() -> None:
    text = "Item 1A. Risk Factors\n\n<PAGE>\n<TABLE>\n<S>    <C>\nBrine  12\n</TABLE>\n"
    assert page(text).text == text


def test_blocks_end_lines_and_spaces_collapse() -> None:
    html = "<div>one <span>two</span>\n  three</div><p>four&#160;&#160;five<br/>six</p>"
    assert page(html).text == "one two three\nfour five\nsix"


def test_words_that_elements_cut_through_stay_whole() -> None:
    assert page("<p><span>r</span><span>isk</span> <b>fac</b>tors</p>").text == "risk factors"


def test_cells_of_a_row_share_a_line_and_a_bullet_stands_before_its_text() -> None:
    html = "<table><tr><td><p>\u2022</p></td><td><p>one</p><p>two</p></td></tr><tr><td>three</td></tr></table>"
    assert page(html).text == "\u2022 one\ntwo\nthree"


def test_what_a_browser_hides_is_left_out() -> None:
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><div style='display:none'>a</div>"
        "<ix:header>b</ix:header><p>c<ix:nonNumeric>d</ix:nonNumeric></p><script>e</script></body></html>"
    )
    assert page(html).text == "cd"


def test_emphasis_is_inherited_and_taken_back() -> None:
    html = (
        "<div style='font-weight:700'>one<span style='font-weight:400'>two</span></div>"
        "<p><b><i>three</i></b> <u>four</u> <span style='font-style:italic;font-weight:bold'>five</span></p>"
    )
    assert looks(html) == {
        "one": Look.BOLD,
        "three": Look.BOLD | Look.ITALIC,
        "four": Look.UNDERLINE,
        "five": Look.BOLD | Look.ITALIC,
    }


def test_pages_that_nest_ten_thousand_deep_are_read() -> None:
    assert page("<div>" * 10_000 + "deep" + "</div>" * 10_000).text.strip() == "deep"


def test_text_before_html_keeps_its_line_breaks() -> None:
    assert page("<html><body><pre>one\n  two\n</pre></body></html>").text == "one\n  two\n"


def test_without_its_parser_html_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("selectolax"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert page("plain").text == "plain"
    with pytest.raises(MissingExtra, match=r"arriero\[finance\]"):
        page("<p>one</p>")
