"""`arriero ask`: through the server when one runs here, else by itself; the same answer either way."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.cli.conftest import FAKES, Ended, Place, Process, one_sentence, up

QUESTION = "Where is my order 10234?"


def _json(ended: Ended) -> dict[str, Any]:
    assert ended.status == 0, ended
    told: dict[str, Any] = json.loads(ended.out)
    return told


# Alone, each question opens the platform anew: 1 s. `asked` covers that way in the quick run.
@pytest.fixture(params=["server", pytest.param("alone", marks=pytest.mark.slow)])
def asking(request: pytest.FixtureRequest, served: Process, place: Place) -> Place:
    """A place over which a server runs, and one over which none does."""
    return served.place if request.param == "server" else place


def test_the_answer_is_followed_by_stages_verdicts_and_sources(asking: Place) -> None:
    said = asking.run("ask", QUESTION).out
    for part in ("answered", "template", "understand", "facts", "pass", "source order:10234"):
        assert part in said


def test_the_run_can_be_shown_by_the_id_that_was_printed(asking: Place) -> None:
    said = asking.run("ask", QUESTION).out
    run = next(line for line in said.splitlines() if line.startswith("run ")).split()[1]
    assert QUESTION in asking.run("runs", "show", run).out


def test_the_sample_customer_is_named_unless_one_is_given(asking: Place) -> None:
    assert "asked as customer c-0042" in asking.run("ask", QUESTION).out
    assert "asked as" not in asking.run("ask", "--customer", "c-0042", QUESTION).out


@pytest.mark.parametrize("customer", ["c-0001", "nobody-we-know"])
def test_who_does_not_own_the_order_does_not_get_it(asking: Place, customer: str) -> None:
    told = _json(asking.run("ask", "--json", "--customer", customer, QUESTION))
    assert told["answer"]["outcome"] == "clarify"
    assert told["answer"]["sources"] == []


def test_a_deadline_of_a_millisecond_is_a_fallback_with_its_reason(asking: Place) -> None:
    told = _json(asking.run("ask", "--json", "--deadline-ms", "1", QUESTION))
    assert told["answer"]["outcome"] == "fallback"
    assert "deadline" in told["run"]["reason"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([""], "message"),
        (["x" * 9000], "message"),
        (["--deadline-ms", "-5", QUESTION], "deadline_ms"),
        (["--customer", "c" * 100, QUESTION], "customer"),
    ],
    ids=["empty", "long", "deadline", "customer"],
)
def test_what_cannot_be_asked_is_refused(asking: Place, argv: list[str], said: str) -> None:
    assert said in one_sentence(asking.run("ask", *argv))


def test_server_and_command_answer_with_the_same_keys(
    served: Process, asked: tuple[Place, Ended]
) -> None:
    through = _json(served.place.run("ask", "--json", QUESTION))["answer"]
    alone = _json(asked[1])["answer"]
    assert through.keys() == alone.keys()
    assert through["response"] == alone["response"]


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(served: Process) -> None:
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    assert _json(served.place.run("ask", "--json", QUESTION))["run"]
    assert _json(served.place.run("ask", "--json", QUESTION, env=nowhere))["run"]


def test_after_a_killed_server_the_question_is_answered_all_the_same(place: Place) -> None:
    with up(place) as server:
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    assert (place.data / "server.json").exists()
    assert _json(place.run("ask", "--json", QUESTION))["answer"]["outcome"] == "answered"


@pytest.mark.slow
def test_after_a_killed_server_another_one_starts(place: Place) -> None:
    with up(place) as server:
        server.end(signal.SIGKILL)
    with up(place) as again:
        assert again.end() == 0


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of an HTTP server that is not Arriero."""
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("there", ["nobody", pytest.param("a stranger", marks=pytest.mark.slow)])
def test_a_process_that_got_the_id_of_a_killed_server_is_not_taken_for_it(
    place: Place, stranger: str, there: str
) -> None:
    url = stranger if there == "a stranger" else "http://127.0.0.1:9"
    place.data.mkdir()
    note = {"url": url, "key": "k", "pid": os.getpid()}
    (place.data / "server.json").write_text(json.dumps(note))
    assert _json(place.run("ask", "--json", QUESTION))["answer"]["outcome"] == "answered"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 1, "key": 2, "pid": "x"}'])
def test_a_broken_note_is_no_server(place: Place, text: str) -> None:
    place.data.mkdir()
    (place.data / "server.json").write_text(text)
    assert "not running" in place.run("status").out


def test_a_model_that_is_not_pulled_is_one_sentence(
    place: Place, refused: Callable[..., str]
) -> None:
    place.configure(FAKES.replace("fake:hash", "onnx:minilm-l6"))
    assert "arriero models pull minilm-l6" in refused("ask", QUESTION)


def test_a_data_folder_of_the_home_folder_is_found(place: Place) -> None:
    home = {"HOME": str(place.folder)}
    done = place.run("ask", "--data", "~/mine", "--json", QUESTION, env=home)
    assert _json(done)["run"]
    assert (place.folder / "mine" / "ledger.db").exists()
