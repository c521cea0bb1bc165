"""A bundle is the same bytes for the same evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from arriero.apps.finance.evidence.base import (
    Bundle,
    Entity,
    Fact,
    Gap,
    Part,
    Reason,
    Source,
    bundle_json,
    bundle_of,
)

FETCHED = datetime(2025, 3, 2, 9, 30, tzinfo=UTC)
BUNDLE = Bundle(
    Entity("LLMA", "Llama Packs Inc."),
    date(2025, 3, 1),
    facts=(
        Fact(
            *("us-gaap", "Assets", "USD", None, date(2024, 12, 31), 1_500.5),
            *("0000000001-25-000001", "10-K", date(2025, 2, 14)),
        ),
    ),
    gaps=(Gap(Part.NEWS, Reason.NO_PROVIDER),),
    sources=(Source(Part.FACTS, "files", FETCHED, "ab" * 32),),
)


def test_a_bundle_survives_json() -> None:
    assert bundle_of(json.loads(json.dumps(bundle_json(BUNDLE)))) == BUNDLE


def test_the_hash_does_not_know_when_a_part_was_fetched() -> None:
    later = replace(BUNDLE.sources[0], retrieved_at=FETCHED + timedelta(days=1))
    assert replace(BUNDLE, sources=(later,)).hash == BUNDLE.hash


def test_the_hash_knows_every_value() -> None:
    other = replace(BUNDLE.facts[0], value=1_500.6)
    assert replace(BUNDLE, facts=(other,)).hash != BUNDLE.hash
