"""What the compliance gate reads of an analysis: its text, and the record behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from arriero.apps.finance.compliance.base import (
    Audience,
    Basics,
    Basis,
    Certification,
    Citation,
    Conflicts,
    Customer,
    Data,
    Distribution,
    Listing,
    Product,
    Profile,
    Publication,
    Record,
    Retention,
    Review,
    System,
    Tool,
    Walls,
)
from arriero.apps.finance.compliance.gate import doubted, review
from arriero.apps.finance.compliance.listener import Listener, Vector
from arriero.apps.finance.compliance.pack import Pack
from arriero.apps.finance.evidence.base import Bundle
from arriero.apps.finance.rating.table import Table
from arriero.apps.finance.settings import Firm
from arriero.apps.finance.values import Analysis, CustomerProfile, Past, Rating, Seen, Stated
from arriero.apps.finance.views import RISKS
from arriero.core.errors import ArrieroError
from arriero.models.base import Encoder

MONTH = 21  # trading days
LIQUID_FROM = 1_000_000.0  # money traded on a median day, in the currency of the price
FLAGS = (
    "owns_one_percent",
    "makes_market",
    "banking_12_months",
    "analyst_holds",
    "household_holds",
)
ALWAYS = ("risk_of_loss", "not_insured", "past_performance", "rating_definitions", "hypothetical")
OpenEncoder = Callable[[], Awaitable[Encoder]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """An analysis before the gate. The review is made once, whoever asks for it."""

    publication: Publication
    pack: Pack
    encoder: OpenEncoder
    _made: list[asyncio.Task[Review]] = field(default_factory=list)

    async def review(self) -> Review:
        """Every rule's result. What the second listener doubts is encoded first, if there is an encoder."""
        if not self._made:
            self._made.append(asyncio.create_task(self._review()))
        return await self._made[0]

    async def _review(self) -> Review:
        texts = await asyncio.to_thread(doubted, self.publication, self.pack)
        vectors = await vectors_of(texts, self.encoder) if texts else None
        return await asyncio.to_thread(review, self.publication, self.pack, vectors)


async def vectors_of(
    texts: Sequence[str], open_encoder: OpenEncoder
) -> Mapping[str, Vector] | None:
    """The vectors of `texts` by the encoder that the listener was fitted on; None where there is none."""
    try:
        encoder = await open_encoder()
        if encoder.name != (wanted := Listener.load().encoder):
            log.warning("the compliance listener needs encoder %s, not %s", wanted, encoder.name)
            return None
        rows = await encoder.encode(texts)
    except ArrieroError as missing:  # not pulled, not installed, failed: the gate is stricter then
        log.warning("the compliance gate hears without an encoder: %s", missing.message)
        return None
    return {text: [float(one) for one in row] for text, row in zip(texts, rows, strict=True)}


def legends_of(wording: str) -> tuple[str, ...]:
    """The legends that are read below a text, by id."""
    return (*ALWAYS, "ai_generated") if wording == "model" else ALWAYS


