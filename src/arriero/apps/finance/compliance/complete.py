"""A record that satisfies every rule, invented from end to end, and publications that differ from it.

Tests and corpora say only what is different: `publication("adviser", "retail", text, {"evidence": {"price_days": 3}})`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from arriero.apps.finance.compliance.base import Audience, Profile, Publication, Record
from arriero.core.errors import InputError

_RECORDS: TypeAdapter[Record] = TypeAdapter(Record)
_EVERYBODY: Mapping[str, Any] = {
    "firm": "Tarn Research",
    "published": "2026-03-02",
    "kind": "research",
    "company": "Quillon Instruments",
    "ticker": "QLLN",
    "rating": "BUY",
    "rating_definitions": {
        "BUY": "expected to return at least 5 points more than the benchmark within the horizon",
        "HOLD": "expected to return within 5 points of the benchmark within the horizon",
        "SELL": "expected to return at least 5 points less than the benchmark within the horizon",
    },
    "horizon_months": 12,
    "benchmark": "S&P 500",
    "basis": {"expected_excess_return": 0.07, "buy_from": 0.05, "sell_from": -0.05},
    "probability": 0.62,
    "tool": {
        "method": "a calibrated statistical model of volatility and fundamentals",
        "assumptions": "the past five years are like the next one; costs of 10 basis points a trade",
        "universe": "88 large listed companies",
        "limits": "results vary with each use and over time",
    },
    "citations": [
        {"metric": "revenue", "value": 4120.0, "recomputed": 4120.0, "unit": "USD million",
         "source": "0000000001-26-000012"},
        {"metric": "revenue growth", "value": 8.2, "recomputed": 8.2, "unit": "percent",
         "source": "0000000001-26-000012"},
        {"metric": "net margin", "value": 11.4, "recomputed": 11.4, "unit": "percent",
         "source": "0000000001-26-000012"},
    ],
    "risks": [
        "Two customers buy a third of the output, and either may leave.",
        "A stronger dollar would lower revenue earned abroad.",
    ],
    "distribution": {"buy": 0.40, "hold": 0.45, "sell": 0.15},
    "rated_since": "2024-01-15",
    "history_chart": True,
    "conflicts": {
        "owns_one_percent": False, "makes_market": False, "banking_12_months": False,
        "analyst_holds": False, "household_holds": False, "disclosed": [],
    },
    "certification": {"analyst": "Ines Okafor", "own_views": True, "pay_unrelated": True},
    "personal": False,
    "evidence": {"filed": "2026-02-12", "price_days": 1250, "risk_text_read": True},
    "walls": {"restricted": False, "watch": False, "blackout": False, "inside_information": False},
    "listing": {"price": 84.5, "exchange_listed": True, "penny_disclosure": False},
    "ai_generated": True,
    "ai_systems": [{"name": "wording", "does": ["writes"]}],
    "human_review": "approved",
    "legends": ["risk_of_loss", "not_insured", "past_performance", "rating_definitions",
                "hypothetical", "ai_generated"],
    "approval": {"state": "approved", "author": "Ines Okafor", "principal": "Per Lindqvist",
                 "task": "task-0419"},
    "retention": {"retention_class": "6y", "receipt": "audit-7f3c"},
    "data": [
        {"name": "exchange closes", "kind": "price", "sessions_old": 0, "commercial_use": True},
        {"name": "EDGAR", "kind": "filing", "commercial_use": True},
    ],
}  # fmt: skip
_PERSONAL: Mapping[str, Any] = {
    "personal": True,
    "customer": {
        "age": 46, "other_investments": "index funds", "finances": "salary, no debt, six months of reserves",
        "tax_status": "taxable", "objectives": "growth", "experience": "ten years of listed shares",
        "horizon_months": 96, "liquidity_need": "low", "risk_tolerance": 4,
    },
    "product": {"risk_tier": 3, "minimum_months": 12, "liquid": True},
    "series": {"turnover": 0.8, "cost_to_equity": 0.01},
    "alternatives": [{"name": "an index fund of the sector", "why": "cheaper", "logged": True}],
    "portfolio": {"largest_name": 0.06, "largest_sector": 0.22},
}  # fmt: skip
_SHOWN: Mapping[str, Any] = {
    "expected_return": 0.12,
    "price_target": {
        "value": 95.0, "method": "eleven times next year's cash flow",
        "risks": "margins may fall back to their ten-year mean",
    },
}  # fmt: skip


def complete(profile: str, audience: str) -> dict[str, Any]:
    """The complete record as JSON values.

    Retail readers of a broker-dealer or an adviser get a personal recommendation; institutional readers see a
    price target and an expected return; otherwise these fields are not there.
    """
    advises = profile in {Profile.BROKER_DEALER, Profile.ADVISER}
    record = dict(_EVERYBODY)
    if advises and audience == Audience.RETAIL:
        record |= _PERSONAL
    if audience == Audience.INSTITUTIONAL:
        record |= _SHOWN
    return record


def publication(
    profile: str, audience: str, text: str, different: Mapping[str, Any] | None = None
) -> Publication:
    """A publication of `text` whose record is the complete one but for `different`.

    Objects are merged field by field, lists and plain values replaced; null takes a field away.

    Raises:
        InputError: no such profile, audience or field, or a value of another type; the sentence names it.
    """
    try:
        at = Profile(profile), Audience(audience)
    except ValueError as error:
        raise InputError(
            f"{error}; profiles: {', '.join(Profile)}; audiences: {', '.join(Audience)}"
        ) from None
    return Publication(*at, text, read(merged(complete(profile, audience), different or {})))


def read(record: Mapping[str, Any]) -> Record:
    """A record from JSON values; InputError names the first field that is wrong."""
    try:
        return _RECORDS.validate_python(dict(record))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(f"record.{name}: {first['msg']}; RECORD.md lists the fields") from None


def merged(record: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, Any]:
    """`record` with the values of `different`."""
    found = dict(record)
    for name, value in different.items():
        there = found.get(name)
        both = isinstance(value, Mapping) and isinstance(there, Mapping)
        found[name] = merged(there, value) if both else value  # type: ignore[arg-type]
    return found


if __name__ == "__main__":
    print(json.dumps(complete(*sys.argv[1:3]), indent=2))  # noqa: T201
