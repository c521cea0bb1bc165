"""companyfacts as raw rows, read apart from the product: what it says of a value is checked against these.

Nothing of `apps.finance` is used here. A row is what EDGAR wrote, its periods are text.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from arriero.core.errors import InputError

REPORTS = ("10-K", "10-Q")


@dataclass(frozen=True)
class Filed:
    """One company's rows by tag (`us-gaap:Assets`), each with its unit."""

    name: str
    cik: str
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    told: frozenset[tuple[str, str, str | None, str, float, str]] = field(repr=False)

    def has(
        self, tag: str, unit: str, start: date | None, end: date, value: float, accession: str
    ) -> bool:
        """Whether exactly this value was filed in exactly this filing."""
        first = None if start is None else start.isoformat()
        return (tag, unit, first, end.isoformat(), value, accession) in self.told

    def reported(self, since: date) -> Sequence[tuple[str, date]]:
        """The periods that the company reported itself: (year or quarter, last day), from its 10-K and 10-Q.

        The last day of a report is that of its newest balance of assets. A 10-K ends a year and a quarter.
        """
        last: dict[str, tuple[str, date]] = {}
        for row in self.rows.get("us-gaap:Assets", ()):
            form = str(row["form"])
            if form.startswith(REPORTS):
                end = date.fromisoformat(row["end"])
                if row["accn"] not in last or end > last[row["accn"]][1]:
                    last[row["accn"]] = form, end
        found = set()
        for form, end in last.values():
            if end >= since:
                found.add(("quarter", end))
                if form.startswith("10-K"):
                    found.add(("year", end))
        return sorted(found, key=lambda one: (one[1], one[0]))


def payload_of(path: Path) -> Any:
    """The JSON of a file, gzipped or not. InputError says which file is none."""
    try:
        raw = path.read_bytes()
        return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(
            f"{path.name} cannot be read as companyfacts ({error}); give EDGAR's JSON"
        ) from None


def filed(payload: Any, name: str) -> Filed:
    """The rows of a companyfacts document; `name` is the file's, for the complaint."""
    rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    told = set()
    try:
        for taxonomy, concepts in payload["facts"].items():
            for concept, entry in concepts.items():
                tag = f"{taxonomy}:{concept}"
                for unit, facts in entry["units"].items():
                    for fact in facts:
                        rows[tag].append({**fact, "unit": unit})
                        key = (tag, unit, fact.get("start"), fact["end"])
                        told.add((*key, float(fact["val"]), fact["accn"]))
        return Filed(
            str(payload["entityName"]), f"{int(payload['cik']):010d}", dict(rows), frozenset(told)
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{name} is no companyfacts document ({error!r})") from None


def documents(folder: Path) -> Sequence[Path]:
    """The companyfacts files in `folder`: `CIK##########.json`, gzipped or not."""
    found = sorted(
        path
        for path in folder.rglob("CIK*.json*")  # submissions-CIK... are none
        if path.name.removesuffix(".gz").endswith(".json")
    )
    if not found:
        raise InputError(
            f"{str(folder)!r} has no companyfacts; give a folder with CIK##########.json(.gz)"
        )
    return found
