"""C18 to C26: walls, caps, labels, supervision, records, data, probabilities."""

from __future__ import annotations

import re
from collections.abc import Iterator

from arriero.apps.finance.compliance.base import Audience
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
REVIEWS = ("not_required", "waiting", "approved")
SOURCES = ("price", "filing", "news", "other")
WALLS = ("restricted", "watch", "blackout", "inside_information")
NOT_AVAILABLE = "not available"  # all that a reader learns of a restricted name
_DOES = (
    ("writes", re.compile(r"\b(?:writ|wrote)")),
    ("trades", re.compile(r"\btrad")),
    (
        "selects",
        re.compile(
            r"\b(?:pick|select|choos|chose|identif|find|found|spot|discover|rank|rated|rates|detect)"
        ),
    ),
)


def walls(matter: Matter) -> Iterator[Wrong]:
    """C18: first, and without a word about why."""
    known = matter.record.walls
    clear = known is not None and all(getattr(known, name) is False for name in WALLS)
    if not clear or any(matter.claims(NOT_AVAILABLE)):
        yield wrong("", NOT_AVAILABLE)


def concentration(matter: Matter) -> Iterator[Wrong]:
    """C19"""
    yield from matter.claims("urges to put all on one card")
    if not need(matter.record.personal, "personal"):
        raise NotAsked
    known = need(matter.record.portfolio, "portfolio")
    for field, limit in (("largest_name", "name"), ("largest_sector", "sector")):
        if (share := need(getattr(known, field), f"portfolio.{field}")) > matter.limit(limit):
            yield wrong(
                f"portfolio.{field}", f"{share:.0%} in one {limit}, above {matter.limit(limit):.0%}"
            )
    if (fund := known.fund) is None:
        return
    small = need(fund.in_small_positions, "portfolio.fund.in_small_positions")
    if small < matter.limit("in_small_positions"):
        yield wrong(
            "portfolio.fund.in_small_positions",
            f"{small:.0%} in small positions, below {matter.limit('in_small_positions'):.0%}",
        )
    for field, limit in (
        ("largest_voting", "voting"),
        ("largest_issuer", "issuer"),
        ("over_five_percent", "over_five_percent"),
    ):
        if (share := need(getattr(fund, field), f"portfolio.fund.{field}")) > matter.limit(limit):
            yield wrong(f"portfolio.fund.{field}", f"{share:.0%}, above {matter.limit(limit):.0%}")


def penny_stocks(matter: Matter) -> Iterator[Wrong]:
    """C20"""
    known = need(matter.record.listing, "listing")
    price = need(known.price, "listing.price")
    penny = price < matter.limit("price") and not need(
        known.exchange_listed, "listing.exchange_listed"
    )
    if known.penny_disclosure:
        return
    if penny:
        yield wrong(
            "listing", f"an unlisted share at {known.price:g} dollars without its disclosure"
        )

    def no_penny(hit: Hit) -> bool:
        """Whether the amount is a fact with a source, or the price of a share that is none by the record."""
        amount = matter.said(hit, own=True)
        return (
            (bool(amount) and matter.cited(hit))
            or (not penny and matter.known(amount, [price]))
            or matter.beside(hit)
        )

    yield from matter.claims("recommends a penny stock without its disclosure", excused=no_penny)


def machines(matter: Matter) -> Iterator[Wrong]:
    """C21"""
    registered = {
        what
        for one in need(matter.record.ai_systems, "ai_systems")
        for what in need(one.does, "ai_systems.does")
    }

    def true(hit: Hit) -> bool:
        if hit.pattern.name == "boast":
            return False
        said = matter.scene.said(hit.first, hit.last)
        meant = next((name for name, words in _DOES if words.search(said)), "predicts")
        return meant in registered

    yield from matter.claims("says of a machine what no registered system does", excused=true)


