"""`arriero ask finance` and `arriero finance ...`, offline on a fresh folder."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Place, one_sentence


def test_the_sample_is_analysed_offline_and_its_page_has_charts(
    place: Place, tmp_path: Path
) -> None:
    html = tmp_path / "report.html"
    ended = place.run("ask", "finance", "--sample", "XPUN", "--json", "--html", str(html))
    assert ended.status == 0, ended
    told = json.loads(ended.out)
    assert told["answer"]["outcome"] == "answered"
    assert "an invented company" in told["answer"]["name"]
    assert told["run"]["labels"]["ticker"] == "XPUN"
    assert html.read_text().count("<svg") >= 4
    # What was asked for an earlier day proves nothing, and is counted apart.
    rows = json.loads(place.run("finance", "scoreboard", "--json").out)["rows"]
    assert rows[0]["made"] == 0
    apart = json.loads(place.run("finance", "scoreboard", "--backdated", "--json").out)["rows"]
    assert apart[0]["made"] == 1


def test_without_a_company_one_sentence_says_what_to_write(place: Place) -> None:
    ended = place.run("ask", "finance")
    assert ended.status == 2
    assert "arriero ask finance AAPL" in one_sentence(ended)


def test_a_day_that_is_none_is_told_in_one_sentence(place: Place) -> None:
    ended = place.run("ask", "finance", "XTAM", "--as-of", "yesterday")
    assert ended.status == 2
    assert "as_of" in one_sentence(ended)
