"""Taking what somebody says of a run: one way for HTTP, Python and the command line."""

from __future__ import annotations

from dataclasses import dataclass

from arriero.core import feedback
from arriero.core.clock import Clock
from arriero.core.errors import InputError, NotFound
from arriero.core.ids import run_named, uuid7
from arriero.core.words import Feedback, JsonValue, Run
from arriero.security.masking import Masker
from arriero.security.vault import Sealer, Vaults, withhold_text
from arriero.store.base import Ledger

PERSON = "/"  # between an API key's name and the pseudonym of the person who spoke through it


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a run: `value` as `core.feedback.check` wants it for its kind.

    `run` may be as a chat completion shows it (`chatcmpl-...`). `user` is how the caller names the person
    who says so; it is kept as a pseudonym, and one person then counts as one, however often they speak.
    """

    run: str
    kind: str
    value: JsonValue
    comment: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Ear:
    """What taking feedback needs."""

    ledger: Ledger
    vaults: Vaults
    masker: Masker
    sealer: Sealer
    clock: Clock

    async def take(self, said: Said, *, tenant: str, actor: str) -> Feedback:
        """`said` as an event to commit. Private values in it are masked as they are in its run.

        Raises:
            InputError: the kind takes no such value, or the run has no such label.
            NotFound: there is no such run; late feedback finds its run however old it is.
        """
        feedback.check(said.kind, said.value)
        run = await self.ledger.run(tenant, run_named(said.run))
        if run is None:
            raise NotFound(
                f"there is no run {said.run!r}; take run_id from an answer", param="run_id"
            )
        if said.kind == "label":
            _check_labels(run, said.value)
        who = f"{actor}{PERSON}{self.sealer.mark(tenant)(said.user)}" if said.user else actor
        value = (
            await self._masked(run, said.value) if said.kind in {"edit", "comment"} else said.value
        )
        comment = None if said.comment is None else await self._masked(run, said.comment)
        return Feedback(
            uuid7(), tenant, run.id, who, self.clock.now(), said.kind, value, comment
        )  # fmt: skip

    async def _masked(self, run: Run, text: str) -> str:
        place = (run.tenant, run.unit or run.id)
        return await withhold_text(text, self.masker, self.vaults, place)


def _check_labels(run: Run, labels: JsonValue) -> None:
    """An erased run, or one that failed before it understood anything, takes any label."""
    unknown = sorted(labels.keys() - run.labels.keys())
    if run.labels and unknown:
        raise InputError(
            f"run {run.id!r} has no label {unknown[0]!r}; it has: {', '.join(sorted(run.labels))}",
            param="value",
        )
