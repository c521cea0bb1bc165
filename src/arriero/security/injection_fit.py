"""Fits what the scan has learned on the rows beside this file: `python -m arriero.security.injection_fit`.

The held-out set is not read here. `left_out` scores every row by weights that have seen neither it
nor any row of its family: rows that one hand wrote in one go, or that one form was filled to. With
`--check` the shares found and flagged wrongly are printed, and nothing is written.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from arriero.core.errors import InputError
from arriero.models.base import Encoder
from arriero.security.injection import HERE, WEIGHTS, Channel, Scanner
from arriero.security.injection_model import Row, Weights, fit
from arriero.security.injection_reader import HUNCH, TRUST

if TYPE_CHECKING:
    from arriero.models.hunch import Hunch

ROWS = HERE / "injection_rows.jsonl"
HELD_OUT = HERE / "injection_heldout.jsonl"
FOLDS = 5
FAMILY = 40  # rows without a named family that stand together are one
MORE = 2  # sentences that a document may have around an order, on either side
_TRUTH = {"attack": True, "malicious": True, "benign": False}
Labelled = tuple[str, Channel, bool]
T = TypeVar("T", bound=tuple[Any, ...])


def rows(file: Path) -> Iterator[Labelled]:
    """Text, channel and truth of each line `{"text", "channel", "label": "attack" or "benign"}`."""
    for row, _ in _lines(file):
        yield row


def families(file: Path) -> list[str]:
    """The family of each of `rows`: its `family`, or the stretch of the file that it stands in."""
    return [
        family or f"{row[1]}-{row[2]}-{at // FAMILY}"
        for at, (row, family) in enumerate(_lines(file))
    ]


def fitted(given: Sequence[Labelled]) -> Weights:
    """The weights learned from `given`, on top of the packaged rules."""
    return fit(_passages(given))


async def hunch(given: Sequence[Labelled], encoder: Encoder) -> Hunch:
    """The hunch learned from `given`, also with ordinary sentences around each order."""
    from arriero.models.hunch_fit import fit as fit_hunch  # noqa: PLC0415  # needs the extra `local`

    read = _passages([*given, *_surrounded(given)])
    vectors = await encoder.encode([row.text for row in read])
    truths = [row.truth for row in read]
    return fit_hunch(vectors, truths, encoder=encoder.name, data=hash_of(ROWS))


async def left_out(
    given: Sequence[Labelled], families: Sequence[str], encoder: Encoder
) -> list[tuple[float, float]]:
    """The log-odds of each row, by words alone and with the hunch, from models that saw other families."""
    fold_of = {family: at % FOLDS for at, family in enumerate(_mixed(families))}
    odds = [(0.0, 0.0)] * len(given)
    for fold in range(FOLDS):
        seen = [row for row, family in zip(given, families, strict=True) if fold_of[family] != fold]
        scanner, felt = Scanner.packaged(fitted(seen)), await hunch(seen, encoder)
        for at, (text, channel, _) in enumerate(given):
            if fold_of[families[at]] == fold:
                read = scanner.passages(text, channel)
                hunches = felt.odds(await encoder.encode([one.text for one in read]))
                both = zip(read, hunches, strict=True)
                odds[at] = max(
                    ((one.odds, one.odds + TRUST * felt_odds) for one, felt_odds in both),
                    key=lambda pair: pair[1],
                    default=(-9.0, -9.0),
                )
    return odds


def hash_of(file: Path) -> str:
    """What a hunch is kept with, to be sure of the rows it was fitted on."""
    return sha256(file.read_bytes()).hexdigest()[:16]


def _passages(given: Sequence[Labelled]) -> list[Row]:
    plain = Scanner.packaged(Weights())
    return [row for text, channel, truth in given for row in plain.row(text, channel, truth)]


def _surrounded(given: Sequence[Labelled]) -> Iterator[Labelled]:
    """Orders as they stand in documents and notes: between sentences that are none."""
    random = Random(1)  # not for secrets
    for wanted in ("document", "tool", "message"):
        plain = [text for text, channel, truth in given if channel == wanted and not truth]
        for text, channel, truth in given:
            if channel == wanted and plain and (channel != "message" or random.random() < 0.15):
                before, after = (random.sample(plain, random.randint(0, MORE)) for _ in range(2))
                yield " ".join([*before, text, *after]), channel, truth


def _mixed(families: Sequence[str]) -> list[str]:
    found = sorted(set(families))
    Random(0).shuffle(found)
    return found


def _lines(file: Path) -> Iterator[tuple[Labelled, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a JSONL file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(line, f"{file.name}, line {number}")


def _row(line: str, where: str) -> tuple[Labelled, str]:
    try:
        table: Mapping[str, Any] = json.loads(line)
        row = str(table["text"]), _channel(table), _TRUTH[table["label"]]
        return row, str(table.get("family", ""))
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{where}: each line is a JSON object with text, label (attack or benign) and channel "
            f"({', '.join(get_args(Channel))})"
        ) from None


def _channel(table: Mapping[str, Any]) -> Channel:
    channel: Channel = table.get("channel", "message")
    if channel not in get_args(Channel):
        raise ValueError(channel)
    return channel


def shown(truths: Sequence[bool], odds: Sequence[float]) -> Iterator[str]:
    """How many are found at a few shares of false alarms, a line each."""
    harmless = sorted(
        (one for one, truth in zip(odds, truths, strict=True) if not truth), reverse=True
    )
    orders = [one for one, truth in zip(odds, truths, strict=True) if truth]
    for share in (0.003, 0.005, 0.01, 0.02, 0.05):
        at = harmless[int(share * len(harmless))]
        found = sum(one > at for one in orders) / len(orders)
        yield f"{share:.1%} false alarms at log-odds {at:.2f}: {found:.1%} found"


async def fit_or_check(
    given: Sequence[T],
    families: Sequence[str],
    *,
    fitted: Callable[[Sequence[T]], Weights],
    hunch: Callable[[Sequence[T], Encoder], Awaitable[Hunch]],
    left_out: Callable[[Sequence[T], Sequence[str], Encoder], Awaitable[list[tuple[float, float]]]],
    weights: Path,
    hunch_file: Path,
) -> None:
    """Write the weights and the hunch, or print what rows left out in turn say of them.

    The last field of a row is its truth.
    """
    from arriero.core.settings import Settings  # noqa: PLC0415
    from arriero.models.encoder import OnnxEncoder  # noqa: PLC0415  # needs the extra `local`

    encoder = OnnxEncoder(Settings.load().models.folder.expanduser() / "minilm-l6")
    if "--check" in sys.argv:
        odds, truths = await left_out(given, families, encoder), [row[-1] for row in given]
        for name, at in (("words", 0), ("words and hunch", 1)):
            told = shown(truths, [one[at] for one in odds])
            sys.stdout.write("\n  ".join([name, *told]) + "\n")
    else:
        fitted(given).save(weights)
        (await hunch(given, encoder)).save(hunch_file)
    await encoder.close()


if __name__ == "__main__":
    asyncio.run(
        fit_or_check(
            list(rows(ROWS)), families(ROWS),
            fitted=fitted, hunch=hunch, left_out=left_out, weights=WEIGHTS, hunch_file=HUNCH,
        )
    )  # fmt: skip
