"""`arriero backup` and `arriero restore` beside a real server."""

from __future__ import annotations

import httpx
import pytest

from tests.cli.conftest import Place, one_sentence, up


@pytest.mark.slow
def test_a_backup_of_a_running_server_gives_the_same_runs_elsewhere(place: Place) -> None:
    with up(place) as server:
        key = {"authorization": f"Bearer {server.secret}"}
        question = {"message": "Where is my order 10234?", "customer": "c-0042"}
        for _ in range(3):
            told = httpx.post(f"{server.url}/v1/support/inquiries", json=question, headers=key)
            thumb = {"run_id": told.json()["run_id"], "kind": "thumb", "value": True}
            assert httpx.post(f"{server.url}/v1/feedback", json=thumb, headers=key).is_success
        made = place.run("backup", "b.zip")
        assert made.status == 0, made.err
        assert "3 runs, 3 feedback events" in made.out
        sha256 = made.out.split("sha256 ")[1].split()[0]
        busy = one_sentence(place.run("restore", "b.zip", "--force"))
        assert "end it, or choose another folder with --data" in busy
    wrong = one_sentence(place.run("restore", "b.zip", "--data", "other", "--sha256", "0" * 64))
    assert "SHA-256" in wrong
    done = place.run("restore", "b.zip", "--data", "other", "--sha256", sha256)
    assert done.status == 0, done.err
    assert "restored 3 runs and 3 feedback events" in done.out
    before, after = (place.run("runs", "list", *more) for more in ((), ("--data", "other")))
    assert before.out == after.out
    assert before.out.count("support") == 3
    with up(place, "--data", "other") as server:  # the old key is in the ledger, so it still fits
        answer = httpx.post(f"{server.url}/v1/support/inquiries", json=question, headers=key)
        assert answer.status_code == 200


def test_refusals_are_one_sentence(place: Place) -> None:
    assert "there is no backup at 'none.zip'" in one_sentence(place.run("restore", "none.zip"))
    assert "there is no ledger at" in one_sentence(place.run("backup", "b.zip"))
    (place.folder / "text.zip").write_text("hello")
    assert "no backup" in one_sentence(place.run("restore", "text.zip"))
