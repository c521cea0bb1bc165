"""The page of receipts, opened from a file in a real browser: it checks itself, and finds a forgery."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arriero.core.clock import SystemClock
from arriero.core.words import canonical_json
from arriero.security.audit import AuditLog
from arriero.security.audit_export import page as written
from arriero.store.fake import MemoryAudit, MemoryLedger
from tests.console.conftest import elsewhere
from tests.security.audit_samples import fill

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow  # a page takes a second or two on a busy machine


async def _page() -> str:
    ledger = MemoryLedger(SystemClock())
    await fill(ledger, 3)
    log = AuditLog(MemoryAudit(ledger), Ed25519PrivateKey.generate(), SystemClock())
    head = await log.seal()
    assert head is not None
    run = await ledger.run("acme", "plain-1")
    seqs = [*await log.store.about("acme", "plain-1"), 1, head.size]
    return written(await log.bundle(head, seqs, [canonical_json(run)]))


def _opened(page: Page, file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    page.goto(file.as_uri())
    page.locator("#verdict.good, #verdict.bad").wait_for()
    return page.locator("#verdict").inner_text()


def test_a_receipt_checks_itself_and_shows_a_forgery(page: Page, tmp_path: Path) -> None:
    text = elsewhere(_page())
    assert _opened(page, tmp_path / "r.html", text) == (
        "4 of 4 receipts hold; the signature holds."
    )
    assert page.locator("td.mark.good").count() == 4
    page.get_by_text("content", exact=True).first.click()
    assert page.get_by_text("On its way").first.is_visible()
    forged = text.replace('"actor":"eva"', '"actor":"mallory"', 1)
    assert forged != text
    assert _opened(page, tmp_path / "f.html", forged).startswith("3 of 4 receipts hold")
    assert page.locator("td.mark.bad").inner_text() == "does not lead to the root"
    lying = text.replace("On its way", "On its Way", 1)
    assert _opened(page, tmp_path / "l.html", lying).startswith("3 of 4 receipts hold")
    size = text.replace('"size":', '"size":1', 1)
    assert "does not hold" in _opened(page, tmp_path / "s.html", size)


def test_a_receipt_fits_the_width_of_a_phone(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _opened(page, tmp_path / "r.html", elsewhere(_page()))
    page.get_by_text("content", exact=True).first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first = page.locator("#rows tr").first
    named = "cells => cells.map(one => getComputedStyle(one, '::before').content)"
    assert first.locator("td").evaluate_all(named)[:2] == ['"No."', '"When"']
    if folder := os.environ.get("ARRIERO_PICTURES"):
        page.screenshot(path=Path(folder) / "receipt-phone.png", full_page=True)
