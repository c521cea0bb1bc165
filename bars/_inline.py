"""Facts of one annual report, read from its inline XBRL: companies of which there is no companyfacts file here."""

from __future__ import annotations

import gzip
import re
from datetime import date
from html import unescape
from pathlib import Path

from arriero.apps.finance.evidence.base import Fact

CONTEXT = re.compile(r'<xbrli:context[^>]*id="([^"]+)"[^>]*>(.*?)</xbrli:context>', re.DOTALL)
UNIT = re.compile(r'<xbrli:unit[^>]*id="([^"]+)"[^>]*>(.*?)</xbrli:unit>', re.DOTALL)
NUMBER = re.compile(r"<ix:nonfraction\b([^>]*)>(.*?)</ix:nonfraction>", re.DOTALL | re.IGNORECASE)
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
DAY = re.compile(r"<xbrli:(instant|startDate|endDate)>\s*([\d-]{10})")
MEASURE = re.compile(r"<xbrli:measure>\s*(?:\w+:)?(\w+)")
TAG = re.compile(r"<[^>]+>")


def facts_of(path: Path, filed: date, accession: str) -> tuple[Fact, ...]:
    """The facts of the whole company in a 10-K's HTML: those of a segment, a class of shares and the like are left out."""
    text = gzip.decompress(path.read_bytes()).decode(errors="replace")
    spans: dict[str, tuple[date | None, date]] = {}
    for name, body in CONTEXT.findall(text):
        if "xbrldi:" not in body:
            days = {kind: date.fromisoformat(day) for kind, day in DAY.findall(body)}
            end = days.get("instant") or days["endDate"]
            spans[name] = days.get("startDate"), end
    units = {name: "/".join(MEASURE.findall(body)) for name, body in UNIT.findall(text)}
    found: dict[tuple[str, str, date | None, date], Fact] = {}
    for attributes, body in NUMBER.findall(text):
        told = dict(ATTRIBUTE.findall(attributes))
        value = _value(body, told)
        if told["contextRef"] in spans and value is not None:
            start, end = spans[told["contextRef"]]
            taxonomy, _, concept = told["name"].partition(":")
            unit = units[told["unitRef"]]
            found[concept, unit, start, end] = Fact(
                *(taxonomy, concept, unit, start, end, value, accession, "10-K", filed)
            )
    return tuple(found.values())


def _value(body: str, told: dict[str, str]) -> float | None:
    shown = unescape(TAG.sub("", body)).replace(",", "").strip()
    if shown in {"—", "-", "–", ""}:  # noqa: RUF001  # a dash of any length is printed for zero
        return 0.0
    try:
        value = float(shown) * 10.0 ** int(told.get("scale") or 0)
    except ValueError:
        return None
    return -value if told.get("sign") == "-" else value
