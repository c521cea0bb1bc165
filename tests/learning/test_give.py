"""What somebody says of a run is checked, masked as the run is, and kept under a pseudonym."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arriero.core.clock import HeldClock
from arriero.core.errors import InputError, NotFound
from arriero.core.words import Run
from arriero.learning.give import Ear, Said
from arriero.security.masking import PatternMasker, Vault
from arriero.security.vault import Sealer, memory_vaults
from arriero.store.fake import MemoryLedger
from tests.store.samples import recorded


@pytest.fixture
def ear() -> Ear:
    return Ear(MemoryLedger(), memory_vaults(), PatternMasker(), Sealer.fresh(), HeldClock())


@pytest.fixture
async def run(ear: Ear) -> Run:
    entry = recorded()
    entry = replace(entry, run=replace(entry.run, labels={"intent": "order_status"}), intended=())
    await ear.ledger.commit(entry)
    return entry.run


async def test_an_edit_keeps_the_placeholders_of_its_run(ear: Ear, run: Run) -> None:
    vault = Vault()
    place = vault.keep("EMAIL", "ana@mail.example")
    assert run.unit is not None
    await ear.vaults.keep(run.tenant, run.unit, vault)
    said = Said(run.id, "edit", "We wrote to ana@mail.example and to bo@mail.example.", "ask bo@mail.example")  # fmt: skip
    given = await ear.take(said, tenant=run.tenant, actor="webshop")
    assert place in given.value
    assert "@" not in given.value + str(given.comment)
    kept = await ear.vaults.open(run.tenant, run.unit)
    assert kept.restore(given.value) == said.value


async def test_a_person_is_kept_as_a_pseudonym_of_this_installation(ear: Ear, run: Run) -> None:
    async def actor(user: str, ear: Ear = ear) -> str:
        said = Said(run.id, "thumb", value=True, user=user)
        return (await ear.take(said, tenant=run.tenant, actor="webshop")).actor

    ana = await actor("c-0042")
    assert ana.startswith("webshop/")
    assert "c-0042" not in ana
    assert ana == await actor("c-0042") != await actor("c-0043")
    assert ana != await actor("c-0042", replace(ear, sealer=Sealer.fresh()))


async def test_a_run_is_found_by_the_id_that_a_chat_completion_shows(ear: Ear, run: Run) -> None:
    given = await ear.take(Said(f"chatcmpl-{run.id}", "rating", 4), tenant=run.tenant, actor="w")
    assert given.run == run.id


async def test_without_a_person_the_key_is_who_said_so(ear: Ear, run: Run) -> None:
    given = await ear.take(Said(run.id, "rating", 4), tenant=run.tenant, actor="webshop")
    assert given.actor == "webshop"


async def test_a_label_that_the_run_does_not_have_is_refused(ear: Ear, run: Run) -> None:
    with pytest.raises(InputError, match="no label 'mood'; it has: intent"):
        await ear.take(Said(run.id, "label", {"mood": "sad"}), tenant=run.tenant, actor="me")
    right = await ear.take(
        Said(run.id, "label", {"intent": "refund"}), tenant=run.tenant, actor="me"
    )
    assert right.value == {"intent": "refund"}


@pytest.mark.parametrize("tenant", ["acme", "elsewhere"])
async def test_feedback_on_no_run_of_the_tenant_is_not_found(
    ear: Ear, run: Run, tenant: str
) -> None:
    id = "nope" if tenant == run.tenant else run.id
    with pytest.raises(NotFound, match="take run_id from an answer"):
        await ear.take(Said(id, "thumb", value=True), tenant=tenant, actor="me")
