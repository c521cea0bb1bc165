"""What a ledger holds after its server ended: runs and traces by id, read with the product's own store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from arriero.assembly import TENANT, open_store
from arriero.core.settings import Settings
from arriero.core.words import Call, Run, Trace


async def recorded(data: Path, ids: Iterable[str]) -> dict[str, tuple[Run, Trace]]:
    """Run id -> run and trace, of those that are there."""
    found = {}
    async with open_store(Settings(data=data)) as ledger:
        for id in ids:
            run = await ledger.run(TENANT, id)
            trace = await ledger.trace(run) if run else None
            if run and trace:
                found[id] = run, trace
    return found


def generation(trace: Trace) -> Call | None:
    """The first call of the text model, if there was one."""
    return next((call for call in trace.calls if call.role == "response_generator"), None)


def whole_passages(trace: Trace) -> bool:
    """Whether each passage that was found for the answer stands word for word in the prompt."""
    call = generation(trace)
    if call is None:
        return False
    prompt = "\n".join(message["content"] for message in call.request["messages"])
    return all(text in prompt for text in passages(trace))


def passages(trace: Trace) -> list[str]:
    """What the prompt holds of the evidence: each title once, and the passages."""
    found = (trace.evidence or {}).get("passages", [])
    return [*dict.fromkeys(one["title"] for one in found), *(one["quote"] for one in found)]
