"""Modes: what happens to a drafted answer, intent by intent.

`off`: no draft, a person answers. `suggest`: a person sees the draft and sends it. `auto`: it is sent.
Every change is a record of its own, with its actor and time; an intent's mode is its last change, so
the history cannot disagree with what is in force. Any process may write one; every process reads
them again after `FRESH_S`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from itertools import count

from arriero.core.clock import Clock
from arriero.core.errors import InputError, StoreError
from arriero.core.ids import uuid7
from arriero.core.statistics import wilson
from arriero.core.words import JsonValue
from arriero.store.records import Records

KIND = "mode-change"
LIMIT, MINIMUM = 0.05, 100  # share of suggestions that may be wrong, measured on at least so many
FRESH_S = 0.5  # a change acts on the next message within a second, in every process
MOST_NEAR = 3  # names that a mistyped intent is answered with

log = logging.getLogger(__name__)


class Mode(StrEnum):
    """From the most careful to the least."""

    OFF = "off"
    SUGGEST = "suggest"
    AUTO = "auto"


def strictest(modes: Iterable[Mode]) -> Mode:
    """The most careful of them; `auto` when there is none."""
    order = list(Mode)
    return min(modes, key=order.index, default=Mode.AUTO)


@dataclass(frozen=True, slots=True)
class ModeChange:
    """Somebody set an intent's mode. `because` is what was measured, or why it was `forced`."""

    id: str
    intent: str
    mode: Mode
    actor: str
    at: datetime
    because: str = ""
    forced: bool = False


@dataclass(slots=True)
class Modes:
    """The modes of every tenant, read through a cache; `default` holds where nobody set one."""

    records: Records
    clock: Clock
    default: Mode = Mode.AUTO
    _known: dict[str, Mapping[str, ModeChange]] = field(default_factory=dict)
    _read_at: dict[str, float] = field(default_factory=dict)

    async def mode_of(self, tenant: str, *names: str) -> Mode:
        """The most careful mode of these: of a message's intent, and of the tool it leads to, if any.

        While the records cannot be read the last known modes hold: an intent that was switched off
        stays off.
        """
        known = await self._fresh(tenant)
        return strictest(known[name].mode if name in known else self.default for name in names)

    async def in_force(self, tenant: str) -> Mapping[str, ModeChange]:
        """The last change of each intent that was ever set, read now."""
        await self._read(tenant)
        return self._known[tenant]

    async def history(self, tenant: str, intent: str | None = None) -> Sequence[ModeChange]:
        """Every change, oldest first."""
        values = await self.records.list(tenant, KIND)
        changes = [_change(id, value) for id, value in values.items()]
        return [one for one in changes if intent is None or one.intent == intent]

    async def suggested_since(self, tenant: str, intent: str) -> datetime | None:
        """Since when the intent is suggested without having been `auto` again; None when it is `auto`,
        or was before it was switched off. `off` in between changes nothing: it is no way round.
        """
        start = datetime.min.replace(tzinfo=UTC)
        told = [(self.default, start)]
        told += [(one.mode, one.at) for one in await self.history(tenant, intent)]
        autos = [at for at, (mode, _) in enumerate(told) if mode is Mode.AUTO]
        careful = told[autos[-1] + 1 :] if autos else told
        return next((at for mode, at in careful if mode is Mode.SUGGEST), None)

    async def set(
        self, tenant: str, intent: str, mode: Mode, actor: str, because: str = "", *,
        forced: bool = False,
    ) -> ModeChange:  # fmt: skip
        """From now on this mode holds; who said so, when and why stays on record."""
        now = self.clock.now()
        before = (await self.in_force(tenant)).get(intent)
        if before is not None:  # two changes in one millisecond would have no order
            now = max(now, before.at + timedelta(milliseconds=1))
        # The id is made of this clock, so that "last" means the same as `at`.
        id = uuid7(now_ms=int(now.timestamp() * 1e3))
        change = ModeChange(id, intent, mode, actor, now, because, forced)
        value = {
            "intent": intent, "mode": mode.value, "actor": actor, "at": now.isoformat(),
            "because": because, "forced": forced,
        }  # fmt: skip
        await self.records.put(tenant, KIND, change.id, value)
        await self._read(tenant)
        return change

    async def _fresh(self, tenant: str) -> Mapping[str, ModeChange]:
        age = self.clock.monotonic() - self._read_at.get(tenant, float("-inf"))
        if age >= FRESH_S:
            try:
                await self._read(tenant)
            except StoreError as error:
                if tenant not in self._known:
                    raise
                log.warning("modes not read again: %s", error.message)
        return self._known[tenant]

    async def _read(self, tenant: str) -> None:
        begun = self.clock.monotonic()
        last = {one.intent: one for one in await self.history(tenant)}
        if begun >= self._read_at.get(tenant, float("-inf")):  # a slower read is older news
            self._known[tenant], self._read_at[tenant] = last, begun


