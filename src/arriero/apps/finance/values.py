"""What passes between the stages of an analysis, and the answer. Numbers are fractions unless a name says more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from arriero.apps.finance.compliance.pack import RuleChange
from arriero.apps.finance.evidence.base import Bundle, Gap

HORIZONS = {21: "1 month", 63: "3 months", 126: "6 months", 252: "12 months"}  # trading days
Horizon = Literal[21, 63, 126, 252]
Audience = Literal["retail", "institutional"]


class Rating(StrEnum):
    """What is recommended. `NO_RATING`: the evidence is not enough to say even HOLD."""

    BUY = "BUY"
    HOLD = "HOLD"
    SELL = "SELL"
    NO_RATING = "NO_RATING"


def _is_ticker(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9.\-]{0,9}|[Cc][Ii][Kk]\d{10}", text):
        raise ValueError(
            f"{text!r} is no ticker; write letters, as in AAPL or BRK-B, or CIK and ten digits"
        )
    return text.upper()


def _is_no_truth(value: object) -> object:
    if isinstance(value, bool):
        said = f"{str(value).lower()} is no amount; write a number, as 1250000.0"
        raise ValueError(said)  # noqa: TRY004  # pydantic lets a TypeError pass
    return value


def _is_day(value: object) -> object:
    """A number would be read as the seconds since 1970, and 20260331 as a day of that year."""
    if isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdigit()):
        raise ValueError(f"{value!r} is no day; write it as text, like 2026-03-31")
    return value


def _is_list(value: object) -> object:
    if isinstance(value, str):
        said = f'{value!r} is no list; write ["{value}"], or name one company as ticker'
        raise ValueError(said)  # noqa: TRY004  # pydantic lets a TypeError pass
    return value


Ticker = Annotated[str, AfterValidator(_is_ticker)]
Day = Annotated[date, BeforeValidator(_is_day)]
Amount = Annotated[float | None, BeforeValidator(_is_no_truth)]


class Report(BaseModel):
    """A report that the caller sends: the case study's figures, in US dollars (`evidence/told.py` reads periods)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    period: str = Field(
        max_length=40, description="2024, 2024-Q3, a fiscal year's last day, or first..last day"
    )
    revenue: Amount = None
    net_income: Amount = None
    total_assets: Amount = Field(default=None, ge=0)
    total_liabilities: Amount = None


class CustomerProfile(BaseModel):
    """For whom a personal recommendation is: the nine things that FINRA Rule 2111(a) asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    age: int | None = Field(default=None, ge=0, le=130)
    other_investments: str | None = Field(default=None, max_length=500)
    finances: str | None = Field(default=None, max_length=500)
    tax_status: str | None = Field(default=None, max_length=500)
    objectives: str | None = Field(default=None, max_length=500)
    experience: str | None = Field(default=None, max_length=500)
    horizon_months: int | None = Field(default=None, ge=0, le=1_200)
    liquidity_need: Literal["low", "medium", "high"] | None = None
    risk_tolerance: int | None = Field(default=None, ge=1, le=5)

    def missing(self) -> tuple[str, ...]:
        """The fields that are not filled in; blanks fill none in."""
        told = {name: getattr(self, name) for name in type(self).model_fields}
        return tuple(
            name
            for name, value in told.items()
            if value is None or (isinstance(value, str) and not value.strip())
        )


class Request(BaseModel):
    """What is asked: one company, as of a day. `symbols` with one ticker is the same as `ticker`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticker: Ticker | None = None
    symbols: Annotated[tuple[Ticker, ...], BeforeValidator(_is_list)] = Field(
        default=(), max_length=10
    )
    as_of: Day | None = Field(
        default=None, description="only what was known by then; default today"
    )
    horizon: Horizon = Field(default=63, description="trading days")
    audience: Audience = "institutional"
    client: str | None = Field(default=None, max_length=128, description="whom it is made for")
    customer: CustomerProfile | None = None
    reports: tuple[Report, ...] = Field(default=(), max_length=12)

    @model_validator(mode="after")
    def _names_a_company(self) -> Request:
        if self.ticker is None and not self.symbols:
            raise ValueError("name a company: ticker, or symbols whose first one it is")
        return self

    @property
    def company(self) -> str:
        """The ticker that is analysed."""
        return self.ticker or self.symbols[0]

    @property
    def others(self) -> tuple[str, ...]:
        """Symbols whose prices are set beside the company's."""
        return tuple(one for one in dict.fromkeys(self.symbols) if one != self.company)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is asked, settled: which company, by which day, for whom. A restricted name stops here."""

    ticker: str
    as_of: date
    horizon: int
    audience: str
    client: str | None = None
    restricted: bool = False
    unfilled: tuple[str, ...] = ()  # of the customer's profile


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last rating over this horizon that stood on this day (released and not over), for hysteresis."""

    rating: Rating
    as_of: date
    run: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often ratings were right when the weighted score was so high: P = 1 / (1 + exp(-(a + b score)))."""

    intercept: float
    slope: float
    n: int


@dataclass(frozen=True, slots=True)
class Past:
    """What the ratings up to a day come to: how many of each, and since when this company is rated."""

    buy: int = 0
    hold: int = 0
    sell: int = 0
    since: date | None = None

    def with_one(self, rating: Rating) -> Past:
        """As it will be with this one."""
        return replace(
            self,
            buy=self.buy + (rating is Rating.BUY),
            hold=self.hold + (rating is Rating.HOLD),
            sell=self.sell + (rating is Rating.SELL),
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The frozen bundle, and what our own records add to it. All of it is kept with the run."""

    bundle: Bundle | None = None
    earlier: Earlier | None = None
    calibration: Calibration | None = None
    caution: float = 0.0  # added to the abstention threshold while a drift alarm is open
    past: Past = Past()
    rule_changes: tuple[RuleChange, ...] = ()
    tones: Mapping[str, float] | None = None  # of news texts by the head; None: the lexicon reads


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence, and the sources that it rests on (`[1]` in the text). None: it states no fact of the company."""

    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure that the text states: how it is said, the number behind it, and the sources that it rests on."""

    name: str
    said: str
    value: float
    unit: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the confidence: its score in [0, 1], its weight, and what it came from in words."""

    name: str
    score: float | None
    weight: float
    why: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the rating is. `kind`: `calibrated` or `weighted, not calibrated`; None: no rating, no number."""

    value: float | None
    kind: str
    parts: tuple[Part, ...]
    n: int = 0  # scored predictions that the calibration rests on


