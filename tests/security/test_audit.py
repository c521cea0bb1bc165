"""Signed heads, receipts, anchors: what holds, and what is found when somebody changed something."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arriero.core.clock import SystemClock
from arriero.core.errors import InputError, StageFailed
from arriero.core.merkle import consistent, included
from arriero.core.words import Action, Ended, canonical_json
from arriero.security.audit import (
    PUBLIC,
    AuditChanged,
    AuditLog,
    audit_key,
    head_json,
    is_signed,
    public_key,
)
from arriero.security.audit_export import read_anchor, write_zip
from arriero.security.audit_verify import Verified, verify
from arriero.store.audit_log import AuditStore, Head, SqlAudit
from arriero.store.base import Ledger, RunClosed, RunErased, TaskSaved
from arriero.store.engine import sqlite_url
from arriero.store.fake import MemoryAudit, MemoryLedger
from arriero.store.ledger import SqlLedger, open_ledger
from arriero.store.rows import erased
from tests.security.audit_samples import entries, fill, now
from tests.store.samples import REFUND, a_task, recorded
from tests.test_flow import case, flow_for
from tests.toy import Toy

Pair = tuple[Ledger, AuditStore]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    if request.param == "memory":
        fake = MemoryLedger(SystemClock())
        yield fake, MemoryAudit(fake)
        return
    url = sqlite_url(tmp_path / "ledger.db")
    real = open_ledger(
        url if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    yield real, SqlAudit(real)
    await real.close()


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    yield opened
    await opened.close()


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def log(ledger: SqlLedger, key: Ed25519PrivateKey) -> AuditLog:
    return AuditLog(SqlAudit(ledger), key, SystemClock())


async def look(ledger: SqlLedger, **how: Sequence[object]) -> Verified:
    return await ledger.snapshot(lambda connection: verify(connection, **how))  # type: ignore[arg-type]


def change(folder: Path, *statements: str) -> None:
    """What somebody does who can write the database, behind our back."""
    with sqlite3.connect(folder / "ledger.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_a_run_whose_action_the_flow_performed_is_no_edited_row(ledger: SqlLedger) -> None:
    flow = await flow_for(app := Toy(actions=(Action("mail", "a"),)), ledger)
    result = await flow.run(app, case())
    assert app.performed == [f"{result.run_id}:a"]
    assert (await look(ledger)).findings == []


async def test_the_last_leaf_of_an_acting_run_binds_its_trace(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    flow = await flow_for(app := Toy(actions=(Action("mail", "a"),)), ledger)
    acted, other = await flow.run(app, case()), await flow.run(Toy(), case("another"))
    change(
        tmp_path,
        f"UPDATE runs SET trace = (SELECT trace FROM runs WHERE id = '{other.run_id}') "
        f"WHERE id = '{acted.run_id}'",
    )
    wheres = [one.where for one in (await look(ledger)).findings]
    assert f"run {acted.run_id}" in wheres


async def test_a_run_that_was_closed_without_naming_its_trace_is_no_edited_row(
    ledger: SqlLedger,
) -> None:
    entry = recorded(REFUND, ended=Ended.PENDING)
    closed = replace(entry.run, ended=Ended.ANSWERED, trace=None)
    await ledger.commit(entry)
    await ledger.commit(RunClosed(closed))
    assert (await look(ledger)).findings == []


async def test_a_run_that_asked_no_model_is_no_edited_row_and_its_receipt_tells_it(
    ledger: SqlLedger, log: AuditLog
) -> None:
    flow = await flow_for(app := Toy(breaks={"understand": StageFailed("no words")}), ledger)
    result = await flow.run(app, case())
    assert (await look(ledger)).findings == []
    run = await ledger.run("default", result.run_id or "")
    told = await log.receipts("default", result.run_id or "", [canonical_json(run)])
    assert told is not None
    assert "content" in told["receipts"][-1]


async def test_a_run_that_was_recorded_with_a_whole_number_for_its_cost_is_no_edited_row(
    ledger: SqlLedger,
) -> None:
    entry = recorded(REFUND)
    await ledger.commit(replace(entry, run=replace(entry.run, cost=0)))
    assert (await look(ledger)).findings == []


async def test_every_leaf_is_proved_under_the_signed_head(
    pair: Pair, key: Ed25519PrivateKey
) -> None:
    ledger, store = pair
    for number in range(20):  # 380 leaves: more than one tile
        await ledger.commit(*entries(number))
    log = AuditLog(store, key, SystemClock())
    first = await log.seal()
    assert first is not None
    assert is_signed(first)
    root = bytes.fromhex(first.root)
    placed = await store.place(range(1, first.size + 1), first.size)
    assert len(placed) == first.size == 380
    for one in placed:
        leaf = bytes.fromhex(one.leaf.digest)
        assert included(leaf, one.leaf.seq - 1, first.size, one.path, root)
    await ledger.commit(recorded())
    second = await log.seal()
    assert second is not None
    assert second.size == first.size + 1
    proof = await store.consistency(first.size, second.size)
    assert consistent(first.size, root, second.size, bytes.fromhex(second.root), proof)


async def test_sealing_twice_gives_the_same_head_and_nothing_gives_none(
    pair: Pair, key: Ed25519PrivateKey
) -> None:
    ledger, store = pair
    log = AuditLog(store, key, SystemClock())
    assert await log.seal() is None
    assert await log.receipts("acme", "run-0") is None
    await ledger.commit(recorded())
    assert await log.seal() == await log.seal()


def test_a_head_that_was_changed_is_not_signed(key: Ed25519PrivateKey) -> None:
    head = Head(7, "ab" * 32, now(), public_key(key), "00" * 64)
    assert not is_signed(head)
    assert not is_signed(replace(head, signature="no hex"))


async def test_a_ledger_that_nobody_touched_is_sound(ledger: SqlLedger, log: AuditLog) -> None:
    await fill(ledger, 3)
    head = await log.seal()
    assert head is not None
    told = await look(ledger, trusted=[public_key(log.key)], anchors=[head])
    assert told.findings == []
    assert (told.leaves, told.heads, told.unsealed) == (57, 1, 0)
    assert told.rows == 42


async def test_erasing_a_person_keeps_everything_sound(ledger: SqlLedger, log: AuditLog) -> None:
    await fill(ledger, 2)
    before = await log.seal()
    for id in ("run-0", "plain-0"):
        run = await ledger.run("acme", id)
        assert run is not None
        await ledger.commit(RunErased(erased(run), "cli", now()))
    assert (await ledger.feedback("acme", "plain-0"))[0].comment is None
    await log.seal()
    assert before is not None
    told = await look(ledger, anchors=[before])
    assert told.findings == []


TAMPERINGS = {
    "UPDATE audit SET actor = 'mallory' WHERE seq = 5": "leaf",
    "UPDATE audit SET at = at + 1 WHERE seq = 5": "leaf",
    "UPDATE audit SET digest = (SELECT digest FROM audit WHERE seq = 6) WHERE seq = 5": "leaf",
    "UPDATE audit SET salt = NULL WHERE kind = 'feedback.given'": "leaf",
    "DELETE FROM audit WHERE seq = 5": "order",
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)": "head",
    "UPDATE audit_heads SET root = 'ab'": "head",
    "UPDATE audit_heads SET at = at + 1": "head",
    "DELETE FROM runs WHERE id = 'run-0'": "missing",
    "DELETE FROM feedback WHERE id = 'edit-0'": "missing",
    "DELETE FROM exposures": "missing",
    "UPDATE runs SET body = replace(body, 'On its way', 'Lost') WHERE id = 'plain-0'": "row",
    "UPDATE runs SET score = 1.0 WHERE id = 'plain-0'": "row",
    "UPDATE runs SET open = 1 WHERE id = 'plain-0'": "row",
    "UPDATE runs SET open = 1 WHERE id = 'run-0'": "row",
    "UPDATE runs SET roles = NULL WHERE id = 'plain-0'": "row",
    "UPDATE runs SET roles = 'nobody' WHERE id = 'run-0'": "row",
    "UPDATE runs SET failed = 'grounded' WHERE id = 'plain-0'": "row",
    "UPDATE outbox SET at = at + 1": "row",
    "UPDATE traces SET tenant = 'umbrella'": "trace",
    "UPDATE runs SET started_at = started_at + 1 WHERE id = 'plain-0'": "row",
    "UPDATE runs SET tenant = 'umbrella' WHERE id = 'plain-0'": "row",
    "UPDATE feedback SET value = '5'": "row",
    "UPDATE feedback SET comment = NULL": "row",
    "UPDATE tasks SET state = 'open', actor = 'ana'": "row",
    "UPDATE tasks SET payload = '{}'": "row",
    "UPDATE outbox SET payload = '{}'": "row",
    "UPDATE outbox SET receipt = '{}'": "row",
    "UPDATE alerts SET cleared_at = NULL": "row",
    "UPDATE keys SET revoked_at = NULL": "row",
    "UPDATE variants SET app = 'chat'": "row",
    "UPDATE exposures SET actor = 'mallory'": "row",
    "UPDATE answered SET body = 'another'": "row",
    "UPDATE machines SET version = 3": "row",
    "UPDATE artefacts SET body = '{}'": "row",
    "UPDATE traces SET body = x'00'": "trace",
    "DELETE FROM traces": "trace",
    "INSERT INTO feedback SELECT tenant, 'new', run, actor, at, kind, value, comment FROM feedback"
    " LIMIT 1": "added",
}


@pytest.mark.parametrize("statement", TAMPERINGS)
async def test_a_change_behind_our_back_is_found(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog, statement: str
) -> None:
    await fill(ledger)
    head = await log.seal()
    assert head is not None
    change(tmp_path, statement)
    told = await look(ledger, trusted=[head.public_key])
    assert TAMPERINGS[statement] in {found.kind for found in told.findings}


async def test_two_leaves_that_changed_places_are_found(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger)
    await log.seal()
    swap = "UPDATE audit SET seq = {} WHERE seq = {}"
    change(tmp_path, swap.format(-1, 3), swap.format(3, 9), swap.format(9, -1))
    assert "head" in {found.kind for found in (await look(ledger)).findings}


async def test_a_stored_subtree_that_was_changed_is_found(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    for number in range(14):
        await ledger.commit(*entries(number))
    await log.seal()
    change(tmp_path, "UPDATE audit_nodes SET hash = zeroblob(32)")
    assert {found.kind for found in (await look(ledger)).findings} == {"tree"}


async def test_a_cut_tail_shows_against_an_anchor_and_only_there(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger)
    short = await log.seal()
    await ledger.commit(recorded(id="last"))
    long = await log.seal()
    assert short is not None
    assert long is not None
    cut = f"DELETE FROM audit WHERE seq > {short.size}"
    heads = f"DELETE FROM audit_heads WHERE size > {short.size}"
    change(tmp_path, cut, heads, "DELETE FROM runs WHERE id = 'last'")
    assert (await look(ledger)).sound
    told = await look(ledger, anchors=[long])
    assert [found.kind for found in told.findings] == ["anchor"]


async def test_a_log_rewritten_with_another_key_is_found_by_the_key(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger)
    await log.seal()
    change(tmp_path, "DELETE FROM audit_heads")
    mallory = AuditLog(SqlAudit(ledger), Ed25519PrivateKey.generate(), SystemClock())
    await mallory.seal()
    assert (await look(ledger)).sound  # every head's own key counts when none is known
    told = await look(ledger, trusted=[public_key(log.key)])
    assert [found.kind for found in told.findings] == ["head"]


async def test_nothing_is_signed_over_a_log_that_was_changed(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger)
    await log.seal()
    await ledger.commit(recorded())
    change(tmp_path, f"UPDATE audit SET digest = '{'0' * 64}' WHERE seq = 3")
    with pytest.raises(AuditChanged, match="arriero audit verify"):
        await log.seal()
    change(tmp_path, "DELETE FROM audit WHERE seq > 4")
    with pytest.raises(AuditChanged, match="now it has 4"):
        await log.seal()


async def test_a_receipt_tells_the_content_that_its_event_commits_to(
    ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger)
    run = await ledger.run("acme", "plain-0")
    bundle = await log.receipts("acme", "plain-0", [b"something else", canonical_json(run)])
    assert bundle is not None
    recorded, answered = bundle["receipts"]
    assert json.loads(recorded["content"])["answer"]["response"] == "On its way"
    assert "content" not in answered
    assert "salt" not in answered  # without it nobody can guess what was answered
    assert await log.receipts("umbrella", "plain-0") is None


async def test_the_zip_checks_itself_without_arriero(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger, 2)
    run = await ledger.run("acme", "plain-1")
    head = await log.seal()
    assert head is not None
    bundle = await log.bundle(head, range(1, head.size + 1), [canonical_json(run)])
    write_zip(tmp_path / "out.zip", bundle)
    with zipfile.ZipFile(tmp_path / "out.zip") as zipped:
        zipped.extractall(tmp_path / "out")
    told = await run_verify(tmp_path / "out")
    assert told == (0, f"38 of 38 receipts hold, under the key {head.public_key}\n")
    lines = (tmp_path / "out" / "receipts.jsonl").read_text(encoding="utf-8")
    for was, now_it_is in (
        ('"actor":"eva"', '"actor":"mallory"'),
        ("On its way", "On its Way"),
        ('"seq":7,', '"seq":8,'),
        ('"seq":7,', '"seq":71,'),  # no such place, though its path would lead to the root
    ):
        assert was in lines
        changed = lines.replace(was, now_it_is, 1)
        (tmp_path / "out" / "receipts.jsonl").write_text(changed, encoding="utf-8")
        status, out = await run_verify(tmp_path / "out")
        assert status == 1
        assert out.startswith("event ")
    (tmp_path / "out" / "receipts.jsonl").write_text("\n", encoding="utf-8")
    nothing = (1, "receipts.jsonl holds no receipt: nothing was checked\n")
    assert await run_verify(tmp_path / "out") == nothing
    signed = json.loads((tmp_path / "out" / "head.json").read_text(encoding="utf-8"))
    for forged in (signed | {"size": 39}, signed | {"signature": "00" * 64}):
        (tmp_path / "out" / "head.json").write_text(json.dumps(forged), encoding="utf-8")
        assert await run_verify(tmp_path / "out") == (
            1,
            "the signature of the head does not hold\n",
        )


async def test_a_name_with_another_end_of_line_in_it_keeps_the_zip_readable(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await ledger.commit(TaskSaved(replace(a_task("task-1"), actor="Eva\u2028Lind\x85")))
    head = await log.seal()
    assert head is not None
    write_zip(tmp_path / "out.zip", await log.bundle(head, [1]))
    with zipfile.ZipFile(tmp_path / "out.zip") as zipped:
        zipped.extractall(tmp_path / "out")
    status, told = await run_verify(tmp_path / "out")
    assert (status, told.partition(",")[0]) == (0, "1 of 1 receipts hold")


async def run_verify(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]  # no site-packages
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not told.stderr
    return told.returncode, told.stdout


def test_the_short_verifier_agrees_with_the_library_on_signatures(key: Ed25519PrivateKey) -> None:
    from arriero.security.receipts.verify import is_signed as short

    draw = random.Random(7)
    public = bytes.fromhex(public_key(key))
    for _ in range(20):
        message = draw.randbytes(draw.randrange(200))
        signature = key.sign(message)
        assert short(public, message, signature)
        assert not short(public, message + b"x", signature)
        at = draw.randrange(64)
        damaged = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        assert not short(public, message, damaged)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = audit_key(tmp_path, {})
    assert public_key(audit_key(tmp_path, {})) == public_key(first)
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / PUBLIC).read_text(encoding="ascii").strip() == public_key(first)


def test_an_anchor_is_read_back_and_other_files_are_refused(
    tmp_path: Path, key: Ed25519PrivateKey
) -> None:
    head = Head(7, "ab" * 32, now(), public_key(key), "00" * 64)
    file = tmp_path / "anchor.json"
    file.write_text(json.dumps(head_json(head)), encoding="utf-8")
    assert read_anchor(file) == head
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is no anchor; `arriero audit anchor` writes one"):
        read_anchor(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_anchor(tmp_path / "none.json")
    file.write_text(json.dumps(head_json(head) | {"format": "other"}), encoding="utf-8")
    with pytest.raises(InputError, match="has the format 'other'"):
        read_anchor(file)


async def test_a_ledger_in_use_is_sound_while_it_is_looked_at(
    pair: Pair, key: Ed25519PrivateKey
) -> None:
    ledger, store = pair
    if not isinstance(ledger, SqlLedger):
        pytest.skip("only a database is verified")
    await ledger.commit(*(recorded(id=f"run-{number}") for number in range(20)))
    await AuditLog(store, key, SystemClock()).seal()
    loop, seen = asyncio.get_running_loop(), count()

    def step() -> None:
        if (number := next(seen)) % 10 == 5:  # between any two tables, and within them
            made = ledger.commit(recorded(id=f"meanwhile-{number}"))
            asyncio.run_coroutine_threadsafe(made, loop).result(10)

    found = await ledger.snapshot(lambda connection: verify(connection, step=step))
    assert found.findings == []
    again = await look(ledger)
    assert again.sound
    assert again.leaves > found.leaves


@pytest.mark.parametrize("which", ["seq = 5", "seq <= 5", "seq >= 5", "seq > 0"])
async def test_a_leaf_that_was_made_to_look_like_one_from_before_the_proofs_is_found(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog, which: str
) -> None:
    """Else its row could say anything: no leaf would speak of it."""
    await ledger.commit(*entries()[:2])
    first = await log.seal()
    await fill(ledger)
    await log.seal()
    assert first is not None
    assert first.size < 5
    change(tmp_path, f"UPDATE audit SET content = NULL, salt = NULL WHERE {which}")
    assert "leaf" in {found.kind for found in (await look(ledger)).findings}


async def test_leaves_from_before_the_proofs_are_no_finding(
    tmp_path: Path, ledger: SqlLedger, log: AuditLog
) -> None:
    await fill(ledger)
    change(tmp_path, "UPDATE audit SET content = NULL, salt = NULL")
    await ledger.commit(recorded(id="after"))
    await log.seal()
    assert (await look(ledger)).findings == []
