"""What rating and explanation take from each part of an analysis. A part that is not there is None, with a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from arriero.apps.finance.values import Chart, Expected

GRADES = ("E", "D", "C", "B", "A")  # worst first
RISKS = ("low", "moderate", "high", "severe")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a figure rests on: an id that is cited, a title, and the evidence word for word."""

    id: str
    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that may be said: what it is, its unit (`unit` of `numbers.say`), and what it rests on.

    `speaks` says how far it speaks for the company, from -1 to 1, where a published table says so.
    """

    name: str
    value: float
    unit: str
    origins: tuple[Origin, ...] = ()
    speaks: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What the reports say: a grade by the published table, the figures behind it, in order of weight."""

    grade: str | None
    why: str
    figures: tuple[Figure, ...]
    filed: date | None  # the newest annual or quarterly report
    period: date | None
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What prices say of the horizon. `up` is the model's P(higher price), which may be `claimed` or not; `why` not."""

    up: float | None
    claimed: bool
    base_rate: float | None
    calibrated: bool
    why: str
    expected: Expected | None
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...] = ()
    method: str = ""

    @property
    def p_up(self) -> float | None:
        """The probability that a direction may rest on; None where the model abstains."""
        return self.up if self.claimed else None


@dataclass(frozen=True, slots=True)
class Danger:
    """What may be lost: a level by the published table, and the figures behind it.

    `days_to_sell` is how long a million takes at a tenth of the volume; None: no volume is known.
    """

    level: str | None
    why: str
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...] = ()
    days_to_sell: float | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A risk that the company itself names in Item 1A, word for word."""

    caption: str
    label: str
    origin: Origin
    change: str = ""  # new, changed or empty


@dataclass(frozen=True, slots=True)
class Mood:
    """What the news of the last weeks say, from -1 to 1; None when there is not enough of it."""

    score: float | None
    articles: int
    why: str
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Views:
    """All parts of one analysis, side by side."""

    health: Health | None = None
    outlook: Outlook | None = None
    danger: Danger | None = None
    named: tuple[Named, ...] = ()
    mood: Mood | None = None
    close: Figure | None = None
    price_days: int = 0
    last_day: date | None = None