def legends(matter: Matter) -> Iterator[Wrong]:
    """C22"""
    record = matter.record
    need(record.firm, "firm")
    need(record.published, "published")
    for id in matter.rule.legends:
        yield from matter.legend(id, "always")
    if need(record.ai_generated, "ai_generated"):
        yield from matter.legend("ai_generated", "worded by a machine")
        if one_of(record.human_review, REVIEWS, "human_review") == "waiting":
            yield wrong("human_review", "machine-worded text waits for its review")
        yield from matter.claims("denies that a machine worded it", "C22_human")
    yield from matter.claims("calls it insured or endorsed, or does without name, date or legends")


def supervision(matter: Matter) -> Iterator[Wrong]:
    """C23"""
    yield from matter.claims("evades supervision")
    retail = matter.publication.audience is Audience.RETAIL
    if not retail and one_of(matter.record.kind, KINDS, "kind") != "research":
        return
    known = need(matter.record.approval, "approval")
    if (state := need(known.state, "approval.state")) != "approved":
        yield wrong("approval.state", f"the approval is {state}")
    author, principal = (
        need(known.author, "approval.author"),
        need(known.principal, "approval.principal"),
    )
    if _same(author, principal):
        yield wrong("approval.principal", "the author approved it alone; another person has to")
    need(known.task, "approval.task")


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def kept(matter: Matter) -> Iterator[Wrong]:
    """C24"""
    yield from matter.claims("evades the keeping of records")
    known = need(matter.record.retention, "retention")
    need(known.receipt, "retention.receipt")
    said = need(known.retention_class, "retention.retention_class")
    least = matter.limit(f"years_{matter.publication.profile}")
    years = re.fullmatch(r"(\d+)\s?y(?:ears)?", said.strip().lower())
    if said != "permanent" and (years is None or int(years[1]) < least):
        yield wrong(
            "retention.retention_class", f"class {said!r} keeps it less than {least:g} years"
        )


def data(matter: Matter) -> Iterator[Wrong]:
    """C25"""
    yield from matter.claims("rests on old or unlicensed data")
    sources = need(matter.record.data, "data")
    if not sources:
        yield wrong("data", "no source is on record")
    for one in sources:
        name = need(one.name, "data.name")
        if one_of(one.kind, SOURCES, f"data.{name}.kind") == "price":
            old = need(one.sessions_old, f"data.{name}.sessions_old")
            if old > matter.limit("sessions"):
                yield wrong(f"data.{name}", f"prices are {old} sessions old")
        if not need(one.commercial_use, f"data.{name}.commercial_use"):
            yield wrong(f"data.{name}", "the source may not be used commercially")


def probabilities(matter: Matter) -> Iterator[Wrong]:
    """C26"""
    yield from matter.claims("hides how a probability is found, or that it is hypothetical")
    record = matter.record
    shown = list(matter.scene.hits("C26_shown"))
    if record.probability is None and not shown:
        return
    if record.probability is None:
        yield from matter.claims(
            "names a probability that is not on record",
            "C26_shown",
            matter.beside,
        )
        return
    every = (record.probability, *record.probabilities)
    for one in every:
        if not 0 <= one <= 1:
            yield wrong("probability", f"{one:g} is no probability")
    tool = need(record.tool, "tool")
    for name in ("method", "assumptions", "universe", "limits"):
        need(getattr(tool, name), f"tool.{name}")
    yield from matter.legend("hypothetical", "a probability is shown")
    known = (*every, *(1 - one for one in every))

    def same(hit: Hit) -> bool:
        start, end = matter.scene.span(*matter.scene.sentence(hit.first))
        said = shares(matter.scene.text[start : end + 2])  # the sign after the last figure, too
        return (
            bool(said)
            and all(any(abs(one - value) <= within for value in known) for one, within in said)
        ) or matter.beside(hit)

    yield from matter.claims(
        f"names another probability than {record.probability:g}", "C26_shown", same
    )
