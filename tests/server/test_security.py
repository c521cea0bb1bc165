from __future__ import annotations

import httpx
import pytest

from tests.server.conftest import House, Refused

PATH = "/v1/toy/questions"
BODY = {"message": "hello"}


async def test_without_a_key_a_post_is_a_401(client: httpx.AsyncClient, refused: Refused) -> None:
    response = await client.post(PATH, json=BODY, headers={"authorization": ""})
    error = refused(response, 401)
    assert error["type"] == "authentication_error"
    assert "Authorization: Bearer KEY" in error["message"]
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_wrong_key_is_a_401(client: httpx.AsyncClient, refused: Refused) -> None:
    response = await client.post(PATH, json=BODY, headers={"authorization": "Bearer arr_wrong"})
    assert refused(response, 401)["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", ["/v1/runs", "/v1/runs/x", "/v1/tasks", "/v1/models"])
async def test_reads_below_v1_need_a_key(
    client: httpx.AsyncClient, refused: Refused, path: str
) -> None:
    refused(await client.get(path, headers={"authorization": ""}), 401)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/openapi.json"])
async def test_health_metrics_and_the_description_need_no_key(
    client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.get(path, headers={"authorization": ""})).status_code == 200


async def test_a_wrong_key_is_found_before_the_body_is_looked_at(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    response = await client.post(PATH, content=b"{", headers={"authorization": "Bearer x"})
    refused(response, 401)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8700", "", "127.0.0.1.evil.example"]
)
async def test_a_foreign_host_is_refused(
    client: httpx.AsyncClient, refused: Refused, host: str
) -> None:
    error = refused(await client.get("/health/live", headers={"host": host}), 421)
    assert error["code"] == "wrong_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "LOCALHOST", "[::1]:8700"])
async def test_our_own_hosts_are_served_on_any_port(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/health/live", headers={"host": host})).status_code == 200


async def test_another_tenants_run_is_not_there(
    client: httpx.AsyncClient, house: House, refused: Refused
) -> None:
    run = (await client.post(PATH, json=BODY)).json()["run_id"]
    theirs = house.headers("stranger")
    refused(await client.get(f"/v1/runs/{run}", headers=theirs), 404)
    refused(
        await client.post(
            "/v1/feedback", json={"run_id": run, "kind": "thumb", "value": True}, headers=theirs
        ),
        404,
    )
    assert (await client.get("/v1/runs", headers=theirs)).json()["data"] == []
