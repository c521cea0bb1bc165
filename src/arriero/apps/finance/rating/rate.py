"""A rating of the views, its confidence with its parts, and what would change it. Pure: no clock, no model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from arriero.apps.finance.numbers import say
from arriero.apps.finance.rating.table import Basis, Rule, Table
from arriero.apps.finance.values import Calibration, Confidence, Earlier, Part, Rating
from arriero.apps.finance.views import GRADES, RISKS, Views

CALIBRATED = "calibrated"
MONTH_DAYS = 30.4375  # the mean month of the Gregorian calendar


@dataclass(frozen=True, slots=True)
class Rated:
    """What the table says, and from what."""

    rating: Rating
    rule: Rule
    basis: Basis
    confidence: Confidence
    would_change: tuple[str, ...]


def basis_of(
    views: Views,
    as_of: date,
    table: Table,
    *,
    earlier: Earlier | None = None,
    caution: float = 0.0,
    unfilled: int = 0,
) -> Basis:
    """What the rules look at. `caution` (a drift alarm's) is taken off both edges."""
    health, outlook, danger = views.health, views.outlook, views.danger
    filed = health.filed if health else None
    up = down = None
    if outlook is not None and outlook.p_up is not None:
        base = 0.5 if outlook.base_rate is None else outlook.base_rate
        up = outlook.p_up - max(0.5, base) - caution
        down = min(0.5, base) - outlook.p_up - caution
    expected = outlook.expected if outlook else None
    return Basis(
        price_days=views.price_days,
        price_age_days=(as_of - views.last_day).days if views.last_day else None,
        filing_months=(as_of - filed).days / MONTH_DAYS if filed else None,
        grade=health.grade if health else None,
        risk=danger.level if danger else None,
        days_to_sell=danger.days_to_sell if danger else None,
        risk_text=len(views.named) or None,
        edge_up=up,
        edge_down=down,
        net_expected=None if expected is None else expected.value - table.cost,
        unfilled=unfilled,
        earlier=earlier.rating.value if earlier else None,
    )


def rate(
    views: Views,
    as_of: date,
    table: Table,
    *,
    earlier: Earlier | None = None,
    calibration: Calibration | None = None,
    caution: float = 0.0,
    unfilled: int = 0,
) -> Rated:
    """The rating by the table, with everything that a reader needs to doubt it."""
    basis = basis_of(views, as_of, table, earlier=earlier, caution=caution, unfilled=unfilled)
    rule = table.rule_for(basis)
    return Rated(
        rule.rating,
        rule,
        basis,
        confidence_of(rule.rating, views, table, calibration),
        tuple(changes(basis, rule.rating, table)),
    )


def confidence_of(
    rating: Rating, views: Views, table: Table, calibration: Calibration | None
) -> Confidence:
    """How sure the rating is, and the parts that it comes from.

    BUY and SELL: the trend model's calibrated probability of that direction. Else the case study's weighted
    sum of the parts, as a probability if our own scored predictions say how often such a sum was right.
    """
    if rating is Rating.NO_RATING:
        return Confidence(None, "no rating, so no confidence", ())
    parts = tuple(_parts(rating, views, table))
    outlook = views.outlook
    p_up = outlook.p_up if outlook is not None and outlook.calibrated else None
    if p_up is not None and rating in {Rating.BUY, Rating.SELL}:
        return Confidence(p_up if rating is Rating.BUY else 1 - p_up, CALIBRATED, parts)
    unknown = table.weights["unknown"]
    weighted = sum(
        part.weight * (unknown if part.score is None else part.score) for part in parts
    ) / sum(part.weight for part in parts)
    if calibration is None:
        weights = "/".join(f"{part.weight:g}" for part in parts)
        return Confidence(weighted, f"weighted {weights}, not calibrated", parts)
    logit = calibration.intercept + calibration.slope * weighted
    return Confidence(1 / (1 + math.exp(-logit)), CALIBRATED, parts, calibration.n)


def weighted_score(confidence: Confidence, unknown: float) -> float | None:
    """The weighted sum of the parts, whatever the confidence was made of: what a calibration is fitted on."""
    if not confidence.parts:
        return None
    total = sum(part.weight for part in confidence.parts)
    scores = (unknown if part.score is None else part.score for part in confidence.parts)
    return sum(p.weight * s for p, s in zip(confidence.parts, scores, strict=True)) / total


def _parts(rating: Rating, views: Views, table: Table) -> Iterator[Part]:
    grade = views.health.grade if views.health else None
    level = views.danger.level if views.danger else None
    p_up = views.outlook.p_up if views.outlook else None
    told = (
        ("report", table.grades.get(grade or ""), f"health grade {grade}" if grade else "no grade"),
        ("trend", p_up, "probability of a higher price" if p_up is not None else "the model abstains"),
        ("risk", table.risks.get(level or ""), f"{level} risk" if level else "no risk level"),
    )  # fmt: skip
    for name, score, why in told:
        yield Part(
            name, None if score is None else _supports(rating, score), table.weights[name], why
        )


def _supports(rating: Rating, score: float) -> float:
    """How strongly a score that speaks for the company (0 to 1) speaks for the rating."""
    if rating is Rating.BUY:
        return score
    return 1 - score if rating is Rating.SELL else 1 - abs(2 * score - 1)


def changes(basis: Basis, rating: Rating, table: Table) -> Iterator[str]:
    """What would change the view: the table itself is asked with one thing changed at a time.

    It speaks of an edge and of no other probability than the model's own: a second one would be read as a forecast.
    """
    yield from _narrowed(basis, rating, table)
    for way in (Rating.BUY, Rating.SELL):
        if way is rating:
            continue
        told = {rating}
        for edge in (table.enter, table.enter_against):
            becomes = table.rule_for(_claiming(basis, way, edge, table)).rating
            if becomes not in told:
                price = "higher" if way is Rating.BUY else "lower"
                yield (
                    f"{becomes.value} if the model claimed an edge of {say(edge, 'points')} "
                    f"towards a {price} price"
                )
            told.add(becomes)
    for field, order in (("grade", GRADES), ("risk", RISKS)):
        value = getattr(basis, field)
        if value is None:
            continue
        now = order.index(value)
        for other in sorted(order, key=lambda one: abs(order.index(one) - now)):
            changed = (
                replace(basis, grade=other) if field == "grade" else replace(basis, risk=other)
            )
            then = table.rule_for(changed).rating
            if then is not rating:
                what = (
                    f"the health grade were {other}"
                    if field == "grade"
                    else f"the risk were {other}"
                )
                yield f"{then.value} if {what} (now {value})"
                break
    if rating is not Rating.NO_RATING:
        yield f"NO_RATING if the prices or reports that it rests on grow too old{_ages(table)}"
    else:
        yield "A rating becomes possible when what is missing is there"


def _narrowed(basis: Basis, rating: Rating, table: Table) -> Iterator[str]:
    """Below which edge a BUY or SELL is no longer kept."""
    if rating not in {Rating.BUY, Rating.SELL}:
        return
    given = replace(basis, earlier=rating.value)
    becomes = table.rule_for(_claiming(given, rating, 0.0, table)).rating
    for edge in sorted({table.stay, table.stay_against, table.enter, table.enter_against}):
        if table.rule_for(_claiming(given, rating, edge, table)).rating is rating:
            if becomes is not rating:
                yield f"{becomes.value} if its edge narrowed to less than {say(edge, 'points')}"
            return


def _claiming(basis: Basis, way: Rating, edge: float, table: Table) -> Basis:
    """The same, had the model claimed this edge towards a higher price (BUY) or a lower one."""
    sign = 1.0 if way is Rating.BUY else -1.0
    return replace(
        basis, edge_up=sign * edge, edge_down=-sign * edge, net_expected=sign * table.cost
    )


def _ages(table: Table) -> str:
    """From which age on the table gives no rating, where it says so."""
    units = {"price_age_days": "days", "filing_months": "months"}
    limits = {
        one.field: f"{one.limit:g} {units[one.field]}"
        for rule in table.rules
        if rule.rating is Rating.NO_RATING
        for one in rule.when
        if one.field in units and one.operator == ">" and isinstance(one.limit, float)
    }
    said = [limits[name] for name in units if name in limits]
    return f" ({', '.join(said)})" if said else ""
