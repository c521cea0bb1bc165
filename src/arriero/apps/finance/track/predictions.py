"""The ledger of predictions: written before the outcome, scored once when the horizon is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter

from arriero.apps.finance.evidence.base import Bar
from arriero.apps.finance.prices import closes_of
from arriero.apps.finance.values import Analysis, Rating
from arriero.core.words import JsonValue
from arriero.store.records import Records

KIND = "prediction"
LATE_DAYS = 5  # an analysis of an earlier day than this knows part of its outcome: it is kept apart


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: the return to the horizon's last day, and whether the rating was right."""

    day: date
    change: float  # as a share of the starting price, from adjusted closes or with splits taken out
    right: bool | None  # None: a NO_RATING is neither
    inside: bool | None  # whether the interval held it; None without one


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said of a company, when, and for how many trading days from `as_of`.

    `backdated`: it was made more than five days after `as_of`, so it proves nothing and is counted apart.
    """

    run: str
    ticker: str
    sector: str
    as_of: date
    made: datetime
    days: int
    rating: Rating
    band: float  # HOLD is right within it
    close: float | None
    confidence: float | None
    score: float | None  # the weighted sum of the parts, which a calibration is fitted on
    p_up: float | None
    base_rate: float | None
    low: float | None
    high: float | None
    level: float | None
    backdated: bool
    outcome: Outcome | None = None
    withdrawn: str | None = None

    @property
    def due(self) -> date:
        """The first day on which the horizon may be over: no exchange is open on more than five days a week."""
        weeks, rest = divmod(self.days, 5)
        return self.as_of + timedelta(weeks=weeks, days=rest)


_JSON = TypeAdapter(Prediction)


def told(prediction: Prediction) -> JsonValue:
    """As a record holds it."""
    return _JSON.dump_python(prediction, mode="json")


def prediction_of(value: JsonValue) -> Prediction:
    """A record read back."""
    return _JSON.validate_python(value)


def made_of(answer: Analysis, run: str, now: datetime, *, days: int, band: float) -> Prediction:
    """What the answer predicts."""
    expected, as_of = answer.expected_return, date.fromisoformat(answer.as_of)
    return Prediction(
        run=run,
        ticker=answer.ticker,
        sector=answer.sector,
        as_of=as_of,
        made=now,
        days=days,
        rating=answer.recommendation,
        band=band,
        close=answer.close,
        confidence=answer.confidence.value,
        score=answer.weighted,
        p_up=answer.p_up,
        base_rate=answer.base_rate,
        low=expected.low if expected else None,
        high=expected.high if expected else None,
        level=expected.level if expected else None,
        backdated=now.date() - as_of > timedelta(days=LATE_DAYS),
    )


def scored(prediction: Prediction, bars: Sequence[Bar]) -> Prediction:
    """With its outcome, if the prices reach the horizon's last trading day; else as it is.

    Days are counted in the company's own bars, so a closed exchange counts for nothing.
    """
    ordered = sorted(bars, key=lambda bar: bar.day)
    before = [bar for bar in ordered if bar.day <= prediction.as_of]
    after = [bar for bar in ordered if bar.day > prediction.as_of]
    if prediction.outcome is not None or not before or len(after) < prediction.days:
        return prediction
    end = after[prediction.days - 1]
    closes = closes_of(ordered)
    change = closes[len(before) + prediction.days - 1] / closes[len(before) - 1] - 1
    held = None
    if prediction.low is not None and prediction.high is not None:
        held = prediction.low <= change <= prediction.high
    return replace(prediction, outcome=Outcome(end.day, change, right(prediction, change), held))


def right(prediction: Prediction, change: float) -> bool | None:
    """Whether the rating was right; the table defines what each says."""
    match prediction.rating:
        case Rating.BUY:
            return change > 0
        case Rating.SELL:
            return change < 0
        case Rating.HOLD:
            return abs(change) <= prediction.band
    return None


Withdrawn = Callable[[str], Awaitable[Mapping[str, str]]]


async def nothing_withdrawn(tenant: str) -> Mapping[str, str]:  # noqa: ARG001
    """Where nothing is ever taken back."""
    return {}


@dataclass(frozen=True)
class Predictions:
    """The predictions of a tenant's runs. Putting the same one twice is putting it once.

    `withdrawn` tells, for a tenant, the runs that were taken back, with the reasons.
    """

    records: Records
    withdrawn: Withdrawn = nothing_withdrawn

    async def put(self, tenant: str, prediction: Prediction) -> None:
        await self.records.put(tenant, KIND, prediction.run, told(prediction))

    async def get(self, tenant: str, run: str) -> Prediction | None:
        value = await self.records.get(tenant, KIND, run)
        return None if value is None else prediction_of(value)

    async def all(self, tenant: str) -> Sequence[Prediction]:
        """In the order in which they were made."""
        found = [prediction_of(value) for value in (await self.records.list(tenant, KIND)).values()]
        back = await self.withdrawn(tenant) if found else {}
        marked = [
            replace(one, withdrawn=back[one.run]) if one.run in back else one for one in found
        ]
        return sorted(marked, key=lambda one: (one.made, one.run))

    async def earlier(self, tenant: str, ticker: str, days: int, before: date) -> Prediction | None:
        """The newest rating of a company over so many days that stood on this day: of an earlier one, released by
        then, neither withdrawn nor over.
        """
        found = [
            one
            for one in await self.all(tenant)
            if (one.ticker, one.days) == (ticker, days)
            and one.as_of < before and one.made.date() <= before <= one.due
            and one.withdrawn is None and one.rating is not Rating.NO_RATING
        ]  # fmt: skip
        return max(found, key=lambda one: (one.as_of, one.made), default=None)
