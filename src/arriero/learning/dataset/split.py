"""What is trained on and what is kept aside: by unit and time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from arriero.learning.dataset.example import Example


@dataclass(frozen=True, slots=True)
class Split:
    """`held_out` holds units that came after `since` only; every other unit is in `training`, whole."""

    training: tuple[Example, ...]
    held_out: tuple[Example, ...]
    since: datetime | None


def split(examples: Sequence[Example], share: float) -> Split:
    """Keep the newest units aside, up to `share` of the examples: no unit is on both sides.

    A unit that came back after the cut is trained on with all it said; only units that first came
    after it are kept aside, so what is tested is new people at a later time.
    """
    by_unit: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_unit[example.unit].append(example)
    first = {unit: min(one.at for one in ones) for unit, ones in by_unit.items()}
    newest = sorted(by_unit, key=lambda unit: (first[unit], unit), reverse=True)
    aside: set[str] = set()
    room = int(share * len(examples))
    for unit in newest:
        if len(by_unit[unit]) > room:
            break
        aside.add(unit)
        room -= len(by_unit[unit])
    return Split(
        tuple(one for one in examples if one.unit not in aside),
        tuple(one for one in examples if one.unit in aside),
        min((first[unit] for unit in aside), default=None),
    )
