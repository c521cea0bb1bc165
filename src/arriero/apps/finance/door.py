"""How an analysis is asked for over HTTP, and which keys its answer has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from arriero.apps.finance.values import Analysis, Day, Request, Ticker
from arriero.core.archive import Wanted
from arriero.core.door import Asked, Door
from arriero.core.words import JsonValue, Outcome, Run

ANALYSIS = TypeAdapter(Analysis)
KEYS = (
    "ticker", "name", "former", "as_of", "recommendation", "definition", "because", "risk_level", "expected_return",
    "time_horizon", "valid_until", "explanation", "counter_arguments", "would_change", "key_factors", "wording",
    "compliance_status", "notices", "rule_pack", "rules", "gaps", "bundle", "stated", "charts", "p_up", "base_rate",
    "close", "table",
)  # fmt: skip


class AnalysisBody(Request):
    """Which company, as of which day, for whom. `client` keeps a rollout's unit together."""

    deadline_ms: float | None = Field(default=None, gt=0, le=120_000)


class WantedAnalyses(Wanted):
    """What analyses are searched by. `from` and `to` are days (UTC) on which they were made, both inclusive."""

    client: str | None = Field(default=None, max_length=128)
    ticker: Ticker | None = None
    as_of: Day | None = None
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> WantedAnalyses:
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise ValueError(f"from {self.from_} lies after to {self.to}; exchange them")
        return self


class AnalysisShown(BaseModel):
    """The case study's keys first. `confidence` and `expected_return` are null where there is no such number."""

    model_config = ConfigDict(frozen=True)

    recommendation: str = Field(description="BUY, HOLD, SELL or NO_RATING")
    confidence: float | None = Field(
        description="a probability; `confidence_kind` says of what making"
    )
    risk_level: str
    expected_return: dict[str, Any] | None = Field(description="median, low, high, level, days")
    time_horizon: str
    explanation: str
    compliance_status: str = Field(
        description="released, released after a repair, downgraded, waits for approval, withheld"
    )
    confidence_kind: str
    confidence_parts: list[dict[str, Any]]
    counter_arguments: list[dict[str, Any]]
    would_change: list[str]
    gaps: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    proof: str | None = Field(description="where the receipt and its inclusion proof are")


def _asked(body: AnalysisBody) -> Asked:
    given = Request.model_construct(**{name: getattr(body, name) for name in Request.model_fields})
    return Asked(given, body.client, body.deadline_ms)


def present(outcome: Outcome[Analysis], run: Run) -> Mapping[str, JsonValue]:
    """The keys of an answer; `outcome` need not be the run's own, when it was released later."""
    told = ANALYSIS.dump_python(outcome.answer, mode="json")
    confidence = told["confidence"]
    return {name: told[name] for name in KEYS} | {
        "confidence": confidence["value"],
        "confidence_kind": confidence["kind"],
        "confidence_parts": confidence["parts"],
        "confidence_n": confidence["n"],
        "processing_time": run.duration_ms / 1e3,
        "proof": f"/v1/runs/{run.id}/proof",
    }


def analysis_of(told: Mapping[str, JsonValue]) -> Analysis:
    """The analysis that an answer of this door presents, as far as its keys tell it."""
    confidence = {
        "value": told["confidence"], "kind": told["confidence_kind"],
        "parts": told["confidence_parts"], "n": told["confidence_n"],
    }  # fmt: skip
    return ANALYSIS.validate_python(
        {name: told[name] for name in KEYS} | {"confidence": confidence}
    )


door = Door(
    path="/v1/finance/analyses",
    app="finance",
    summary="Analyse a company as of a day",
    request=AnalysisBody,
    response=AnalysisShown,
    asked=_asked,
    present=present,
    wanted=WantedAnalyses,
)
