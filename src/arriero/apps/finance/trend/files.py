"""Daily prices from files: a CSV, a folder of them, or a tar.gz of CSV files; a file a stock, named after it."""

from __future__ import annotations

import csv
import io
import math
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePath

from arriero.apps.finance.trend.prices import Prices, read
from arriero.core.errors import InputError

DAY = ("date", "day", "timestamp")
CLOSE = ("adj close", "adj_close", "adjusted", "adjusted_close", "close")  # the first that is there
VOLUME = ("volume",)
CSV, ARCHIVES = ".csv", (".tar.gz", ".tgz")
NOTHING = frozenset({"", "-", "null", "none", "n/a", "na", "nan", "."})  # "." is FRED's


def read_prices(path: Path) -> Mapping[str, Prices]:
    """Prices by name, in order of the names. `InputError` says which file cannot be used, and why.

    A CSV has a header with date (2024-12-31) and close, better an adjusted close, and may have volume. Rows
    without a price (empty, null, -) are left out; newest first is turned round.
    """
    found: dict[str, Prices] = {}
    for name, text in _texts(path):
        if name in found:
            raise InputError(
                f"{path.name} has two files called {name}; join them, or name them apart"
            )
        found[name] = _stock(name, text)
    if not found:
        raise InputError(
            f"{path.name} has no CSV file in it; give one, or a folder or tar.gz of them"
        )
    return dict(sorted(found.items()))


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.name.lower().endswith((CSV, *ARCHIVES)):
                yield from _texts(file)
        return
    try:
        if not path.name.lower().endswith(ARCHIVES):
            yield path.stem, path.read_text(encoding="utf-8-sig")
            return
        with tarfile.open(path) as archive:
            for member in archive:
                handle = archive.extractfile(member) if member.isfile() else None
                if handle is not None and member.name.lower().endswith(CSV):
                    yield PurePath(member.name).stem, handle.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, tarfile.TarError, EOFError, zlib.error) as error:
        raise InputError(f"{str(path)!r} cannot be read ({error}); give CSV in UTF-8") from None


def _stock(name: str, text: str) -> Prices:
    reader = csv.DictReader(io.StringIO(text))
    try:
        rows, names = list(reader), reader.fieldnames or ()
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num + 1}: {error}; give a CSV") from None
    columns = {column.strip().lower(): column for column in names}
    day, close = (_first(columns, wanted, name) for wanted in (DAY, CLOSE))
    volume = next((columns[one] for one in VOLUME if one in columns), None)
    kept: list[tuple[date, float, float]] = []
    for number, row in enumerate(rows, 2):
        where = f"{name}, line {number}"
        if any(row.get(None) or ()):  # what csv calls further fields
            raise InputError(f"{where}: has more fields than the header; write 1234.5, not 1,234.5")
        price = _number(row.get(close), where)
        if price is None or price <= 0:
            continue
        try:
            when = date.fromisoformat((row.get(day) or "")[:10])
        except ValueError:
            raise InputError(f"{where}: {row.get(day)!r} is no date like 2024-12-31") from None
        kept.append((when, price, (_number(row.get(volume), where) or 0.0) if volume else 0.0))
    if len(kept) > 1 and kept[0][0] > kept[-1][0]:
        kept.reverse()
    try:
        return read(
            [one[0] for one in kept],
            [one[1] for one in kept],
            [one[2] for one in kept] if volume else None,
        )
    except InputError as error:
        raise InputError(f"{name}: {error.message}") from None


def _first(columns: Mapping[str, str], wanted: tuple[str, ...], name: str) -> str:
    for one in wanted:
        if one in columns:
            return columns[one]
    if any(";" in one for one in columns):
        raise InputError(
            f"{name}: semicolons stand between its columns; save it with commas, numbers as 1234.5"
        )
    raise InputError(f"{name}: no column {' or '.join(wanted)} in the header; name one so")


def _number(text: str | None, where: str) -> float | None:
    """None where nothing stands. What is no number is refused: left out, prices over 1,000 would be missing."""
    told = (text or "").strip()
    if told.lower() in NOTHING:
        return None
    try:
        value = float(told)
    except ValueError:
        raise InputError(
            f"{where}: {told!r} is no number; write 1234.5, and leave empty what is not known"
        ) from None
    return value if math.isfinite(value) else None