def publication_of(
    answer: Analysis,
    seen: Seen,
    bundle: Bundle,
    firm: Firm,
    table: Table,
    *,
    run: str,
    customer: CustomerProfile | None,
    past: Past,
) -> Publication:
    """The text as it is read, and everything that the rules ask for; what is not known stays None, and fails."""
    by_model = answer.wording == "model"
    rated = answer.recommendation is not Rating.NO_RATING
    personal = customer is not None and not seen.unfilled and rated
    record = Record(
        firm=firm.name,
        published=seen.as_of,  # the text says "as of": a reader of an earlier day's analysis knows
        kind="research",
        company=answer.name,
        ticker=answer.ticker,
        rating=answer.recommendation.value,
        rating_definitions={rating.value: text for rating, text in table.definitions.items()},
        horizon_months=seen.horizon // MONTH,
        benchmark=firm.benchmark,
        basis=_basis(answer, table) if rated else None,
        expected_return=answer.expected_return.value if answer.expected_return else None,
        projection_exception="analysis_tool" if answer.expected_return else None,
        probability=answer.confidence.value if answer.p_up is None else answer.p_up,
        probabilities=tuple(one.value for one in answer.stated if _is_probability(one)),
        tool=Tool(
            method=answer.method or "a published rating table over figures of filed reports",
            assumptions="the next months are like the past that the model was fitted and tested on",
            universe=f"{answer.ticker} alone; the models were validated on other stocks",
            limits="results vary with each use and over time",
        ),
        citations=tuple(_citations(answer)),
        risks=answer.risks_named or None,
        distribution=_distribution(past.with_one(answer.recommendation)),
        rated_since=past.since or seen.as_of,
        history_chart=False,
        conflicts=Conflicts(
            **{name: getattr(firm, name) for name in FLAGS}, disclosed=firm.conflicts_told
        ),
        certification=Certification(firm.analyst, own_views=True, pay_unrelated=True)
        if firm.analyst
        else None,
        personal=personal,
        customer=Customer(**customer.model_dump()) if personal and customer else None,
        product=_product(answer, bundle, seen) if personal else None,
        evidence=_evidence(bundle, answer),
        walls=Walls(
            restricted=seen.restricted, watch=False, blackout=False, inside_information=False
        ),
        listing=Listing(answer.close, exchange_listed=bundle.entity.listed),
        ai_generated=by_model,
        ai_systems=(System("writer", ("writes",)),) if by_model else (),
        human_review="not_required",
        legends=answer.legends,
        retention=Retention(firm.retention, f"run:{run}"),
        data=tuple(_data(bundle, firm)),
    )
    audience = Audience(seen.audience)
    return Publication(Profile(firm.profile), audience, answer.explanation, record)


def _basis(answer: Analysis, table: Table) -> Basis:
    """The edge in probability that the table counted: none where it gave HOLD for another reason."""
    base = 0.5 if answer.base_rate is None else answer.base_rate
    counted = 0.0
    if answer.p_up is not None and answer.recommendation is Rating.BUY:
        counted = answer.p_up - max(0.5, base)
    elif answer.p_up is not None and answer.recommendation is Rating.SELL:
        counted = answer.p_up - min(0.5, base)
    return Basis(counted, table.stay, -table.stay)


def _citations(answer: Analysis) -> Iterator[Citation]:
    """Each figure as it is printed, beside the number that it was printed from."""
    for one in answer.stated:
        source = (
            one.sources[0] if one.sources else "computed from the sources of the part it stands in"
        )
        yield Citation(one.name, one.value, one.value, one.unit, source)


def _is_probability(one: Stated) -> bool:
    return "probability" in one.name or one.name.startswith(("base rate", "confidence"))


def _distribution(past: Past) -> Distribution | None:
    total = past.buy + past.hold + past.sell
    if not total:
        return None
    return Distribution(past.buy / total, past.hold / total, past.sell / total)


def _product(answer: Analysis, bundle: Bundle, seen: Seen) -> Product:
    tier = RISKS.index(answer.risk_level) + 2 if answer.risk_level in RISKS else None
    traded = sorted(bar.close * bar.volume for bar in bundle.bars[-63:])
    liquid = traded[len(traded) // 2] >= LIQUID_FROM if traded else None
    return Product(tier, seen.horizon // MONTH, liquid)


def _evidence(bundle: Bundle, answer: Analysis) -> Basics:
    filed = [fact.filed for fact in bundle.facts] + [one.filed for one in bundle.filings]
    return Basics(max(filed, default=None), len(bundle.bars), bool(answer.risks_named))


def _data(bundle: Bundle, firm: Firm) -> Iterator[Data]:
    """Sources by part; prices with their age in sessions, counted in weekdays (no exchange is open more often)."""
    kinds: Mapping[str, str] = {
        "bars": "price",
        "facts": "filing",
        "filings": "filing",
        "news": "news",
    }
    for source in bundle.sources:
        kind = kinds.get(source.part, "other")
        old = (
            _sessions(bundle.bars[-1].day, bundle.as_of)
            if kind == "price" and bundle.bars
            else None
        )
        allowed = source.provider not in firm.not_commercial
        yield Data(f"{source.provider} {source.part}", kind, old, allowed)


def _sessions(last: date, as_of: date) -> int:
    """Weekdays after `last` before `as_of`: sessions that may have passed without a price."""
    days: Sequence[int] = range(1, (as_of - last).days)
    return sum(date.fromordinal(last.toordinal() + day).weekday() < 5 for day in days)