@dataclass(frozen=True, slots=True)
class Expected:
    """The return over the horizon: its median and the interval that holds it with probability `level`."""

    value: float
    low: float
    high: float
    level: float
    days: int


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart, by day or period."""

    at: str
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """A named row of points for a chart."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: `kind` says how it is drawn (`lines`, `bars`, `fan`, `drawdown`, `calibration`)."""

    kind: str
    title: str
    unit: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a compliance rule said: `state` is pass, fail or na; `span` is the text that it is about."""

    rule: str
    state: str
    reason: str
    citation: str
    span: str = ""


WITHDRAWN = "withdrawn"  # the `compliance_status` of an analysis that was taken back
WITHHELD = "withheld"


def standing_rating(rating: str, status: str) -> str:
    """A rating as it is shown: what was taken back recommends nothing any more."""
    return f"{WITHDRAWN} (was {rating})" if status == WITHDRAWN else rating


@dataclass(frozen=True, slots=True)
class Analysis:
    """The answer. Every field has a default: an empty one is shown when even `fallback` fails."""

    ticker: str = ""
    name: str = ""
    former: tuple[str, ...] = ()  # names that the company had before
    as_of: str = ""
    recommendation: Rating = Rating.NO_RATING
    definition: str = ""
    because: str = ""
    confidence: Confidence = Confidence(None, "no rating", ())
    risk_level: str = "unknown"
    expected_return: Expected | None = None
    time_horizon: str = ""
    valid_until: str = ""
    explanation: str = ""
    sentences: tuple[Cited, ...] = ()
    counter_arguments: tuple[Cited, ...] = ()
    would_change: tuple[str, ...] = ()
    key_factors: tuple[str, ...] = ()
    wording: str = "template"
    compliance_status: str = "not reviewed"
    legends: tuple[str, ...] = ()  # ids of what is read below the text
    notices: tuple[str, ...] = ()  # its wording
    rule_pack: str = ""
    rules: tuple[Ruled, ...] = ()
    gaps: tuple[Gap, ...] = ()
    bundle: str = ""
    stated: tuple[Stated, ...] = ()
    p_up: float | None = None
    base_rate: float | None = None
    weighted: float | None = (
        None  # the weighted sum of the confidence's parts: what a calibration is fitted on
    )
    risks_named: tuple[str, ...] = ()
    method: str = ""  # of the trend model
    table: str = ""  # version of the rating table
    charts: tuple[Chart, ...] = ()
    close: float | None = None
    sector: str = ""
