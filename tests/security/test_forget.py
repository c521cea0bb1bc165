"""A person that is forgotten is in no run, vault, task, comment or record any more."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from arriero.cli.support_forget import forget as command
from arriero.core.errors import InputError, NotFound
from arriero.core.words import Action, Ended, Feedback, Run, Task
from arriero.security.masking import Vault
from arriero.security.privacy_forget import Forgotten, forget
from arriero.security.vault import SealedVaults, Sealer, Vaults, memory_vaults, vault_key
from arriero.store.base import (
    Answered,
    FeedbackGiven,
    Ledger,
    RunErased,
    RunRecorded,
    TaskSaved,
)
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryLedger
from arriero.store.ledger import open_ledger
from arriero.store.records import MemoryRecords
from arriero.store.rows import erased
from arriero.store.sealed import SqlSealed
from tests.store.samples import recorded

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if postgres else sqlite_url(tmp_path / "l.db")
    opened = open_ledger(url)
    yield opened
    await opened.close()


def said(text: str, *, unit: str | None, customer: str | None = None) -> RunRecorded:
    """A run in which `text` was said, kept in every place where it could be."""
    entry = recorded()
    given = {"message": text, "customer": customer}
    run = replace(
        entry.run, tenant="acme", unit=unit, input=given, answer={"response": text}, reason=text,
        ended=Ended.ANSWERED, trace=None,
    )  # fmt: skip
    trace = replace(entry.trace, evidence={"said": text})
    return RunRecorded(run, trace, (Action("tell", "tell", {"text": text}),))


async def fill(ledger: Ledger, entry: RunRecorded, text: str) -> Run:
    run = entry.run
    given = Feedback(f"f-{run.id}", "acme", run.id, "me", NOW, "edit", text, text)
    thumb = Feedback(f"t-{run.id}", "acme", run.id, "me", NOW, "thumb", value=True)
    task = Task(f"{run.id}:x", "acme", "hand_over", run.id, "requested", NOW, payload={"x": text})
    kept = Answered("acme", f"k-{run.id}", "hash", 200, text, NOW, run.id)
    await ledger.commit(entry, FeedbackGiven(given), FeedbackGiven(thumb), TaskSaved(task), kept)
    kept_run = await ledger.run("acme", run.id)  # it names its trace now
    assert kept_run is not None
    assert await ledger.trace(kept_run) is not None
    return kept_run


async def erase(ledger: Ledger, vaults: Vaults, records: MemoryRecords, *values: str) -> Forgotten:
    return await forget(
        ledger, vaults, [records], tenant="acme", customer="c-1", actor="cli", at=NOW, values=values
    )


async def test_everything_that_a_customer_said_goes_and_the_rest_stays(ledger: Ledger) -> None:
    own = await fill(ledger, said("secret one", unit="c-1"), "secret one")
    talk = await fill(ledger, said("secret two", unit="talk-9", customer="c-1"), "secret two")
    same = await fill(ledger, said("secret three", unit="talk-9"), "secret three")
    other = await fill(ledger, said("public", unit="c-2", customer="c-2"), "public")
    vaults, records = memory_vaults(), MemoryRecords()
    for unit in ("c-1", "talk-9", "c-2"):
        await vaults.keep("acme", unit, Vault({"<EMAIL_1>": f"{unit}@b.org"}))
    await records.put("acme", "memory", "talk-9", {"said": "secret"})
    await records.put("acme", "profile", "x", {"of": ["c-1"]})
    await records.put("acme", "memory", "c-2", {"said": "public"})
    before = await ledger.leaves()

    gone = await erase(ledger, vaults, records)

    assert gone == Forgotten(runs=3, vaults=2, values=0, records=2)
    for run in (own, talk, same):
        left = await ledger.run("acme", run.id)
        assert left == erased(run)
        assert "secret" not in repr(left)
        assert run.trace is not None
        assert await ledger.trace(run) is None
        assert await ledger.answered("acme", f"k-{run.id}") is None
        assert "secret" not in repr(await ledger.feedback("acme", run.id))
        assert {one.value for one in await ledger.feedback("acme", run.id)} == {True, None}
    assert "secret" not in repr(await ledger.tasks("acme"))
    assert [one.run for one in await ledger.intended(older_than=datetime.now(UTC))] == [other.id]
    stays = await ledger.run("acme", other.id)
    assert stays is not None
    assert stays.answer == {"response": "public"}
    assert await ledger.trace(stays) is not None
    assert list(await records.list("acme", "memory")) == ["c-2"]
    assert (await vaults.open("acme", "c-2")).values
    after = await ledger.leaves()
    assert [leaf.digest for leaf in after[: len(before)]] == [leaf.digest for leaf in before]
    salted = [leaf for leaf in after[: len(before)] if leaf.salt]  # nobody can guess the others
    assert {
        leaf.subject.removeprefix("f-").removeprefix("t-").removesuffix(":x") for leaf in salted
    } == {other.id}
    assert [leaf.kind for leaf in after[len(before) :]] == ["run.erased"] * 3


async def test_a_task_that_was_made_of_several_peoples_runs_goes_whole(ledger: Ledger) -> None:
    other = await fill(ledger, said("public", unit="c-2", customer="c-2"), "public")
    own = await fill(ledger, said("secret", unit="c-1"), "secret")
    told = {"runs": [other.id, own.id], "questions": ["public", "secret"]}
    draft = Task("gap-1", "acme", "draft_article", other.id, "resolved", NOW, payload=told)
    kept = replace(draft, id="gap-2", payload={"runs": [other.id], "questions": ["public"]})
    await ledger.commit(TaskSaved(draft), TaskSaved(kept))
    await erase(ledger, memory_vaults(), MemoryRecords())
    left = {one.id: one for one in await ledger.tasks("acme", kind="draft_article")}
    assert (left["gap-1"].state, left["gap-1"].payload) == ("erased", {})
    assert left["gap-2"] == kept


async def test_forgetting_again_is_harmless(ledger: Ledger) -> None:
    await fill(ledger, said("secret", unit="c-1"), "secret")
    await erase(ledger, memory_vaults(), MemoryRecords())
    assert (await erase(ledger, memory_vaults(), MemoryRecords())).runs == 0


async def test_values_go_from_every_vault(ledger: Ledger) -> None:
    vaults = memory_vaults()
    await vaults.keep("acme", "talk-5", Vault({"<PERSON_1>": "Ilka Szabo", "<EMAIL_2>": "a@b.org"}))
    gone = await erase(ledger, vaults, MemoryRecords(), "ilka szabo")
    assert gone.values == 1
    assert (await vaults.open("acme", "talk-5")).values["<EMAIL_2>"] == "a@b.org"


async def test_another_tenants_customer_of_the_same_id_stays(ledger: Ledger) -> None:
    entry = said("public", unit="c-1")
    run = replace(entry.run, tenant="umbrella")
    await ledger.commit(RunRecorded(run, entry.trace))
    assert (await erase(ledger, memory_vaults(), MemoryRecords())).runs == 0


async def test_nobody_is_no_customer(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="say whom to forget"):
        await forget(ledger, memory_vaults(), [], tenant="acme", customer=" ", actor="cli", at=NOW)


async def test_a_run_that_is_not_there_cannot_be_erased(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="cannot be erased"):
        await ledger.commit(RunErased(erased(said("x", unit=None).run), "cli", NOW))


async def _a_customer_in(folder: Path) -> None:
    ledger = open_ledger(sqlite_url(folder / "ledger.db"))
    entry = said("secret", unit="c-1")
    await ledger.commit(RunRecorded(replace(entry.run, tenant="default"), entry.trace))
    vaults = SealedVaults(SqlSealed(ledger), Sealer(vault_key(folder, {})))
    await vaults.keep("default", "c-1", Vault({"<EMAIL_1>": "a@b.org"}))
    await ledger.close()


async def test_the_command_erases_a_customer_and_says_what_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.chdir(tmp_path)
    await _a_customer_in(tmp_path)
    arguments = ["--customer", "c-1", "--yes", "--data", str(tmp_path)]
    told = await asyncio.to_thread(CliRunner().invoke, command, arguments)
    assert told.output == "erased: 1 runs, 1 vaults, 0 single values, 0 records\n"
    with sqlite3.connect(tmp_path / "ledger.db") as kept:
        rows = [*kept.execute("SELECT body FROM runs"), *kept.execute("SELECT sealed FROM vaults")]
        traces = [zlib.decompress(row[0]) for row in kept.execute("SELECT body FROM traces")]
    kept.close()
    assert "secret" not in repr(rows)
    assert not traces


async def test_the_command_asks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(command, ["--customer", "c-1", "--data", str(tmp_path)], input="n\n")
    assert told.exit_code == 1
    assert "Erase everything of customer 'c-1' for good?" in told.output
