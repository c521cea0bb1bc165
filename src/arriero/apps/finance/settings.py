"""`[apps.finance]`: everything the finance app is told. The defaults serve two invented companies, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from arriero.apps.finance.evidence.open import EvidenceSettings
from arriero.core.settings import AppSettings, Roles, RoleSettings, Section, Thresholds

NEWS_ROWS = Path(__file__).parent / "news" / "rows.csv"
SAMPLE_DAY = "2026-03-31"  # the last day of the sample's prices


class FinanceModels(Roles):
    """`writer` only words what was computed (temperature 0.2 is the case study's recommendation engine's);
    `news_reader` gives the tone of news, where `sentiment = "head"` asks for it.
    """

    news_reader: RoleSettings = RoleSettings(model="head:finance-news")
    writer: RoleSettings = RoleSettings(
        model="llama:smollm2-135m", temperature=0.2, max_tokens=1_500
    )


class Firm(Section):
    """Who publishes, under which rules, and what has to be told beside it. Empty: not known, and a rule may fail."""

    name: str = Field(default="an installation of Arriero", min_length=1)
    profile: Literal["broker_dealer", "adviser", "publisher", "internal"] = "internal"
    benchmark: str = Field(default="the price itself, in its own currency", min_length=1)
    analyst: str = Field(default="", description="who certifies research (Reg AC)")
    retention: str = Field(default="6y", description="SEC 17a-4 and FINRA 4511: six years")
    owns_one_percent: bool | None = None
    makes_market: bool | None = None
    banking_12_months: bool | None = None
    analyst_holds: bool | None = None
    household_holds: bool | None = None
    conflicts_told: tuple[str, ...] = Field(
        default=(), description="the conflicts above that readers are told of"
    )
    not_commercial: tuple[str, ...] = Field(
        default=(), description="providers whose data may not be published"
    )


class Paper(Section):
    """Limits of the paper portfolio, as shares of it, and the cost of a trade, one way."""

    single_name: float = Field(default=0.10, gt=0, le=1)
    sector: float = Field(default=0.30, gt=0, le=1)
    cost: float = Field(default=0.001, ge=0, le=0.1)


class FinanceSettings(AppSettings):
    """Alerts fire when a whole analysis takes longer than the case study's 4.1 s."""

    deadline_ms: float = Field(default=20_000, gt=0)
    rounds: int = Field(default=1, ge=0, le=3, description="repairs by template")
    thresholds: Thresholds = Thresholds(response_time_ms=4_100)
    models: FinanceModels = FinanceModels()
    firm: Firm = Firm()
    paper: Paper = Paper()

    evidence: EvidenceSettings = EvidenceSettings()
    restricted: tuple[str, ...] = Field(
        default=(), description="tickers of which nothing is said at all"
    )
    rating_table: Path | None = Field(
        default=None, description="your own; default: the packaged one"
    )
    wording: Literal["template", "model"] = Field(
        default="template",
        description="`model`: the role `writer` rewords, checked number by number",
    )
    wording_within_s: float = Field(
        default=2.5,
        gt=0,
        description="what is not reworded by then stays as it is: the case study's 4.1 s less all other work",
    )
    sentiment: Literal["lexicon", "head"] = Field(
        default="lexicon",
        description="`head`: the role `news_reader`, which needs the encoder, beside the lexicon",
    )
    news_rows: Path = Field(default=NEWS_ROWS, description="what the head learns from: text,label")
    score_every_h: float = Field(default=6.0, gt=0, description="look for horizons that are over")

    def restricts(self, ticker: str) -> bool:
        """Whether the list names it, however its share class is written: BRK.B is BRK-B."""
        return _plain(ticker) in {_plain(one) for one in self.restricted}


def _plain(ticker: str) -> str:
    return ticker.strip().upper().replace(".", "-").replace("/", "-")
