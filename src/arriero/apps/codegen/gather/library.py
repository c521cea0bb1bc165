"""The library: every shelf that a requirement is looked up in, opened when it is first needed.

To encode code takes 5 ms a piece, once: vectors are kept in the data folder by the hash of their texts. No answer waits
longer for a shelf than `wait_s`: it goes on without, and says so.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from arriero.apps.codegen.gather.accepted import Accepted
from arriero.apps.codegen.gather.barred import Barred
from arriero.apps.codegen.gather.cards import Card, cards
from arriero.apps.codegen.gather.identifiers import parts
from arriero.apps.codegen.gather.prompt import shown
from arriero.apps.codegen.gather.repository import Repository
from arriero.apps.codegen.gather.snippet import Found, Origin, Snippet
from arriero.apps.codegen.gather.stock import Stock, Stocked
from arriero.apps.codegen.judge.copied import Known
from arriero.apps.codegen.requirement import Requirement
from arriero.apps.codegen.settings import Gather
from arriero.core.errors import ArrieroError, MissingExtra
from arriero.core.words import content_hash
from arriero.models.base import Encoder

if TYPE_CHECKING:  # numpy and FAISS are in the extras: imported when a shelf is opened
    from arriero.apps.codegen.gather.shelf import Shelf

# Cards of these languages serve the others, too.
ALSO = {"typescript": ("javascript",), "jsx": ("javascript",), "tsx": ("typescript", "javascript")}
OWN_FIRST = (Origin.REPOSITORY, Origin.ACCEPTED, Origin.CARD)
WORDS = 80  # of a requirement, by which it is looked up; the encoder reads some 250
MOST = 8  # shelves and sources that are kept in memory beside the cards'
_EXAMPLE = re.compile(r"^\s*(?:>>>|assert\b)|==|->\s*\S+\s*$")
LICENCE = "Apache-2.0"  # of the cards: they are this package's own


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found, the best first, and which of it the writer is shown. `missing` says what could not be asked.

    `sources` names the fingerprints (`Library.known`) that the code is compared with, `left` what of the caller's
    repository was not read.
    """

    found: tuple[Found, ...] = ()
    shown: tuple[Snippet, ...] = ()
    missing: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    sources: str = ""


