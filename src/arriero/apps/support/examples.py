"""Examples: messages whose intent somebody told since the last fit; a new intent is live with a few.

Every change is a record of its own, with its actor and time; a message has the intent of its last
change. Each replica over the same ledger reads them again after `FRESH_S`, and the intent
classifier knows them from the next message on (`models/neighbours.py` says how).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from arriero.apps.support.modes import known
from arriero.core.clock import Clock
from arriero.core.errors import ArrieroError, InputError
from arriero.core.ids import uuid7
from arriero.core.words import JsonValue
from arriero.flow import Teach
from arriero.store.records import Records

KIND = "intent-example"
HEAD = "support-intents"
FRESH_S = 1.0  # a new intent is live within two seconds, in every process
MOST = 500  # as many as a head takes without a fit (`models/neighbours.py`)
LONGEST_NAME = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Example:
    """A message was given an intent, or (`kept` is false) taken back from it; who did so, and when."""

    text: str
    intent: str
    actor: str
    at: datetime
    kept: bool = True


@dataclass(slots=True)
class Examples:
    """The examples of every tenant. `teach` hands them to the head."""

    records: Records
    clock: Clock
    teach: Teach
    _read_at: float = float("-inf")
    _rows: Sequence[tuple[str, str]] = ()

    async def follow(self, tenant: str) -> None:
        """The classifier knows what was added until now; it goes on with what it knows if it cannot."""
        if self.clock.monotonic() - self._read_at >= FRESH_S:
            self._read_at = self.clock.monotonic()
            try:
                self._rows = [(one.text, one.intent) for one in await self.in_force(tenant)]
            except ArrieroError as error:
                log.warning("examples of intents not read again: %s", error.message)
        try:
            await self.teach(HEAD, self._rows)
        except ArrieroError as error:
            log.warning("examples of intents not learnt: %s", error.message)

    async def in_force(self, tenant: str) -> Sequence[Example]:
        """The last change of each message that was not taken back."""
        last = {one.text: one for one in await self.history(tenant)}
        return [one for one in last.values() if one.kept]

    async def history(self, tenant: str) -> Sequence[Example]:
        """Every change, oldest first."""
        values = await self.records.list(tenant, KIND)
        return [_example(value) for value in values.values()]

    async def add(self, tenant: str, intent: str, texts: Iterable[str], actor: str) -> int:
        """From now on these messages have this intent, also those that had another; how many.

        Raises `InputError` for what cannot be a name or a message, and when it is time for a fit.
        """
        intent, messages = intent.strip(), dict.fromkeys(text.strip() for text in texts)
        if not 0 < len(intent) <= LONGEST_NAME or not intent.isprintable():
            raise InputError(
                f"{intent!r} is no name of an intent; give a short one, as gift_voucher",
                param="intent",
            )
        if not messages or not all(messages):
            raise InputError(
                f"intent {intent!r} needs messages as customers write them (five are a good start), "
                "and none may be empty",
                param="example",
            )
        there = {one.text for one in await self.in_force(tenant)}
        if len(there | messages.keys()) > MOST:
            raise InputError(
                f"{len(there)} examples wait for a fit, {MOST} can; put them into the CSV, run "
                "arriero support train, then forget them here",
                param="example",
            )
        return await self._keep(tenant, [(text, intent) for text in messages], actor, kept=True)

    async def forget(self, tenant: str, intent: str, actor: str) -> int:
        """Take the examples of an intent back; how many. Raises `InputError` when it has none."""
        there = await self.in_force(tenant)
        if not there:
            raise InputError(
                f"{intent!r} has no examples to forget; no intent has any", param="intent"
            )
        known(intent, [one.intent for one in there])
        rows = [(one.text, intent) for one in there if one.intent == intent]
        return await self._keep(tenant, rows, actor, kept=False)

    async def _keep(
        self, tenant: str, rows: Sequence[tuple[str, str]], actor: str, *, kept: bool
    ) -> int:
        now = self.clock.now()
        before = max((one.at for one in await self.history(tenant)), default=now)
        if before >= now:  # two changes in one millisecond would have no order
            now = before + timedelta(milliseconds=1)
        for place, (text, intent) in enumerate(rows):
            value: JsonValue = {
                "text": text, "intent": intent, "actor": actor, "at": now.isoformat(), "kept": kept,
            }  # fmt: skip
            # The id is made of this clock, so that "last" means the same as `at`, and of the place: rows
            # that come together stay in their order (the 12 bits after an id's time, RFC 9562 §6.2).
            entropy = (place % 4_096).to_bytes(2, "big") + os.urandom(8)
            id = uuid7(now_ms=int(now.timestamp() * 1e3), entropy=entropy)
            await self.records.put(tenant, KIND, id, value)
        return len(rows)


def _example(value: Mapping[str, JsonValue]) -> Example:
    at = datetime.fromisoformat(value["at"])
    return Example(value["text"], value["intent"], value["actor"], at, value["kept"])
