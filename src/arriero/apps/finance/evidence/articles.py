"""News as two services tell it: NewsAPI's `articles` and Alpha Vantage's `feed`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from math import isnan
from typing import Any

from arriero.apps.finance.evidence.base import News, Reason, Unavailable
from arriero.apps.finance.evidence.edgar import same_ticker


def news_of(payload: Any, ticker: str, as_of: date) -> tuple[News, ...]:
    """The articles of either format that were published by `as_of` (UTC, that day included), oldest first."""
    if isinstance(payload, dict) and isinstance(payload.get("feed"), list):
        found = [_from_feed(row, ticker) for row in payload["feed"]]
    elif isinstance(payload, dict) and isinstance(payload.get("articles"), list):
        found = [_from_articles(row) for row in payload["articles"]]
    else:
        raise Unavailable(Reason.MALFORMED, "news has neither articles nor a feed")
    known = [one for one in found if one.published.date() <= as_of]
    return tuple(sorted(known, key=lambda one: (one.published, one.url, one.title)))


def _from_articles(row: Any) -> News:
    entry = _mapping(row)
    source = entry.get("source")
    return News(
        published=moment(entry.get("publishedAt")),
        title=str(entry.get("title") or ""),
        summary=str(entry.get("description") or ""),
        source=str(source.get("name") or "") if isinstance(source, dict) else str(source or ""),
        url=str(entry.get("url") or ""),
        relevance=_share(entry.get("relevance")),
    )


def _from_feed(row: Any, ticker: str) -> News:
    entry = _mapping(row)
    mine = next(
        (
            one
            for one in _list(entry.get("ticker_sentiment") or [])
            if isinstance(one, dict) and same_ticker(str(one.get("ticker", "")), ticker)
        ),
        {},
    )
    return News(
        published=moment(entry.get("time_published")),
        title=str(entry.get("title") or ""),
        summary=str(entry.get("summary") or ""),
        source=str(entry.get("source") or ""),
        url=str(entry.get("url") or ""),
        relevance=_share(mine.get("relevance_score")),
    )


def moment(text: Any) -> datetime:
    """An aware time in UTC, of ISO text or of `YYYYMMDDTHHMMSS`; text without a zone is UTC, as both services write."""
    try:
        told = datetime.fromisoformat(str(text))
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 east of Greenwich has no UTC
        raise Unavailable(Reason.MALFORMED, f"news: {text!r} is no time") from None


def _mapping(row: Any) -> Mapping[str, Any]:
    if isinstance(row, dict):
        return row
    raise Unavailable(Reason.MALFORMED, "an article is no object")


def _list(value: Any) -> Sequence[Any]:
    if isinstance(value, list):
        return value
    raise Unavailable(Reason.MALFORMED, "ticker_sentiment is no list")


def _share(value: Any) -> float | None:
    if value in (None, "", "None", "-"):
        return None
    try:
        share = float(value)
    except (TypeError, ValueError, OverflowError):
        share = float("nan")
    if isnan(share):
        raise Unavailable(Reason.MALFORMED, f"relevance {value!r} is no number")
    return min(max(share, 0.0), 1.0)
