"""Approved answers under the knowledge that is in force now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from arriero.apps.support.approved import (
    Approved,
    ApprovedAnswers,
    Asked,
    Found,
    knowledge_version,
    read_answers,
)
from arriero.apps.support.inbox import Shared
from arriero.core.errors import Conflict, InputError
from arriero.retrieval.base import Passage
from arriero.retrieval.live import Source

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ApprovedNow:
    """Looks answers up under today's versions; what rests on a changed article is not given again.

    `file` holds the company's answers, `policy` is the version of its rules and templates.
    """

    answers: ApprovedAnswers
    source: Source
    file: Path
    policy: str
    _of: tuple[str, date] | None = None
    _knowledge: str = ""
    _texts: tuple[str, ...] = ()
    _renewed: set[str] = field(default_factory=set)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _works: set[asyncio.Future[None]] = field(default_factory=set)

    async def lookup(
        self, tenant: str, question: str, intent: str, language: str, *, index: str, day: date
    ) -> Found | None:
        """The answer that somebody approved for this question, if it still stands.

        `index` is the version of the index in force. Raises `StoreError` when the records fail.
        """
        await self._prepared(tenant, index, day)
        asked = Asked(tenant, question, intent, language, self._knowledge, self.policy)
        return await self.answers.lookup(asked)

    async def share(
        self, tenant: str, shared: Shared, language: str, *, index: str, day: date
    ) -> None:
        """Give an agent's answer to everybody from now on, as long as the knowledge stays as it is.

        One that repeats its evidence word for word outlives other changes of the knowledge.

        Raises:
            Conflict: question or answer is one person's, so nobody else may get it.
        """
        await self._prepared(tenant, index, day)
        approved = Approved(
            shared.intent, shared.question, shared.answer, language, self._knowledge, self.policy,
            shared.by, day.isoformat(), shared.quotes,
        )  # fmt: skip
        if not await self.answers.approve(tenant, approved):
            raise Conflict(
                "this is one person's: it names an order, a person or a private value, or says 'my'; "
                "write question and answer so that they hold for everybody"
            )

    async def _prepared(self, tenant: str, index: str, day: date) -> None:
        """Once for an index and a day, whoever asks first. A large knowledge takes seconds: it is gone on
        with for the next question when the time of this one is over.
        """
        if self._of == (index, day) and tenant in self._renewed:
            return
        work = asyncio.ensure_future(self._prepare(tenant, index, day))
        self._works.add(work)
        work.add_done_callback(self._works.discard)
        await asyncio.shield(work)

    async def _prepare(self, tenant: str, index: str, day: date) -> None:
        async with self._one:
            if self._of != (index, day):
                await self._take_up(index, day)
            if tenant not in self._renewed:
                await self.answers.renew(
                    tenant, knowledge=self._knowledge, policy=self.policy, texts=self._texts
                )
                self._renewed.add(tenant)

    async def _take_up(self, index: str, day: date) -> None:
        passages = await self.source.passages()
        self._knowledge, self._texts, self.answers.given = await asyncio.to_thread(
            self._read, passages, day
        )
        self._of = (index, day)
        self._renewed.clear()

    def _read(
        self, passages: Sequence[Passage], day: date
    ) -> tuple[str, tuple[str, ...], tuple[Approved, ...]]:
        """The knowledge's version and texts, and what of the file they bear."""
        version, texts = knowledge_version(passages, day)
        try:
            given = read_answers(
                self.file, knowledge=version, policy=self.policy, at=day.isoformat(), texts=texts
            )
        except InputError as error:  # edited meanwhile: rather without its answers than without any
            log.warning("no approved answers from the file: %s", error.message)
            given = ()
        return version, texts, given
