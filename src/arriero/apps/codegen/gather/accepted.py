"""Outputs that people accepted: shipped, run with their tests, and found good by whoever asked.

They are read from the ledger's runs and feedback, so what is erased there is gone here, and what somebody rejects leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from arriero.apps.codegen.gather.snippet import Origin, Snippet
from arriero.core.clock import Clock
from arriero.core.words import Feedback
from arriero.store.base import Ledger, Rated

APP = "codegen"
FRESH_S = 30.0  # an output is found so long after it was accepted, in every process
HELD = timedelta(days=180)  # what was accepted longer ago is no example any more
MOST = 2_000  # rated runs that are read: the newest count
GOOD_FROM, BAD_TO = 4, 2  # ratings of 5
WORDS = 80  # of the requirement, by which it is looked up


@dataclass(slots=True)
class Accepted:
    """The accepted outputs of every tenant, read again when they are older than `FRESH_S`."""

    ledger: Ledger
    clock: Clock
    _read: dict[str, tuple[float, tuple[Snippet, ...]]] = field(default_factory=dict)

    async def of(self, tenant: str) -> tuple[Snippet, ...]:
        """Those of a tenant, the newest first. Raises what the ledger raises."""
        now = self.clock.monotonic()
        known = self._read.get(tenant)
        if known is not None and now - known[0] < FRESH_S:
            return known[1]
        rated: list[Rated] = []
        after: str | None = None
        while page := await self.ledger.rated(tenant, APP, after=after, limit=MOST):
            rated = [*rated, *page][-MOST:]
            after = page[-1].run.id
        found = accepted(rated, since=self.clock.now() - HELD)
        self._read[tenant] = now, found
        return found


def accepted(rated: Sequence[Rated], *, since: datetime) -> tuple[Snippet, ...]:
    """The outputs among `rated` that may be examples, the newest first, the same code once. Pure."""
    found: dict[str, Snippet] = {}
    for one in reversed(rated):
        answer = one.run.answer
        if not isinstance(answer, Mapping) or one.run.started_at < since:
            continue
        code = str(answer.get("code") or "").strip()
        verified = (
            answer.get("decision") == "ship" and answer.get("executed") and answer.get("tests")
        )
        if code and verified and liked(one.feedback):
            asked = " ".join(str(one.run.input.get("requirement", "")).split())
            ask = " ".join(asked.split()[:WORDS])
            title = asked[:80] or str(answer.get("entry") or "code")
            found.setdefault(code, Snippet(
                f"accepted/{one.run.id}", Origin.ACCEPTED, str(answer.get("language") or "python"), title,
                (ask or title,), code + "\n", file=str(answer.get("main") or ""),
            ))  # fmt: skip
    return tuple(found.values())


def liked(feedback: Sequence[Feedback]) -> bool:
    """Whether somebody found it good and nobody found it bad or had to edit it; a person's last word counts."""
    last: dict[str, bool] = {}
    for one in feedback:
        said = _said(one)
        if said is not None:
            last[one.actor] = said
    return bool(last) and all(last.values())


def _said(feedback: Feedback) -> bool | None:
    value = feedback.value
    match feedback.kind:
        case "thumb" | "resolved":
            return bool(value)
        case "edit":
            return False
        case "rating" if isinstance(value, int):
            return True if value >= GOOD_FROM else False if value <= BAD_TO else None
    return None
