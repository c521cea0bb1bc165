"""Evidence: facts, prices, filings and news as they were known on a day, frozen with hashes.

Dates are days (`datetime.date`), times are aware and UTC, money is in the unit that was filed. Nothing here
reads a clock: `as_of` is given, and a row is evidence only if it was filed or published by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from arriero.core.errors import ArrieroError
from arriero.core.words import content_hash


class Part(StrEnum):
    """What a provider may serve."""

    ENTITY = "entity"
    FACTS = "facts"
    BARS = "bars"
    FILINGS = "filings"
    NEWS = "news"


class Reason(StrEnum):
    """Why a part is missing: these and no others."""

    UNKNOWN = "unknown ticker"
    NO_XBRL = "the filer has no XBRL facts"
    NOT_YET = "nothing was there by that day"
    NONE = "the provider has none"
    NO_PROVIDER = "no provider is set up for it"
    DOWN = "the provider does not answer"
    SLOW = "the provider did not answer in time"
    QUOTA = "the provider's quota is used up"
    REFUSED = "the provider refused access"
    MALFORMED = "the provider's answer is malformed"
    UNTIED = "the provider's figures do not tie out"
    CONTRADICTED = "providers contradict each other"
    STALE = "the newest is too old"
    UNADJUSTED = "a split is not adjusted"


class Missing(ArrieroError):
    """The provider works and has nothing: `reason` says why. Another may have it."""

    status = 404
    code = "evidence_missing"

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class Unavailable(ArrieroError):
    """The provider could not serve now: `reason` says why. Another is asked."""

    status = 503
    code = "evidence_unavailable"

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Entity:
    """A company. `cik` and `sic` are EDGAR's numbers; `bank` covers banks and insurers (SIC 6000-6499).

    `listed`: whether an exchange lists the share; None where nobody says.
    """

    ticker: str
    name: str
    cik: str | None = None
    sic: str | None = None
    bank: bool = False
    former: tuple[str, ...] = ()  # names it had before
    listed: bool | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One filed value. An instant (a balance) has no `start`; a duration covers `start` to `end`, both included."""

    taxonomy: str
    concept: str
    unit: str
    start: date | None
    end: date
    value: float
    accession: str
    form: str
    filed: date


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's prices as traded, and volume in shares. `adjusted`: the close after splits and dividends, if told."""

    day: date
    open: float
    high: float
    low: float
    close: float
    adjusted: float | None
    volume: float


@dataclass(frozen=True, slots=True)
class Filing:
    """A filed document; `item_1a` is the text of its risk factors, when it was read."""

    accession: str
    form: str
    filed: date
    period: date | None
    url: str
    item_1a: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One article as it was published; `relevance` to the ticker is 0 to 1, when the provider tells it."""

    published: datetime
    title: str
    summary: str
    source: str
    url: str
    relevance: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing and why. `reason` is a `Reason`'s text; `detail` names provider or value."""

    part: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Who served a part. `sha256` is of the rows that count (`as_of` applied), not of the bytes on the wire.

    So what was filed after `as_of` leaves it alone. `stale`: a kept copy served because nobody answered.
    `instead_of` says which providers were asked before and why they did not serve; the hash leaves it out.
    """

    part: str
    provider: str
    retrieved_at: datetime
    sha256: str
    stale: bool = False
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """The prices of another symbol that the caller named."""

    symbol: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Bundle:
    """All evidence for one analysis. It never changes; `hash` names it.

    Rows are sorted (facts by concept, end, start, unit, filed; the others by day), so the same evidence is
    the same bundle whatever order a provider had.
    """

    entity: Entity
    as_of: date
    facts: tuple[Fact, ...] = ()
    bars: tuple[Bar, ...] = ()
    filings: tuple[Filing, ...] = ()
    news: tuple[News, ...] = ()
    gaps: tuple[Gap, ...] = ()
    sources: tuple[Source, ...] = ()
    others: tuple[Series, ...] = field(default=())

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, without when parts were fetched and who failed to serve them."""
        told = bundle_json(self)
        for source in told["sources"]:
            del source["retrieved_at"], source["instead_of"]
        return content_hash(told)


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Served(Generic[Row]):
    """What a provider had for `as_of`: rows, when they were fetched, and whether from a copy past its time."""

    rows: tuple[Row, ...]
    retrieved_at: datetime
    stale: bool = False


class Provider(Protocol):
    """Serves evidence. Each method gives only what was filed or published by `as_of`, that day included.

    Raises `Missing` when it works and has nothing, `Unavailable` when it does not work now; a part that it
    does not deal in is `Missing(Reason.NO_PROVIDER)`. `clock` and network are given when it is made.
    """

    @property
    def name(self) -> str: ...

    @property
    def remote(self) -> bool:
        """Whether asking costs time or quota, so that a copy of the answer is worth keeping."""

    async def entity(self, ticker: str, as_of: date) -> Served[Entity]: ...

    async def facts(self, ticker: str, as_of: date) -> Served[Fact]: ...

    async def bars(self, ticker: str, as_of: date) -> Served[Bar]: ...

    async def filings(self, ticker: str, as_of: date) -> Served[Filing]: ...

    async def news(self, ticker: str, as_of: date) -> Served[News]: ...

    async def close(self) -> None: ...


def bundle_json(bundle: Bundle) -> dict[str, Any]:
    """The bundle as plain JSON values; `bundle_of` reads it back."""
    told: dict[str, Any] = _adapter().dump_python(bundle, mode="json")
    return told


def bundle_of(told: Mapping[str, Any]) -> Bundle:
    """The bundle that `bundle_json` told."""
    return _adapter().validate_python(told)


@cache
def _adapter() -> TypeAdapter[Bundle]:
    return TypeAdapter(Bundle)
