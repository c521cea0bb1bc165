"""Records: an app's own JSON values, in memory and in the ledger's databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arriero.core.errors import InputError, StoreError
from arriero.store.engine import sqlite_url
from arriero.store.ledger import open_ledger
from arriero.store.records import MemoryRecords, Records, SqlRecords


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.service)])
async def records(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Records]:
    if request.param == "memory":
        yield MemoryRecords()
        return
    url = sqlite_url(tmp_path / "ledger.db")
    ledger = open_ledger(
        request.getfixturevalue("postgres_url") if request.param == "postgres" else url
    )
    yield SqlRecords(ledger, "support")
    await ledger.close()


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True]}, "ñ\u0000🦙", 0, False, [], {}])
async def test_a_record_comes_back_as_it_was_put(records: Records, value: object) -> None:
    await records.put("acme", "answer", "one", value)
    assert await records.get("acme", "answer", "one") == value


async def test_the_last_value_counts(records: Records) -> None:
    await records.put("acme", "answer", "one", 1)
    await records.put("acme", "answer", "one", 2)
    assert await records.get("acme", "answer", "one") == 2


async def test_a_record_that_is_not_there_is_none(records: Records) -> None:
    assert await records.get("acme", "answer", "one") is None
    await records.delete("acme", "answer", "one")


async def test_a_deleted_record_is_gone(records: Records) -> None:
    await records.put("acme", "answer", "one", 1)
    await records.put("acme", "answer", "two", 2)
    await records.delete("acme", "answer", "one")
    assert await records.list("acme", "answer") == {"two": 2}


async def test_records_are_listed_by_kind_and_tenant_in_order(records: Records) -> None:
    for id in ("b", "a", "B"):
        await records.put("acme", "answer", id, id)
    await records.put("acme", "draft", "c", 1)
    await records.put("umbrella", "answer", "d", 1)
    assert list(await records.list("acme", "answer")) == ["B", "a", "b"]


async def test_what_is_about_somebody_is_forgotten_in_every_kind(records: Records) -> None:
    await records.put("acme", "memory", "c-1", 1)
    await records.put("acme", "profile", "c-1:tent", 1)
    await records.put("acme", "ticket", "x", {"of": [{"customer": "c-1"}]})
    await records.put("acme", "ticket", "y", {"of": "c-11", "said": "c-1 wrote"})
    await records.put("acme", "memory", "c-11", 1)
    await records.put("umbrella", "memory", "c-1", 1)
    await records.put("acme", "message:web:c-1:x", "0001", {"text": "my boots"})
    await records.put("acme", "message:web:c-11:x", "0001", {"text": "my tent"})
    await records.put(
        "acme", "review", "review:run-1", {"ana": {"why": "too late for the wedding"}}
    )
    assert await records.forget("acme", {"c-1", "web:c-1:x", "run-1"}) == 5
    assert not await records.list("acme", "message:web:c-1:x")
    assert not await records.list("acme", "review")
    assert await records.list("acme", "message:web:c-11:x")
    assert list(await records.list("acme", "ticket")) == ["y"]
    assert list(await records.list("acme", "memory")) == ["c-11"]
    assert await records.get("umbrella", "memory", "c-1") == 1


async def test_what_is_no_json_value_is_refused(records: Records) -> None:
    with pytest.raises(InputError, match="answer/one is no JSON value"):
        await records.put("acme", "answer", "one", {1, 2})


async def test_changing_a_value_afterwards_does_not_change_the_record(records: Records) -> None:
    value = {"a": 1}
    await records.put("acme", "answer", "one", value)
    value["a"] = 2
    assert await records.get("acme", "answer", "one") == {"a": 1}


async def test_apps_do_not_see_each_others_records(tmp_path: Path) -> None:
    ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    await SqlRecords(ledger, "support").put("acme", "answer", "one", 1)
    assert await SqlRecords(ledger, "chat").get("acme", "answer", "one") is None
    await ledger.close()


async def test_records_of_a_closed_ledger_are_an_error(tmp_path: Path) -> None:
    ledger = open_ledger(sqlite_url(tmp_path / "ledger.db"))
    await ledger.close()
    with pytest.raises(StoreError):
        await SqlRecords(ledger, "support").put("acme", "answer", "one", 1)
