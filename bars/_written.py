"""Messages written by hand (`written/`): what is private in them, what only looks so, and their two halves.

A line belongs to the half that the hash of its text says, whatever it holds: recognisers are mended
on `develop` and reported on `report`. Only the author's own voices are in most of it, so a report on
it says less than one on another author's; `private_second.txt` is by one who knew no recogniser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from arriero.security.injection import Channel
from arriero.security.masking import Masker, Vault

HERE = Path(__file__).parent / "written"
Half = Literal["develop", "report"]
_MARK = re.compile(r"\[\[(?P<kind>\w):(?P<private>.+?)\]\]|\{\{(?P<public>.+?)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Marked:
    """A message, its private values as (kind, text), and its look-alikes."""

    text: str
    private: tuple[tuple[str, str], ...]
    public: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Masked:
    """One message masked: values that stand whole in what is left, pieces taken wrongly, look-alikes spared."""

    left: tuple[tuple[str, str], ...]
    right: int
    wrong: tuple[str, ...]
    spared: int
    lost: tuple[str, ...]


def half_of(line: str) -> Half:
    """The half of a line, by the hash of its text."""
    return "develop" if sha256(line.strip().encode()).digest()[0] % 2 == 0 else "report"


def marked(half: Half, file: Path = HERE / "private.txt") -> Sequence[Marked]:
    """The messages of a half."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [
        _read(line)
        for line in lines
        if line.strip() and not line.startswith("#") and half_of(line) == half
    ]


def labelled(half: Half, name: str) -> Sequence[tuple[str, Channel, bool]]:
    """Text, channel and truth of each row of a file of orders or of requests for a person in a half."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    found = [line.split(" ", 2) for line in lines if line.startswith(("A ", "B "))]
    rows = [(text.strip().replace("\\n", "\n"), channel, truth) for truth, channel, text in found]
    return [
        (text, _CHANNELS[channel], truth == "A")
        for text, channel, truth in rows
        if half_of(text) == half
    ]


_CHANNELS: Mapping[str, Channel] = {"m": "message", "d": "document", "t": "tool"}


def masked(one: Marked, masker: Masker) -> Masked:
    """What `masker` makes of a message, by letters and digits alone, as the exams count."""
    vault = Vault()
    rest = signs(masker.mask(one.text, vault))
    secret = [signs(value) for _, value in one.private]
    taken = [(value, signs(value)) for value in vault.values.values()]
    wrong = [
        value for value, bare in taken if not any(bare in each or each in bare for each in secret)
    ]
    lost = [value for value in one.public if signs(value) not in rest]
    return Masked(
        tuple((kind, value) for kind, value in one.private if signs(value) in rest),
        len(taken) - len(wrong), tuple(wrong), len(one.public) - len(lost), tuple(lost),
    )  # fmt: skip


def signs(text: str) -> str:
    """The letters and digits of `text` in lower case."""
    return "".join(char for char in text.lower() if char.isalnum())


def _read(line: str) -> Marked:
    line = line.strip().replace("\\n", "\n")
    text = _MARK.sub(lambda match: match["private"] or match["public"], line)
    found = list(_MARK.finditer(line))
    return Marked(
        text,
        tuple((match["kind"], match["private"]) for match in found if match["private"]),
        tuple(match["public"] for match in found if match["public"]),
    )
