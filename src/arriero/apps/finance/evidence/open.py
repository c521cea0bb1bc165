"""Providers from the settings: which, in which order, with which keys, live or from cassettes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import Field

from arriero.apps.finance.evidence.alpha import AlphaVantage
from arriero.apps.finance.evidence.base import Provider
from arriero.apps.finance.evidence.cassettes import Recording, Replaying
from arriero.apps.finance.evidence.failover import HEDGE_S, TIMEOUT_S
from arriero.apps.finance.evidence.files import Cut, Files
from arriero.apps.finance.evidence.kept import FRESH_S
from arriero.apps.finance.evidence.newsapi import NewsApi
from arriero.apps.finance.evidence.sec import Sec
from arriero.core.clock import Clock
from arriero.core.errors import SettingsError
from arriero.core.settings import Section

SAMPLE = Path(__file__).parents[1] / "sample" / "companies"  # two invented companies


class EvidenceSettings(Section):
    """`[apps.finance.evidence]`: whom to ask, in this order. The default is a folder, so nothing leaves the machine."""

    providers: tuple[str, ...] = Field(
        default=("files",),
        min_length=1,
        description="files, sec, alpha-vantage, newsapi: in this order",
    )
    files: Path = Field(
        default=SAMPLE, description="the folder of the provider `files`; default: the sample's"
    )
    user_agent: str = Field(
        default="", description="your name and e-mail address, which the SEC asks for"
    )
    alpha_vantage_key: str = Field(
        default="", description="the environment variable with the key of Alpha Vantage"
    )
    alpha_vantage_full: bool = Field(
        default=False, description="more than the last 100 days, which needs a paid key"
    )
    newsapi_key: str = Field(default="", description="the environment variable with NewsAPI's key")
    news_words: Mapping[str, str] = Field(
        default={}, description="what to search news for, by ticker"
    )
    cassettes: Path | None = Field(
        default=None, description="answers of the services as files: played back, or recorded"
    )
    record: bool = Field(default=False, description="ask the services and record what they answer")
    price_days: int = Field(
        default=1_830,
        ge=30,
        le=20_000,
        description="five years; in the case study's one, too few windows end to prove an edge",
    )
    cross_check: bool = Field(
        default=False, description="ask a second provider and name contradictions"
    )
    fresh_s: float = Field(default=FRESH_S, gt=0, description="how long a copy serves as it is")
    hedge_s: float = Field(
        default=HEDGE_S, gt=0, description="after this the next provider is asked beside the first"
    )
    timeout_s: float = Field(default=TIMEOUT_S, gt=0, description="of one provider for one part")


@dataclass(frozen=True)
class _Means:
    settings: EvidenceSettings
    clock: Clock
    cut: Cut | None
    transport: httpx.AsyncBaseTransport | None
    environment: Mapping[str, str]


def _files(means: _Means) -> Provider:
    folder = means.settings.files.expanduser()
    if not folder.is_dir():
        raise SettingsError(
            f"apps.finance.evidence.files {str(folder)!r} is no folder; name one that holds evidence"
        )
    return Files(folder, means.cut)


def _sec(means: _Means) -> Provider:
    return Sec(
        means.settings.user_agent,
        means.clock,
        cut=means.cut,
        timeout_s=means.settings.timeout_s,
        transport=means.transport,
    )


def _alpha(means: _Means) -> Provider:
    key = _key(means, "alpha_vantage_key")
    return AlphaVantage(
        key,
        means.clock,
        full=means.settings.alpha_vantage_full,
        timeout_s=means.settings.timeout_s,
        transport=means.transport,
    )


def _newsapi(means: _Means) -> Provider:
    return NewsApi(
        _key(means, "newsapi_key"),
        means.clock,
        words=means.settings.news_words,
        timeout_s=means.settings.timeout_s,
        transport=means.transport,
    )


PROVIDERS: Mapping[str, Callable[[_Means], Provider]] = {
    "files": _files,
    "sec": _sec,
    "alpha-vantage": _alpha,
    "newsapi": _newsapi,
}


def open_providers(
    settings: EvidenceSettings,
    clock: Clock,
    *,
    cut: Cut | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Sequence[Provider]:
    """The providers that `settings` names, in its order. SettingsError says what is missing."""
    means = _Means(settings, clock, cut, _transport(settings, clock), environment)
    found = []
    for name in dict.fromkeys(settings.providers):
        if name not in PROVIDERS:
            known = ", ".join(PROVIDERS)
            raise SettingsError(f"apps.finance.evidence.providers: {name!r} is none; use {known}")
        found.append(PROVIDERS[name](means))
    return tuple(found)


def _transport(settings: EvidenceSettings, clock: Clock) -> httpx.AsyncBaseTransport | None:
    if settings.cassettes is None:
        return None
    folder = settings.cassettes.expanduser()
    if settings.record:
        return Recording(httpx.AsyncHTTPTransport(), folder, clock)
    return Replaying(folder)


def _key(means: _Means, field: str) -> str:
    """The key that the environment holds. Played back, none is needed."""
    variable = getattr(means.settings, field)
    key = means.environment.get(variable, "").strip() if variable else ""
    played = means.settings.cassettes is not None and not means.settings.record
    if key or played:
        return key
    if not variable:
        raise SettingsError(
            f"apps.finance.evidence.{field} is empty; name the environment variable with the key"
        )
    raise SettingsError(
        f"apps.finance.evidence.{field}: the environment variable {variable!r} is not set; set it to the key"
    )
