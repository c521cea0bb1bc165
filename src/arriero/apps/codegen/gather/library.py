"""The library: every shelf that a requirement is looked up in, opened when it is first needed.

To encode the cards takes seconds once; their vectors are kept in the data folder by the hash of their texts. No
answer waits longer for them than `wait_s`: it goes on without, and says so.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from arriero.apps.codegen.gather.barred import Barred
from arriero.apps.codegen.gather.cards import Card, cards
from arriero.apps.codegen.gather.identifiers import parts
from arriero.apps.codegen.gather.prompt import shown
from arriero.apps.codegen.gather.snippet import Found, Origin, Snippet
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.settings import Gather
from arriero.core.errors import ArrieroError, MissingExtra
from arriero.models.base import Encoder

if TYPE_CHECKING:  # numpy and FAISS are in the extras: imported when a shelf is opened
    from arriero.apps.codegen.gather.shelf import Shelf

# Cards of these languages serve the others, too.
ALSO = {"typescript": ("javascript",), "jsx": ("javascript",), "tsx": ("typescript", "javascript")}
WORDS = 80  # of a requirement, by which it is looked up; the encoder reads some 250
_EXAMPLE = re.compile(r"^\s*(?:>>>|assert\b)|==|->\s*\S+\s*$")
LICENCE = "Apache-2.0"  # of the cards: they are this package's own


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found, the best first, and which of it the writer is shown. `missing` says what could not be asked."""

    found: tuple[Found, ...] = ()
    shown: tuple[Snippet, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass
class Library:
    """The shelves of a platform. `opens` gives the shared encoder; `folder` keeps vectors."""

    settings: Gather
    opens: Callable[[], Awaitable[Encoder]]
    folder: Path
    _cards: dict[str, asyncio.Task[Shelf]] = field(default_factory=dict)

    def begin(self, language: str) -> None:
        """Open the cards of `language` in the background, unless they are open."""
        if self.settings.found and language not in self._cards:
            self._cards[language] = asyncio.create_task(self._open(language))

    async def gather(self, requirement: Requirement) -> Gathered:
        """What the shelves have for `requirement`. Never raises because one of them cannot be opened."""
        if not self.settings.found:
            return Gathered()
        self.begin(requirement.language)
        try:
            shelf = await self._ready(requirement.language)
            text = question(requirement)
            vector = (await (await self.opens()).encode([text]))[0]
        except ArrieroError as error:
            return Gathered(missing=(f"nothing was looked up: {error.message}",))
        except TimeoutError:
            return Gathered(missing=("nothing was looked up: the cards are still being encoded",))
        return self._chosen(shelf.find(text, vector, self.settings.found))

    async def close(self) -> None:
        for task in self._cards.values():
            task.cancel()
        await asyncio.gather(*self._cards.values(), return_exceptions=True)

    def _chosen(self, found: Sequence[Found]) -> Gathered:
        most, likeness, tokens = self.settings.shown, self.settings.likeness, self.settings.tokens
        return Gathered(tuple(found), shown(found, most=most, likeness=likeness, tokens=tokens))

    async def _ready(self, language: str) -> Shelf:
        """The shelf of the cards; one that could not be opened is tried again with the next requirement."""
        task = self._cards[language]
        try:
            async with asyncio.timeout(self.settings.wait_s):
                return await asyncio.shield(task)
        except ArrieroError:
            self._cards.pop(language, None)
            raise

    async def _open(self, language: str) -> Shelf:
        try:
            from arriero.apps.codegen.gather.shelf import Shelf  # noqa: PLC0415  # numpy and FAISS
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "faiss", "codegen") from None
        snippets = [one for one in snippets_of(language) if not self.barred.holds(one.code)]
        encoder = await self.opens()
        return await Shelf.stocked(snippets, encoder, self.folder / f"cards-{language}.safetensors")

    @cached_property
    def barred(self) -> Barred:
        """What must not enter an index."""
        return Barred.read(self.settings.barred)


def snippets_of(language: str) -> tuple[Snippet, ...]:
    """The cards for a language as snippets: its own, then those of languages that it contains."""
    return tuple(_snippet(card) for of in (language, *ALSO.get(language, ())) for card in cards(of))


def _snippet(card: Card) -> Snippet:
    return Snippet(
        f"{card.language}/{card.id}", Origin.CARD, card.language, card.title, (card.title, *card.asks),
        card.code, licence=LICENCE,
    )  # fmt: skip


def question(requirement: Requirement) -> str:
    """What a requirement is looked up by: the words of the name and its text without the examples."""
    lines = [line for line in requirement.text.splitlines() if not _EXAMPLE.search(line)]
    words = " ".join(lines).split()[:WORDS]
    name = " ".join(parts(requirement.entry)) if requirement.entry else ""
    return f"{name}. {' '.join(words)}" if name else " ".join(words) or requirement.text[:400]
