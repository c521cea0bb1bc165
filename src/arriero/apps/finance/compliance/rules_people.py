"""C10 to C17: who rates, who is paid, and for whom a recommendation is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.apps.finance.compliance.base import Conflicts, Profile
from arriero.apps.finance.compliance.matter import (
    Matter,
    NotAsked,
    Wrong,
    need,
    one_of,
    shares,
    wrong,
)
from arriero.apps.finance.compliance.meaning import Hit

KINDS = ("research", "marketing")
CONFLICTS = (
    "owns_one_percent",
    "makes_market",
    "banking_12_months",
    "analyst_holds",
    "household_holds",
)
_HOLDING = re.compile(r"\b(?:owns?|owned|holds?|holding|stakes?|position|shares?|long|short)\b")
_SERVING = re.compile(
    r"\b(?:paid|pays?|payments?|money|fees?|bank\w*|business|mandates?|market|work\w*)\b"
)
ASKED = (
    *("age", "other_investments", "finances", "tax_status", "objectives", "experience"),
    *("horizon_months", "liquidity_need", "risk_tolerance"),
)


def distribution(matter: Matter) -> Iterator[Wrong]:
    """C10"""
    yield from matter.claims("rates one way only, or keeps its ratings to itself")
    if one_of(matter.record.kind, KINDS, "kind") != "research":
        return
    spread = need(matter.record.distribution, "distribution")
    known = [
        need(getattr(spread, name), f"distribution.{name}") for name in ("buy", "hold", "sell")
    ]
    if abs(sum(known) - 1) > matter.limit("sum_tolerance") or min(known) < 0:
        yield wrong("distribution", f"the shares of ratings add up to {sum(known):.2f}, not to 1")

    def same(hit: Hit) -> bool:
        start, end = matter.scene.span(*matter.scene.sentence(hit.first))
        said = shares(matter.scene.text[start : end + 2])
        return (
            bool(said)
            and all(any(abs(one - share) <= within for share in known) for one, within in said)
        ) or matter.beside(hit)

    yield from matter.claims("names another share of ratings than the record", "C10_share", same)
    published, since = (
        need(matter.record.published, "published"),
        need(matter.record.rated_since, "rated_since"),
    )
    if (published - since).days >= matter.limit("chart_after_days") and not need(
        matter.record.history_chart, "history_chart"
    ):
        yield wrong(
            "history_chart", f"rated since {since}: the price with the ratings' history is missing"
        )


def conflicts(matter: Matter) -> Iterator[Wrong]:
    """C11"""
    known = need(matter.record.conflicts, "conflicts")
    there = {name for name in CONFLICTS if need(getattr(known, name), f"conflicts.{name}")}
    told = set(need(known.disclosed, "conflicts.disclosed"))
    for name in sorted(there - told):
        yield wrong(f"conflicts.{name}", f"{name.replace('_', ' ')} is not disclosed")
    yield from matter.claims("keeps a conflict from the reader")
    for group, why in _contradicted(known):
        yield from matter.claims(why, group)
    holds = bool(known.analyst_holds or known.household_holds or known.owns_one_percent)
    serves = bool(known.banking_12_months or known.makes_market)

    def free(hit: Hit) -> bool:
        """Whether what is denied is a kind of conflict that the record has not."""
        said = matter.scene.said(hit.first, hit.last)
        meant = [
            there for words, there in ((_HOLDING, holds), (_SERVING, serves)) if words.search(said)
        ]
        return not any(meant) if meant else not there

    yield from matter.claims(
        "calls itself free of conflicts, which the record is not", "C11_unbiased", free
    )


def _contradicted(known: Conflicts) -> Iterator[tuple[str, str]]:
    """What the text may not say, because the record says otherwise."""
    if not (known.analyst_holds or known.household_holds or known.owns_one_percent):
        yield "C11_holds", "tells of a holding that is not on record as a conflict"
    if not known.banking_12_months:
        yield "C11_paid", "tells of payments that are not on record as a conflict"
    if not (known.banking_12_months or known.makes_market):
        yield "C11_bank", "tells of business with the company that is not on record as a conflict"


def certification(matter: Matter) -> Iterator[Wrong]:
    """C12"""
    yield from matter.claims("ties pay to the view, or disowns it")
    if one_of(matter.record.kind, KINDS, "kind") != "research":
        return
    known = need(matter.record.certification, "certification")
    need(known.analyst, "certification.analyst")
    if not need(known.own_views, "certification.own_views"):
        yield wrong(
            "certification.own_views", "the analyst does not certify the views as the analyst's own"
        )
    if not need(known.pay_unrelated, "certification.pay_unrelated"):
        yield wrong("certification.pay_unrelated", "pay depends on the recommendation")


def customer(matter: Matter) -> Iterator[Wrong]:
    """C13"""
    yield from matter.claims("recommends without knowing the customer")
    advice = list(matter.claims("advises its reader personally", "C13_personal"))
    personal = need(matter.record.personal, "personal")
    if matter.publication.profile is Profile.PUBLISHER:
        yield from advice
        if personal:
            yield wrong("personal", "a publisher makes no personal recommendation")
        return
    if not personal and not advice:
        return
    if matter.record.customer is None and advice:
        yield from advice
        return
    known = need(matter.record.customer, "customer")
    for name in ASKED:
        need(getattr(known, name), f"customer.{name}")


def fits(matter: Matter) -> Iterator[Wrong]:
    """C14"""
    product, known = matter.record.product, matter.record.customer
    yield from matter.claims("says that it suits everybody")
    cautious = product is not None and product.risk_tier is not None and product.risk_tier <= 2
    if not cautious:
        yield from matter.claims("offers it to those who can bear little risk", "C14_cautious")
    _only_personal(matter)
    known, product = need(known, "customer"), need(product, "product")
    tier, tolerance = (
        need(product.risk_tier, "product.risk_tier"),
        need(known.risk_tolerance, "customer.risk_tolerance"),
    )
    if tier > tolerance:
        yield wrong(
            "product.risk_tier", f"risk tier {tier} is above the customer's tolerance {tolerance}"
        )
    least, horizon = (
        need(product.minimum_months, "product.minimum_months"),
        need(known.horizon_months, "customer.horizon_months"),
    )
    if horizon < least:
        yield wrong(
            "customer.horizon_months",
            f"the customer's {horizon} months are fewer than the {least} that it needs",
        )
    if one_of(
        known.liquidity_need, ("low", "medium", "high"), "customer.liquidity_need"
    ) == "high" and not need(product.liquid, "product.liquid"):
        yield wrong(
            "product.liquid",
            "the customer needs the money at short notice, the product is not liquid",
        )


def basis(matter: Matter) -> Iterator[Wrong]:
    """C15"""
    yield from matter.claims("has no reasonable basis")
    if matter.record.rating == "NO_RATING":
        return  # nothing is recommended, so nothing needs a basis: what is missing can be told
    known = need(matter.record.evidence, "evidence")
    filed, published = (
        need(known.filed, "evidence.filed"),
        need(matter.record.published, "published"),
    )
    months = (
        (published.year - filed.year) * 12
        + published.month
        - filed.month
        - (published.day < filed.day)
    )
    if filed > published:
        yield wrong(
            "evidence.filed", f"the filing of {filed} is later than the publication of {published}"
        )
    if months >= matter.limit("filing_months"):
        yield wrong("evidence.filed", f"the newest filing is {months} months old")
    if (days := need(known.price_days, "evidence.price_days")) < matter.limit("price_days"):
        yield wrong(
            "evidence.price_days",
            f"{days} days of prices; {matter.limit('price_days'):g} are needed",
        )
    if not need(known.risk_text_read, "evidence.risk_text_read"):
        yield wrong("evidence.risk_text_read", "the risk text was not read")


def series(matter: Matter) -> Iterator[Wrong]:
    """C16"""
    yield from matter.claims("urges to trade again and again")
    _only_personal(matter)
    known = need(matter.record.series, "series")
    for name in ("turnover", "cost_to_equity"):
        if (value := need(getattr(known, name), f"series.{name}")) > matter.limit(name):
            yield wrong(
                f"series.{name}",
                f"{name.replace('_', ' ')} is {value:g}, above {matter.limit(name):g}",
            )


def alternatives(matter: Matter) -> Iterator[Wrong]:
    """C17"""
    yield from matter.claims("leaves no alternative")
    _only_personal(matter)
    known = need(matter.record.alternatives, "alternatives")
    if not any(one.name and one.why in {"cheaper", "lower_risk"} and one.logged for one in known):
        yield wrong(
            "alternatives", "no cheaper or less risky alternative was considered and put on record"
        )


def _only_personal(matter: Matter) -> None:
    if not need(matter.record.personal, "personal"):
        raise NotAsked