def _change(id: str, value: Mapping[str, JsonValue]) -> ModeChange:
    """Changes of earlier versions say neither why nor whether they were forced."""
    at, because = datetime.fromisoformat(value["at"]), value.get("because", "")
    told = value["intent"], Mode(value["mode"]), value["actor"], at, because
    return ModeChange(id, *told, forced=value.get("forced", False))


def known(name: str, names: Iterable[str]) -> str:
    """`name` if it is one of `names`; else an `InputError` with the nearest ones."""
    there = sorted(set(names))
    if name in there:
        return name
    parts = [one for one in there if name and (name in one or one in name)]
    near = list(dict.fromkeys([*parts, *get_close_matches(name, there, n=MOST_NEAR, cutoff=0.5)]))
    hint = (
        f"did you mean {', '.join(near[:MOST_NEAR])}?" if near else f"there are: {', '.join(there)}"
    )
    raise InputError(f"there is no intent {name!r}; {hint}", param="intent")


@dataclass(frozen=True, slots=True)
class Judgements:
    """What people did with an intent's suggestions: sent as they were, edited, or rejected.

    `seen` counts all messages of the intent, also those for which nothing was suggested.
    """

    accepted: int
    edited: int
    rejected: int
    seen: int = 0

    @property
    def n(self) -> int:
        return self.accepted + self.edited + self.rejected

    @property
    def wrong(self) -> int:
        """An edited answer counts: it would have gone out unedited."""
        return self.edited + self.rejected


@dataclass(frozen=True, slots=True)
class Promotion:
    """Whether an intent may be answered without a person, and the numbers that say so.

    `risk` is the share of suggestions that were not sent as they were, `at_most` the upper bound of
    its 95 % interval, `coverage` the share of messages that got a suggestion.
    """

    allowed: bool
    reason: str
    risk: float
    at_most: float
    coverage: float


def promote(
    judged: Judgements, *, limit: float = LIMIT, minimum: int = MINIMUM, coverage: float = 0.0
) -> Promotion:
    """From suggest to auto: only if at least `minimum` suggestions were judged, the upper bound of
    their error (Wilson, 95 %) is at most `limit`, and at least `coverage` of the messages got one.

    With no error at all the limit of 5 % needs 73 judgements, 1 % needs 381. Raises `InputError` for counts that cannot be.
    """
    if min(judged.accepted, judged.edited, judged.rejected) < 0 or 0 < judged.seen < judged.n:
        raise InputError(f"these are no counts of judged suggestions: {judged}")
    found = wilson(judged.wrong, judged.n)
    covered = judged.n / judged.seen if judged.seen else 1.0
    numbers = (found.value, found.high, covered)
    if judged.n < minimum:
        return Promotion(
            False, f"{judged.n} suggestions were judged; {minimum} are needed", *numbers
        )
    if found.high > limit:
        why = f"up to {found.high:.1%} of the suggestions may be wrong; {limit:.1%} are allowed"
        return Promotion(False, why, *numbers)
    if covered < coverage:
        why = f"{covered:.0%} of the messages get a suggestion; {coverage:.0%} are needed"
        return Promotion(False, why, *numbers)
    why = f"at most {found.high:.1%} wrong, measured on {judged.n} judged suggestions"
    return Promotion(True, why, *numbers)


def refused(name: str, judged: Judgements) -> str:
    """Why `name` is not promoted at the usual limit, what would do, and how to go on regardless."""
    found, wrong = wilson(judged.wrong, judged.n), judged.wrong
    enough = next(n for n in count(max(MINIMUM, judged.n)) if wilson(wrong, n).high <= LIMIT)
    return (
        f"{name} is not answered without a person yet: of {judged.seen} messages {judged.n} had a "
        f"suggestion that was judged, {wrong} of them edited or not sent (wrong: {found.value:.1%}, "
        f"95 % interval {found.low:.1%} to {found.high:.1%}), and it has to be at most {LIMIT:.0%} on "
        f"{MINIMUM} or more; {enough - judged.n} more sent as they are would do, and "
        "--force --because WHY goes on without"
    )
