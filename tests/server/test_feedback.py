from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server.conftest import House, Refused

PATH = "/v1/feedback"


@pytest.fixture
async def run(client: httpx.AsyncClient) -> str:
    answer = (await client.post("/v1/toy/questions", json={"message": "hello"})).json()
    return str(answer["run_id"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("thumb", True),
        ("rating", 4),
        ("edit", "Better."),
        ("comment", "Too long."),
        ("resolved", False),
        ("recontact", True),
        ("label", {"intent": "greeting"}),
    ],
)
async def test_each_kind_is_recorded_under_its_key_name(
    client: httpx.AsyncClient, house: House, run: str, kind: str, value: Any
) -> None:
    body = {"run_id": run, "kind": kind, "value": value, "comment": "why"}
    response = await client.post(PATH, json=body)
    assert response.status_code == 201
    (given,) = await house.ledger.feedback("default", run)
    assert given.id == response.json()["feedback_id"]
    assert (given.kind, given.value, given.actor, given.comment) == (kind, value, "tester", "why")


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("thumb", 1, "true or false"),
        ("thumb", "up", "true or false"),
        ("rating", 0, "from 1 to 5"),
        ("rating", 6, "from 1 to 5"),
        ("rating", 4.5, "from 1 to 5"),
        ("rating", True, "from 1 to 5"),
        ("rating", "5", "from 1 to 5"),
        ("edit", " ", "1 to 32,000 characters"),
        ("comment", 3, "1 to 32,000 characters"),
        ("resolved", None, "true or false"),
    ],
)
async def test_a_value_that_does_not_fit_its_kind_is_refused(
    client: httpx.AsyncClient, refused: Refused, run: str, kind: str, value: Any, says: str
) -> None:
    response = await client.post(PATH, json={"run_id": run, "kind": kind, "value": value})
    error = refused(response, 400)
    assert error["param"] == "value"
    assert says in error["message"]


async def test_a_person_who_is_named_is_kept_as_a_pseudonym(
    client: httpx.AsyncClient, house: House, run: str
) -> None:
    body = {"run_id": run, "kind": "thumb", "value": True, "user": "ana@mail.example"}
    assert (await client.post(PATH, json=body)).status_code == 201
    (given,) = await house.ledger.feedback("default", run)
    assert given.actor.startswith("tester/")
    assert "ana" not in given.actor


async def test_private_values_in_an_edit_are_masked(
    client: httpx.AsyncClient, house: House, run: str
) -> None:
    body = {"run_id": run, "kind": "edit", "value": "Write to ana@mail.example."}
    assert (await client.post(PATH, json=body)).status_code == 201
    (given,) = await house.ledger.feedback("default", run)
    assert given.value == "Write to <EMAIL_1>."


async def test_an_unknown_kind_is_refused(
    client: httpx.AsyncClient, refused: Refused, run: str
) -> None:
    response = await client.post(PATH, json={"run_id": run, "kind": "star", "value": 5})
    assert refused(response, 400)["param"] == "kind"


async def test_feedback_on_no_run_is_a_404(client: httpx.AsyncClient, refused: Refused) -> None:
    response = await client.post(PATH, json={"run_id": "nope", "kind": "thumb", "value": True})
    assert refused(response, 404)["param"] == "run_id"


async def test_with_the_ledger_down_feedback_is_not_acknowledged(
    client: httpx.AsyncClient, house: House, refused: Refused, run: str
) -> None:
    house.ledger.down = True
    response = await client.post(PATH, json={"run_id": run, "kind": "thumb", "value": True})
    assert refused(response, 503)["code"] == "store_unavailable"


async def test_the_same_key_gives_feedback_once(
    client: httpx.AsyncClient, house: House, run: str
) -> None:
    for _ in range(2):
        await client.post(
            PATH,
            json={"run_id": run, "kind": "rating", "value": 2},
            headers={"idempotency-key": "f-1"},
        )
    assert len(await house.ledger.feedback("default", run)) == 1


async def test_a_completions_id_names_its_run(
    client: httpx.AsyncClient, house: House, run: str
) -> None:
    body = {"run_id": f"chatcmpl-{run}", "kind": "thumb", "value": False}
    assert (await client.post(PATH, json=body)).status_code == 201
    assert len(await house.ledger.feedback("default", run)) == 1