@dataclass
class Library:
    """The shelves of a platform. `opens` gives the shared encoder; `folder` keeps vectors."""

    settings: Gather
    opens: Callable[[], Awaitable[Encoder]]
    folder: Path
    accepted: Accepted | None = None
    _shelves: OrderedDict[str, asyncio.Task[Shelf]] = field(default_factory=OrderedDict)
    _known: OrderedDict[str, Known] = field(default_factory=OrderedDict)

    async def gather(
        self,
        requirement: Requirement,
        tenant: str,
        repository: Repository | None = None,
        *,
        within_s: float = 0.0,
    ) -> Gathered:
        """What there is for `requirement`. Never raises because a shelf cannot be opened.

        A repository is waited for `within_s` seconds: who gives one wants it looked at.
        """
        if not self.settings.found:
            return Gathered()
        missing: list[str] = []
        stocked = None
        if repository is not None:
            stocked = await asyncio.to_thread(self._stock.of, repository)
        accepted = await self._accepted(tenant, missing)
        languages = _languages(requirement.language)
        wanted = {
            f"repository-{_key(tenant)}": stocked.snippets if stocked else (),
            f"accepted-{_key(tenant)}": accepted,
            f"cards-{requirement.language}": self._cards(requirement.language),
        }
        of = {
            name: tuple(one for one in snippets if one.language in languages)
            for name, snippets in wanted.items()
        }
        wait_s = self.settings.wait_s
        within_s = max(wait_s, within_s) if repository is not None else wait_s
        found = await self._find(requirement, of, missing, within_s)
        settings = self.settings
        return Gathered(
            found,
            shown(found, most=settings.shown, likeness=settings.likeness, tokens=settings.tokens),
            tuple(missing),
            (*stocked.left, *missing) if stocked else (),
            self._sources(stocked, accepted),
        )

    def known(self, sources: str) -> Known | None:
        """The fingerprints that `Gathered.sources` names; None when there are none, or they are forgotten."""
        return self._known.get(sources)

    async def close(self) -> None:
        for task in self._shelves.values():
            task.cancel()
        await asyncio.gather(*self._shelves.values(), return_exceptions=True)

    async def _find(
        self,
        requirement: Requirement,
        of: Mapping[str, Sequence[Snippet]],
        missing: list[str],
        within_s: float,
    ) -> tuple[Found, ...]:
        """The best of all shelves: by their fused score, the caller's own before ours, then by likeness."""
        names = [name for name, snippets in of.items() if snippets]
        if not names:
            return ()
        text = question(requirement)
        try:
            async with asyncio.timeout(within_s):
                shelves = [self._shelf(name, of[name]) for name in names]
                vector = (await (await self.opens()).encode([text]))[0]
                opened = [await asyncio.shield(shelf) for shelf in shelves]
        except ArrieroError as error:
            missing.append(f"nothing was looked up: {error.message}")
            return ()
        except TimeoutError:
            missing.append("nothing was looked up: what there is is still being encoded")
            return ()
        hits = [hit for shelf in opened for hit in shelf.find(text, vector, self.settings.found)]
        return tuple(sorted(hits, key=_order)[: self.settings.found])

    def _shelf(self, name: str, snippets: Sequence[Snippet]) -> asyncio.Task[Shelf]:
        """The shelf of these snippets, being made; one that failed is made again."""
        key = f"{name}@{content_hash([(one.id, one.asks, one.code) for one in snippets])}"
        task = self._shelves.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(self._stocked(name, snippets))
            task.add_done_callback(_heard)
            self._shelves[key] = task
        self._shelves.move_to_end(key)
        for old in [one for one, made in self._shelves.items() if made.done()][:-MOST]:
            del self._shelves[old]
        return task

    async def _stocked(self, name: str, snippets: Sequence[Snippet]) -> Shelf:
        try:
            from arriero.apps.codegen.gather.shelf import Shelf  # noqa: PLC0415  # numpy and FAISS
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "faiss", "codegen") from None
        return await Shelf.stocked(
            snippets, await self.opens(), self.folder / f"{name}.safetensors"
        )

    def _cards(self, language: str) -> tuple[Snippet, ...]:
        if not self.settings.cards:
            return ()
        return tuple(one for one in snippets_of(language) if not self.barred.holds(one.code))

    async def _accepted(self, tenant: str, missing: list[str]) -> tuple[Snippet, ...]:
        if self.accepted is None:
            return ()
        try:
            found = await self.accepted.of(tenant)
        except ArrieroError as error:
            missing.append(f"accepted outputs were not looked up: {error.message}")
            return ()
        return tuple(one for one in found if not self.barred.holds(one.code))

    def _sources(self, stocked: Stocked | None, accepted: Sequence[Snippet]) -> str:
        """Remember the fingerprints of what the code must not be copied from; their name, or "" for none."""
        if stocked is None and not accepted:
            return ""
        ids = [one.id for one in accepted]
        name = content_hash([stocked.version if stocked else "", ids])[:16]
        if name not in self._known:
            before = Known.of(
                {f"an output accepted before ({one.id})": one.code for one in accepted}
            )
            own = stocked.known.prints if stocked else {}
            self._known[name] = Known({**before.prints, **own})
        self._known.move_to_end(name)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return name

    @cached_property
    def barred(self) -> Barred:
        """What must not enter an index."""
        return Barred.read(self.settings.barred)

    @cached_property
    def _stock(self) -> Stock:
        return Stock(self.barred)


def _heard(task: asyncio.Task[Shelf]) -> None:
    """Take note of a failure that nobody waits for any more: who asks next makes the shelf again."""
    if not task.cancelled() and (failure := task.exception()) is not None:
        log.debug("a shelf was not made: %s", failure)


def _order(one: Found) -> tuple[float, int, float]:
    return -one.score, OWN_FIRST.index(one.snippet.origin), -one.likeness


def _languages(language: str) -> frozenset[str]:
    return frozenset({language, *ALSO.get(language, ())})


def _key(tenant: str) -> str:
    """A tenant as part of a file name."""
    return content_hash(tenant)[:12]


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
