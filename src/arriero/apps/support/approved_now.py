"""Approved answers under the knowledge that is in force now."""

from __future__ import annotations

import logging
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
from arriero.core.errors import Conflict, InputError, StoreError
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

    async def lookup(
        self, tenant: str, question: str, intent: str, language: str, *, index: str, day: date
    ) -> Found | None:
        """The answer that somebody approved for this question, if it still stands.

        `index` is the version of the index in force. Raises `StoreError` when the records fail.
        """
        if self._of != (index, day):
            await self._take_up(index, day)
        if tenant not in self._renewed:
            self._renewed.add(tenant)
            try:
                await self.answers.renew(
                    tenant, knowledge=self._knowledge, policy=self.policy, texts=self._texts
                )
            except StoreError:
                self._renewed.discard(tenant)  # the next question tries again
                raise
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
        if self._of != (index, day):
            await self._take_up(index, day)
        approved = Approved(
            shared.intent, shared.question, shared.answer, language, self._knowledge, self.policy,
            shared.by, day.isoformat(), shared.quotes,
        )  # fmt: skip
        if not await self.answers.approve(tenant, approved):
            raise Conflict(
                "this is one person's: it names an order, a person or a private value, or says 'my'; "
                "write question and answer so that they hold for everybody"
            )

    async def _take_up(self, index: str, day: date) -> None:
        passages = await self.source.passages()
        self._knowledge, self._texts = knowledge_version(passages, day)
        try:
            self.answers.given = read_answers(
                self.file,
                knowledge=self._knowledge,
                policy=self.policy,
                at=day.isoformat(),
                texts=self._texts,
            )
        except InputError as error:  # edited meanwhile: rather without its answers than without any
            log.warning("no approved answers from the file: %s", error.message)
            self.answers.given = ()
        self._of = (index, day)
        self._renewed.clear()
