"""Fits how requests for a person are recognised: `python -m arriero.apps.support.person_fit`.

As `security/injection_fit` does for orders to the system: `left_out` scores a row by models that saw
no row of its family, `--check` prints the shares found and taken wrongly and writes nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from arriero.apps.support.person import HERE, HUNCH, TRUST, WEIGHTS, Recogniser
from arriero.core.errors import InputError
from arriero.models.base import Encoder
from arriero.security.injection_fit import fit_or_check, hash_of
from arriero.security.injection_model import Weights, fit

if TYPE_CHECKING:
    from arriero.models.hunch import Hunch

ROWS = HERE / "person_rows.jsonl"
HELD_OUT = HERE / "person_heldout.jsonl"
FOLDS = 5
FAMILY = 30  # rows without a named family that stand together are one


def labelled(file: Path) -> Iterator[tuple[str, bool]]:
    """Text and truth of each line `{"text", "label": "person" or "other"}`."""
    for text, truth, _ in _lines(file):
        yield text, truth


def families(file: Path) -> list[str]:
    """The family of each of the `labelled`: its `family`, or the stretch of the file it stands in."""
    return [
        family or f"{truth}-{at // FAMILY}" for at, (_, truth, family) in enumerate(_lines(file))
    ]


def fitted(given: Sequence[tuple[str, bool]]) -> Weights:
    """The weights learned from `given`, on top of the packaged rules."""
    plain = Recogniser.packaged(Weights())
    return fit([row for text, truth in given for row in plain.rows(text, truth)])


async def hunch(given: Sequence[tuple[str, bool]], encoder: Encoder) -> Hunch:
    """The hunch learned from `given`."""
    from arriero.models.hunch_fit import fit as fit_hunch  # noqa: PLC0415  # needs the extra `local`

    vectors = await encoder.encode([text for text, _ in given])
    truths = [truth for _, truth in given]
    return fit_hunch(vectors, truths, encoder=encoder.name, data=hash_of(ROWS))


async def left_out(
    given: Sequence[tuple[str, bool]], families: Sequence[str], encoder: Encoder
) -> list[tuple[float, float]]:
    """The log-odds of each row, by words alone and with the hunch, from models that saw other families."""
    names = sorted(set(families))
    Random(0).shuffle(names)  # not for secrets
    fold_of = {family: at % FOLDS for at, family in enumerate(names)}
    odds = [(0.0, 0.0)] * len(given)
    for fold in range(FOLDS):
        seen = [row for row, family in zip(given, families, strict=True) if fold_of[family] != fold]
        recogniser, felt = Recogniser.packaged(fitted(seen)), await hunch(seen, encoder)
        places = [at for at, family in enumerate(families) if fold_of[family] == fold]
        hunches = felt.odds(await encoder.encode([given[at][0] for at in places]))
        for at, extra in zip(places, hunches, strict=True):
            plain, _ = recogniser.odds(given[at][0])
            odds[at] = (plain, plain + TRUST * extra)
    return odds


def _lines(file: Path) -> Iterator[tuple[str, bool, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{str(file)!r} cannot be read ({error}); give a JSONL file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                table = json.loads(line)
                truth = {"person": True, "other": False}[table["label"]]
                yield str(table["text"]), truth, str(table.get("family", ""))
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{file.name}, line {number}: each line is a JSON object with text and label "
                    "(person or other)"
                ) from None


if __name__ == "__main__":
    asyncio.run(
        fit_or_check(
            list(labelled(ROWS)), families(ROWS),
            fitted=fitted, hunch=hunch, left_out=left_out, weights=WEIGHTS, hunch_file=HUNCH,
        )
    )  # fmt: skip
