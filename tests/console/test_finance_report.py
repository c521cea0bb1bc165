"""The finance report as a browser prints it: nothing that the page tells is left out."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from arriero.apps.finance.evidence.base import Gap
from arriero.apps.finance.report.page import page as written
from arriero.apps.finance.values import Analysis, Ruled

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow  # a page takes a second or two on a busy machine

ANSWER = Analysis(
    ticker="XTAM",
    name="Tamarugo",
    gaps=(Gap("news", "unavailable", "no stories of this month"),),
    rules=(Ruled("US-10", "fail", "a target without a basis", "Rule 2241"),),
)


def test_rules_and_gaps_are_printed_closed_or_open(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(written(ANSWER, (), run="r-1"), encoding="utf-8")
    page.goto(file.as_uri())
    for still_open in (2, 0):
        assert page.locator("details[open]").count() == still_open
        printed = " ".join(one.extract_text() for one in PdfReader(BytesIO(page.pdf())).pages)
        assert "no stories of this month" in printed
        assert "a target without a basis" in printed
        for one in page.locator("summary").all():
            one.click()
