"""What people did with suggested answers, and the step from `suggest` to `auto` that rests on it.

A suggestion is judged when its hand-over is over: the first text that the agent wrote is the draft
(accepted), another one (edited), or there is none (rejected). Texts are compared as they are kept,
masked, so a draft with a private value counts as the same whatever its placeholder is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from arriero.apps.support.conversation import MaskedForGood, Messages
from arriero.apps.support.gaps_inbox import recent
from arriero.apps.support.handover import TERMINAL
from arriero.apps.support.inbox import KIND, conversation_of
from arriero.apps.support.modes import Judgements, Mode, ModeChange, Modes, promote, refused
from arriero.apps.support.tools import CHANGES
from arriero.core.clock import Clock
from arriero.core.errors import Conflict
from arriero.core.words import Run, Task
from arriero.security.masking import PLACEHOLDER
from arriero.store.base import Ledger
from arriero.store.records import Records

APP = "support"
MOST_RUNS = 100_000  # newest runs of the app that are looked through
TOOLS = frozenset(tool.value for tool in CHANGES)

Done = Literal["accepted", "edited", "rejected"]


async def change(
    modes: Modes, ledger: Ledger, tenant: str, name: str, mode: Mode, actor: str, *,
    forced: str = "",
) -> ModeChange:  # fmt: skip
    """Set the mode of an intent or a tool. Only what was suggested and becomes `auto` is measured
    first; `forced` says why it is not.

    Raises:
        Conflict: too few suggestions were judged, or too many of them were wrong.
    """
    if forced:
        return await modes.set(tenant, name, mode, actor, forced, forced=True)
    since = await modes.suggested_since(tenant, name) if mode is Mode.AUTO else None
    if since is None:
        return await modes.set(tenant, name, mode, actor)
    judged = await judgements(ledger, modes.records, modes.clock, tenant, name, since)
    found = promote(judged)
    if not found.allowed:
        raise Conflict(refused(name, judged))
    return await modes.set(tenant, name, mode, actor, found.reason)


async def judgements(
    ledger: Ledger, records: Records, clock: Clock, tenant: str, name: str, since: datetime
) -> Judgements:
    """What people did with the suggestions of an intent or a tool since then."""
    messages, seen, done = Messages(records, clock, MaskedForGood()), 0, Counter[Done]()
    async for run in recent(ledger, tenant, APP, since, most=MOST_RUNS):
        if not await _of(ledger, run, name):
            continue
        seen += 1
        if run.answer.get("suggested"):
            tasks = await ledger.tasks(tenant, run=run.id)
            done.update([one for task in tasks if (one := await _done(messages, task))])
    return Judgements(done["accepted"], done["edited"], done["rejected"], seen)


async def _of(ledger: Ledger, run: Run, name: str) -> bool:
    """Whether a run is of this intent, or leads to this tool."""
    if run.labels.get("intent") == name:
        return True
    trace = await ledger.trace(run) if name in TOOLS else None
    evidence = trace.evidence if trace else None
    proposal = evidence.get("proposal") if isinstance(evidence, Mapping) else None
    return isinstance(proposal, Mapping) and proposal.get("tool") == name


async def _done(messages: Messages, task: Task) -> Done | None:
    """None while nobody has decided, and for what was erased or proposed nothing."""
    summary = task.payload.get("summary")
    proposed = summary.get("proposed") if isinstance(summary, Mapping) else None
    if task.kind != KIND or task.state not in TERMINAL or not proposed:
        return None
    said = await messages.kept(task.tenant, conversation_of(task))
    # What else was said in the conversation, before and after, belongs to other hand-overs.
    own = [at for at, one in enumerate(said) if one.origin.startswith(f"{task.id}:")]
    during = said[own[0] : own[-1]] if own else ()
    first = next((one.text for one in during if one.sender == "agent"), None)
    if first is None:
        return "rejected"
    # What an agent writes is masked by its form too, so that a shop's own address is.
    kept = await messages.privacy.mask(task.tenant, conversation_of(task), str(proposed))
    return "accepted" if _same(first) == _same(kept) else "edited"


def _same(text: str) -> str:
    """Without what an agent did not mean to change: space, and how a placeholder is called."""
    return " ".join(PLACEHOLDER.sub("<>", text).split())
