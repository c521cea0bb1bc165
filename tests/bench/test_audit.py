"""The evaluation of the audit log, small: nothing of it is missed, and a lazy verifier misses most."""

from __future__ import annotations

from pathlib import Path

from arriero.bench.audit import measure


async def test_every_tampering_of_a_small_run_is_found(tmp_path: Path) -> None:
    told = await measure(700, 60, tmp_path)
    assert told["tamperings_found"].value == 1
    assert told["tamperings_found_by_lazy"].value < 0.5
    assert told["proofs_wrong"].value == told["findings_untouched"].value == 0
    assert told["appends_per_s"].n == 700
