"""`docs/case-studies.md` against the code: each key of the case studies has a setting or a reason."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from arriero.core.settings import Deployment, Settings

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "case-studies.md"
NONE = "-"
SAMPLE_FILE = "the sample's file"  # a path inside the package, different on every machine
NOT_BUILT = re.compile(r"Not built yet: `(?P<path>[^`]+)`")
CODE = re.compile(r"`(arriero\.[\w.]+)`")

# What the case studies configure, written down from the design and not from the document.
KEYS: dict[str, str] = {
    "support": """
        models.intent_classifier models.response_generator models.sentiment_analyzer
        response_generator.max_length response_generator.temperature intent_cache_ttl
        quality_fallback scaling.min_instances scaling.max_instances scaling.target_response_time
        monitoring.error_rate monitoring.response_time monitoring.quality
        context.purchase_history context.recent_tickets
        log.intent log.sentiment log.processing_time log.quality_score answer.keys
        cache.redis search.elasticsearch challenge.customer_types challenge.volume
    """,
    "codegen": """
        models.requirement_analyzer models.code_generator models.code_reviewer
        code_generator.max_length code_generator.temperature code_generator.stop
        documentation.max_length documentation.sections
        analysis.complexity analysis.components analysis.challenges analysis.architecture
        examples.retrieved examples.shown
        validation.syntax_check validation.security_scan validation.performance_analysis
        cache.vectors_ttl cache.responses_ttl
        challenge.security challenge.multi_step challenge.languages
    """,
    "finance": """
        models.report_analyzer models.trend_predictor models.risk_assessor
        models.recommendation_engine report_analyzer.temperature recommendation_engine.temperature
        reports.count reports.fields
        analysis.growth analysis.profitability analysis.balance_sheet analysis.ratios analysis.health
        market_data.period sources.alpha_vantage sources.edgar sources.newsapi
        confidence.report confidence.trend confidence.risk confidence.default
        answer.recommendation answer.confidence answer.horizon answer.key_factors
        compliance.sec_check compliance.risk_limits compliance.audit_trail
        monitoring.prediction_accuracy monitoring.portfolio_performance monitoring.model_drift
        challenge.regulation challenge.failover challenge.risk_thresholds
    """,
    "regions": """
        us_east.instances us_east.weight us_east.model us_west.instances us_west.weight us_west.model
        eu_central.instances eu_central.weight eu_central.model
        algorithm health.interval health.timeout health.unhealthy_after
        failover.primary failover.backups failover.automatic
    """,
    "learning": """
        low_rating retrain_above improvement rollout.split rollout.watch rollout.end
        human_preferences
    """,
    "lessons": """
        monitoring alerts human_evaluation fallbacks audits authentication authorisation cost caching
        autoscaling ahead.multimodal ahead.edge ahead.federated ahead.automated_operation
        ahead.explanations
    """,
}
REQUIRED = [f"{system}.{key}" for system, keys in KEYS.items() for key in keys.split()]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `setting` is None when the row gives a reason instead."""

    key: str
    value: str
    setting: str | None
    default: str
    note: str

    @property
    def built_later(self) -> str | None:
        found = NOT_BUILT.match(self.note)
        return found["path"] if found else None


def read_rows(markdown: str) -> list[Row]:
    """The rows of all tables, heads and rules left out. A row with a cell too few is an error."""
    rows = []
    for line in markdown.splitlines():
        if not line.startswith("| ") or line.startswith("| there "):
            continue
        cells = [
            cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")
        ]
        assert len(cells) == 5, f"not five cells: {line}"
        key, value, setting, default, note = cells
        rows.append(Row(key, value, None if setting == NONE else setting.strip("`"), default, note))
    return rows


def default_of(path: str) -> Any:
    """The default at a dotted settings path, as JSON; `KeyError` when there is no such setting."""
    first, *rest = path.split(".")
    if first == "apps" and rest:
        plugins = importlib.metadata.entry_points(group="arriero.apps")
        return _walk(plugins[rest[0]].load().settings, rest[1:])
    if first == "deployments" and len(rest) == 2:
        return _walk(Deployment, rest[1:])
    return _walk(Settings, [first, *rest])


def _walk(model: type[BaseModel], names: list[str]) -> Any:
    """Down the defaults, not the types: a role's default may differ from what its type would give."""
    if not names:
        return model
    value = model.model_fields[names[0]].get_default(call_default_factory=True)
    for name in names[1:]:
        if not isinstance(value, BaseModel) or name not in type(value).model_fields:
            raise KeyError(name)
        value = getattr(value, name)
    return value


def number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(?:\.\d+)?", text) else None


ROWS = read_rows(DOCUMENT.read_text(encoding="utf-8"))
SET = [row for row in ROWS if row.setting]


def test_every_key_of_the_case_studies_has_a_row() -> None:
    assert not set(REQUIRED) - {row.key for row in ROWS}


def test_no_row_stands_for_a_key_that_the_case_studies_do_not_have() -> None:
    assert not {row.key for row in ROWS} - set(REQUIRED)


def test_no_key_has_two_rows() -> None:
    assert not [key for key, times in Counter(row.key for row in ROWS).items() if times > 1]


@pytest.mark.parametrize("row", SET, ids=lambda row: row.key)
def test_a_setting_exists_with_the_default_that_is_told(row: Row) -> None:
    default = default_of(row.setting or "")
    if row.default == SAMPLE_FILE:
        assert default.is_file()
        return
    told = tomllib.loads(f"value = {row.default.strip('`')}")["value"]
    assert (tuple(told) if isinstance(told, list) else told) == default
    assert isinstance(told, bool) == isinstance(default, bool)


@pytest.mark.parametrize("row", SET, ids=lambda row: row.key)
def test_a_number_of_the_case_study_is_the_default_or_the_row_says_why_not(row: Row) -> None:
    there = number(row.value)
    assert there is None or there == default_of(row.setting or "") or row.note


@pytest.mark.parametrize("row", [row for row in ROWS if not row.setting], ids=lambda row: row.key)
def test_a_row_without_a_setting_gives_its_reason(row: Row) -> None:
    assert row.default == NONE
    assert len(row.note.split()) >= 3


@pytest.mark.parametrize("row", [row for row in ROWS if row.built_later], ids=lambda row: row.key)
def test_what_is_not_built_yet_is_really_not_there(row: Row) -> None:
    with pytest.raises(KeyError):
        default_of(row.built_later or "")


@pytest.mark.parametrize("name", sorted({name for row in ROWS for name in CODE.findall(row.note)}))
def test_a_name_of_the_code_in_a_note_exists(name: str) -> None:
    module, _, thing = name.rpartition(".")
    assert hasattr(importlib.import_module(module), thing)


def test_a_wrong_path_is_found() -> None:
    for wrong in ("apps.support.colour", "apps.support.scaling.colour", "apps.nobody", "colour"):
        with pytest.raises(KeyError):
            default_of(wrong)
