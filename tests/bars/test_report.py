"""The table of bars says what the result files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bars import report
from bars.result import Figure, load, save


def test_the_committed_table_is_made_from_the_committed_results(repository: Path) -> None:
    readme = (repository / "bars" / "README.md").read_text(encoding="utf-8")
    assert report.rewritten(readme, report.table(report.results())) == readme


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    saved = save("speed", "it is fast", [Figure("p50", 3.5, "ms", "<= 5", 100, 3.0, 4.0)], tmp_path)
    assert load(tmp_path / "speed.json") == saved


def test_a_missed_bar_stands_out_in_the_table(tmp_path: Path) -> None:
    save("speed", "it is fast", [Figure("p50", 7.0, "ms", "<= 5")], tmp_path)
    assert "| 7 ms | <= 5 ms | **no** |" in report.table(report.results(tmp_path))


def test_a_result_with_a_missed_figure_does_not_hold(tmp_path: Path) -> None:
    figures = [Figure("p50", 1, "ms", "<= 5"), Figure("rate", 1, "per s", ">= 200")]
    assert not save("speed", "it is fast", figures, tmp_path).holds


def test_a_figure_without_a_bar_promises_nothing() -> None:
    assert Figure("prefill", 210, "tokens/s").holds is None


def test_nothing_measured_meets_no_bar() -> None:
    assert Figure("false_alarms", 0.0, "share", "<= 0.01", 0).holds is False
    assert Figure("false_alarms", 0.0, "share", "<= 0.01", 1).holds is True
    assert Figure("kills", 10, "kills", ">= 10").holds is True


def test_a_bar_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="reads like '<= 5'"):
        Figure("p50", 1, "ms", bar="under 5")


def test_a_readme_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lost its marks"):
        report.rewritten("# Bars", "")
