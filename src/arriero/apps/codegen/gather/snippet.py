"""Code that a writer may look at, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Where a snippet comes from."""

    CARD = "card"
    REPOSITORY = "repository"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code that can be understood by itself.

    `asks` are texts by which it is looked for, each compared with a requirement on its own; `title` names it for
    people. `file` and `line` (from 1) say where it stands, `licence` under which terms; empty: not known.
    """

    id: str
    origin: Origin
    language: str
    title: str
    asks: tuple[str, ...]
    code: str
    file: str = ""
    line: int = 0
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A snippet that was found: its fused score, its cosine to the requirement, its rank (from 1) by ranking."""

    snippet: Snippet
    score: float
    likeness: float
    ranks: Mapping[str, int]
