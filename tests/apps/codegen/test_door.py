"""Code generation over HTTP, over a platform as assembly makes it. The writer is a fake that echoes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from arriero.apps.codegen.app import CodegenApp
from arriero.assembly import open_platform
from arriero.core.settings import ServerSettings, Settings
from arriero.security.keys import mint
from arriero.server import create
from arriero.store.base import KeySaved
from tests.apps.codegen.conftest import Opens

PATH = "/v1/code/generations"
HOST = "http://testserver"


@pytest.fixture
async def client(tmp_path: Path, desk: Opens) -> AsyncIterator[httpx.AsyncClient]:
    off = {"enabled": False}
    own = {"models": {"writer": {"model": "fake:echo"}}, "samples": 0, "repairs": 0}
    settings = Settings.model_validate(
        {
            "data": tmp_path,
            "server": ServerSettings(allowed_hosts=("testserver",)),
            "apps": {"support": off, "chat": off, "codegen": own},
        }
    )
    house = await desk("unused")
    async with open_platform(settings) as platform:
        app = platform.apps["codegen"]
        assert isinstance(app, CodegenApp)
        # The sandbox of the tests instead of one that is probed for seconds.
        platform.apps["codegen"] = CodegenApp(app.settings, house.app.workshop, app.kept)
        secret, key = mint("tester", "default", platform.clock.now())
        await platform.ledger.commit(KeySaved(key))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=create(platform)),
            base_url=HOST,
            headers={"authorization": f"Bearer {secret}"},
        ) as opened:
            yield opened


ADD = {
    "requirement": "Check it.",
    "code": "def add(a, b):\n    return a + b\n",
    "tests": "assert add(1, 2) == 3",
}


async def test_the_answer_has_the_case_studys_keys_and_those_that_it_rests_on(
    client: httpx.AsyncClient,
) -> None:
    answer = (await client.post(PATH, json=ADD)).json()
    assert (answer["code"], answer["language"], answer["complexity"]) == (
        ADD["code"],
        "python",
        "simple",
    )
    assert answer["validation_score"] == pytest.approx(
        10
        * sum(term["got"] for term in answer["terms"] if not term["left_out"])
        / sum(term["out_of"] for term in answer["terms"] if not term["left_out"]),
        abs=0.01,
    )
    assert (answer["outcome"], answer["decision"]) == ("answered", "ship")
    assert answer["documentation"]
    assert answer["manifest"]["run"] == answer["run_id"]
    assert {verdict["check"] for verdict in answer["verdicts"]} >= {"syntax", "tests", "security"}


async def test_stages_are_told_as_they_come(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json=ADD, headers={"accept": "text/event-stream"})
    kinds = [line for line in response.text.splitlines() if line.startswith("event: ")]
    assert kinds[0] == "event: stage"
    assert kinds[-1] == "event: answer"
    last = json.loads(response.text.strip().rpartition("data: ")[2])
    assert last["decision"] == "ship"


async def test_200_kilobytes_of_requirement_are_the_callers_mistake(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post(PATH, json={"requirement": "add " * 50_000})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "requirement"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"requirement": ""}, "requirement"),
        ({"requirement": "x", "entry": "no name"}, "entry"),
        ({"requirement": "x", "file": "../x.py"}, "file"),
        ({"requirement": "x", "tests": "x = 1"}, "tests"),
        ({"requirement": "x", "colour": "red"}, "colour"),
        ({"requirement": "x", "checks": {"tests": False}}, "checks.tests"),
    ],
)
async def test_a_wrong_body_is_told_by_its_field(
    client: httpx.AsyncClient, body: dict[str, object], param: str
) -> None:
    response = await client.post(PATH, json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


async def test_accept_edit_and_reject_are_feedback_of_the_run(client: httpx.AsyncClient) -> None:
    run = (await client.post(PATH, json=ADD)).json()["run_id"]
    for kind, value in (("thumb", True), ("edit", "def add(a, b): ..."), ("thumb", False)):
        given = await client.post(
            "/v1/feedback", json={"run_id": run, "kind": kind, "value": value}
        )
        assert given.status_code < 300
