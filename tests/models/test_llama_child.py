"""The traps of a real llama.cpp child (DESIGN §4), each as a fact."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import httpx
import pytest

from arriero.core.errors import ModelCorrupt, ModelError, ModelTimeout
from arriero.core.words import Message
from arriero.models import llama, llama_process
from arriero.models.base import Prompt, complete
from arriero.models.lease import GenerationLease
from arriero.models.llama import LlamaGenerator
from arriero.models.llama_child import ChildConfig
from arriero.models.llama_process import Child
from arriero.models.openai_wire import request_body
from tests.models.lora import write_adapter

pytestmark = pytest.mark.slow

LINUX = sys.platform == "linux"

PARIS = Prompt((Message("user", "What is the capital of France?"),), max_tokens=8)
FOX = "The quick brown fox jumps over the lazy dog and walks home to its den in the forest. "
QUOTE = Prompt((Message("user", f"Repeat this text: {FOX * 3}"),), max_tokens=40)
STORY = Prompt((Message("user", "Tell me a long story about a llama."),), max_tokens=2000)


@pytest.fixture
def gguf(model_path: Callable[[str], Path]) -> Path:
    return model_path("smollm2-135m")


@asynccontextmanager
async def started(
    gguf: Path,
    folder: Path,
    *,
    adapter: Path | None = None,
    drafting: bool = False,
    lease: GenerationLease | None = None,
    parallel: int = 1,
) -> AsyncIterator[LlamaGenerator]:
    generator = LlamaGenerator.of(
        "smollm2-135m", gguf, folder=folder, adapter=adapter, drafting=drafting, lease=lease, parallel=parallel
    )  # fmt: skip
    try:
        await generator.start()
        yield generator
    finally:
        await generator.close()


async def until(condition: Callable[[], bool], *, within_s: float) -> None:
    """Return when `condition` holds; a failed test when it does not in time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - a process gives no other sign
            await asyncio.sleep(0.02)


async def answered(generator: LlamaGenerator) -> bool:
    try:
        await complete(generator, PARIS, timeout_s=5)
    except ModelError:
        return False
    return True


async def test_nobody_without_the_key_can_use_the_child(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        url = generator.server.child().url
        body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
        async with httpx.AsyncClient(base_url=url, trust_env=False) as stranger:
            asked = await stranger.post("/v1/chat/completions", json=body)
            listed = await stranger.get("/v1/models")
            told = await stranger.get("/props")
    assert [asked.status_code, listed.status_code, told.status_code] == [401, 401, 401]


async def test_a_web_pages_origin_is_not_let_in(gguf: Path, tmp_path: Path) -> None:
    page = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    async with started(gguf, tmp_path) as generator:
        url = generator.server.child().url
        async with httpx.AsyncClient(base_url=url, trust_env=False) as browser:
            asked = await browser.options("/v1/chat/completions", headers=page)
    assert asked.headers.get("access-control-allow-origin") not in {"*", page["Origin"]}


@pytest.mark.skipif(not LINUX, reason="reads /proc")
async def test_the_child_listens_on_loopback_only_and_hides_its_key(
    gguf: Path, tmp_path: Path
) -> None:
    async with started(gguf, tmp_path) as generator:
        child = generator.server.child()
        files = Path(f"/proc/{child.process.pid}")
        told = (files / "cmdline").read_bytes() + (files / "environ").read_bytes()
        assert child.key.encode() not in told
        assert _listening(httpx.URL(child.url).port) == {"127.0.0.1"}


async def test_slots_are_not_served(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        assert (await generator.server.child().http.get("/slots")).status_code == 501


async def test_two_children_have_two_keys(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as one, started(gguf, tmp_path) as other:
        assert one.server.child().key != other.server.child().key


async def test_drafting_quotes_the_same_words_in_fewer_steps(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as plain, started(gguf, tmp_path, drafting=True) as quick:
        told = [await complete(generator, QUOTE, timeout_s=60) for generator in (plain, quick)]
        drafts = [await _drafts(generator) for generator in (plain, quick)]
    assert told[0].text == told[1].text
    assert drafts[0] == 0
    assert drafts[1] >= 10


async def test_a_child_that_drafts_refuses_to_give_log_probabilities(
    gguf: Path, tmp_path: Path
) -> None:
    async with started(gguf, tmp_path, drafting=True) as generator:
        with pytest.raises(ModelError, match="no log-probabilities"):
            await complete(generator, replace(PARIS, top_logprobs=5), timeout_s=5)


async def _drafts(generator: LlamaGenerator) -> int:
    """How many drafted tokens llama.cpp accepted in an answer to `QUOTE`."""
    body = request_body(QUOTE, "m") | {"stream": False, "stream_options": None}
    answer = await generator.server.child().http.post("/v1/chat/completions", json=body)
    return int(answer.json()["timings"].get("draft_n_accepted", 0))


async def test_a_killed_child_is_back_within_five_seconds(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        assert await answered(generator)
        pid = generator.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        began = perf_counter()
        while not await answered(generator):  # noqa: ASYNC110 - as a caller would try again
            await asyncio.sleep(0.02)
        took = perf_counter() - began
        assert generator.server.pid != pid
    assert took < 5


async def test_while_it_restarts_requests_fail_fast_and_say_so(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        pid = generator.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: generator.server.pid != pid, within_s=2)
        began = perf_counter()
        with pytest.raises(ModelError, match="is restarting"):
            await complete(generator, PARIS, timeout_s=60)
        with pytest.raises(ModelError, match="is restarting"):
            await generator.ping()
        assert perf_counter() - began < 0.5


async def test_a_child_that_dies_while_answering_is_an_error(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        pieces = aiter(generator.stream(STORY, timeout_s=60))
        await anext(pieces)
        pid = generator.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ModelError, match="at http://127"):
            async for _ in pieces:
                pass


async def test_a_hung_child_is_replaced(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama, "HEALTH_EVERY_S", 0.2)
    monkeypatch.setattr(llama_process, "HEALTH_S", 1.0)
    monkeypatch.setattr(llama_process, "KILL_AFTER_S", 0.2)
    async with started(gguf, tmp_path) as generator:
        pid = generator.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await until(lambda: generator.server.pid not in {None, pid}, within_s=20)
        assert not _runs(pid)


PARENT = """
import asyncio, sys
from pathlib import Path
from arriero.models.llama import LlamaGenerator
async def main():
    generator = LlamaGenerator.of("smollm2-135m", Path(sys.argv[1]), folder=Path(sys.argv[2]))
    await generator.start()
    print(generator.server.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(not LINUX, reason="reads /proc")
async def test_a_killed_parent_leaves_no_orphan(gguf: Path, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(gguf), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert _runs(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await until(lambda: not _runs(child), within_s=2)


async def test_a_parent_killed_while_the_model_loads_leaves_no_orphan(
    gguf: Path, tmp_path: Path
) -> None:
    config = ChildConfig(str(gguf), None, 1, 1, 512, "key")
    child = subprocess.Popen(
        [sys.executable, "-m", "arriero.models.llama_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    child.stdin.write(config.to_line())
    child.stdin.flush()
    await asyncio.sleep(0.15)
    child.stdin.close()
    assert child.wait(timeout=5) is not None


async def test_closing_ends_a_child_that_is_answering(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        pid = generator.server.pid
        assert pid is not None
        answering = asyncio.create_task(complete(generator, STORY, timeout_s=60))
        await asyncio.sleep(0.5)
        began = perf_counter()
        await generator.close()
        assert perf_counter() - began < 3
        assert not _runs(pid)
        with pytest.raises(ModelError):
            await answering


async def test_the_deadline_frees_the_slot_within_four_seconds(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        task = asyncio.create_task(complete(generator, STORY, timeout_s=1))
        await asyncio.sleep(0.5)
        assert not await idle(generator.server.child())
        with pytest.raises(ModelTimeout):
            await task
        began = perf_counter()
        await until_idle(generator.server.child())
    assert perf_counter() - began < 4


async def until_idle(child: Child) -> None:
    async with asyncio.timeout(10):
        while not await idle(child):  # noqa: ASYNC110 - llama.cpp gives no other sign
            await asyncio.sleep(0.05)


async def idle(child: Child) -> bool:
    return "llamacpp:requests_processing 0" in (await child.http.get("/metrics")).text


async def test_children_that_share_a_lease_take_turns(gguf: Path, tmp_path: Path) -> None:
    lease, most = GenerationLease(), 0
    async with (
        started(gguf, tmp_path, lease=lease) as one,
        started(gguf, tmp_path, lease=lease) as other,
    ):
        tasks = [asyncio.create_task(complete(g, PARIS, timeout_s=30)) for g in (one, other) * 2]
        while not all(task.done() for task in tasks):
            most = max(most, lease.held)
            await asyncio.sleep(0.005)
        assert all(task.result().text for task in tasks)
    assert most == 1


async def test_a_child_writes_as_many_answers_at_once_as_it_is_told(
    gguf: Path, tmp_path: Path
) -> None:
    lease, most = GenerationLease(), 0
    async with started(gguf, tmp_path, lease=lease, parallel=3) as generator:
        tasks = [asyncio.create_task(complete(generator, PARIS, timeout_s=60)) for _ in range(5)]
        while not all(task.done() for task in tasks):
            most = max(most, lease.held)
            await asyncio.sleep(0.005)
        slots = (await generator.server.child().http.get("/props")).json()["total_slots"]
    assert (most, slots) == (3, 3)
    assert all("Paris" in task.result().text for task in tasks)


@pytest.mark.skipif(not LINUX, reason="reads /proc")
async def test_an_idle_child_sleeps(gguf: Path, tmp_path: Path) -> None:
    async with started(gguf, tmp_path) as generator:
        await complete(generator, PARIS, timeout_s=30)
        await asyncio.sleep(0.5)
        before = _cpu_s(generator.server.pid)
        await asyncio.sleep(2)
        assert _cpu_s(generator.server.pid) - before < 0.1


async def test_an_adapter_serves_under_its_own_name(gguf: Path, tmp_path: Path) -> None:
    adapter = write_adapter(gguf, tmp_path / "support-7.gguf", size=0.5)
    async with started(gguf, tmp_path, adapter=adapter) as generator:
        reply = await complete(generator, PARIS, timeout_s=30)
        adapters = (await generator.server.child().http.get("/lora-adapters")).json()
    assert reply.adapter == "support-7"
    assert [(item["path"], item["scale"]) for item in adapters] == [(str(adapter), 1.0)]


async def test_an_adapter_does_not_answer_as_its_base(gguf: Path, tmp_path: Path) -> None:
    adapter = write_adapter(gguf, tmp_path / "other.gguf", size=0.5)
    asked = replace(PARIS, top_logprobs=5)
    async with started(gguf, tmp_path) as base, started(gguf, tmp_path, adapter=adapter) as arm:
        plain = await complete(base, asked, timeout_s=30)
        tuned = await complete(arm, asked, timeout_s=30)
    assert plain.tokens[0].top != tuned.tokens[0].top


async def test_an_adapter_that_changes_nothing_is_refused(gguf: Path, tmp_path: Path) -> None:
    adapter = write_adapter(gguf, tmp_path / "empty.gguf", size=0)
    with pytest.raises(ModelCorrupt, match="changes nothing"):
        async with started(gguf, tmp_path, adapter=adapter):
            pass


async def test_a_file_that_is_no_adapter_is_refused(gguf: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "noise.gguf"
    adapter.write_bytes(bytes(4096))
    with pytest.raises(ModelCorrupt, match=r"cannot load .* with adapter"):
        async with started(gguf, tmp_path, adapter=adapter):
            pass


async def test_a_schema_holds_the_answer(gguf: Path, tmp_path: Path) -> None:
    asked = replace(PARIS, max_tokens=30, schema={"type": "string", "enum": ["paris", "rome"]})
    async with started(gguf, tmp_path) as generator:
        reply = await complete(generator, asked, timeout_s=30)
    assert reply.text in {'"paris"', '"rome"'}


async def test_a_list_of_given_texts_comes_without_a_space_too_many(
    gguf: Path, tmp_path: Path
) -> None:
    texts = ['It is in "Paris".', "Rome is older, and south of it."]
    schema = {"type": "array", "items": {"type": "string", "enum": texts}}
    asked = replace(PARIS, max_tokens=60, schema=schema | {"minItems": 2, "maxItems": 2})
    async with started(gguf, tmp_path, drafting=True) as generator:
        reply = await complete(generator, asked, timeout_s=30)
    told = json.loads(reply.text)
    assert len(told) == 2
    assert set(told) <= set(texts)
    assert reply.text == json.dumps(told, ensure_ascii=False)


async def test_a_list_ends_as_it_would_have_with_fewer_tokens_written(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        "Paris is the capital of France and stands on both banks of the Seine.",
        "Rome is older, and it lies south of Paris on the other side of the Alps.",
        "Berlin is the capital of Germany and has more canals than one would think.",
    ]
    schema = {"type": "array", "items": {"type": "string", "enum": texts}}
    asked = replace(PARIS, max_tokens=90, schema=schema | {"minItems": 2, "maxItems": 2})
    async with started(gguf, tmp_path) as generator:
        early = await complete(generator, asked, timeout_s=30)
    monkeypatch.setattr(llama, "ending", lambda prompt: lambda text: "")
    async with started(gguf, tmp_path) as generator:
        whole = await complete(generator, asked, timeout_s=30)
    assert (early.text, early.finish, early.tokens_in) == (whole.text, "stop", whole.tokens_in)
    assert 0 < early.tokens_out < 0.8 * whole.tokens_out


async def test_a_prompt_beyond_the_context_is_an_error_not_a_cut(
    gguf: Path, tmp_path: Path
) -> None:
    long = Prompt((Message("user", "word " * 6000),), max_tokens=4)
    async with started(gguf, tmp_path) as generator:
        with pytest.raises(ModelError, match="context size"):
            await complete(generator, long, timeout_s=60)


def _stat(pid: int | None) -> list[str]:
    """The fields of /proc/PID/stat behind the program's name; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _runs(pid: int | None) -> bool:
    """Whether the process lives; one that nobody has collected yet counts as gone."""
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def _cpu_s(pid: int | None) -> float:
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _listening(port: int | None) -> set[str]:
    """The addresses on which somebody listens at `port`."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, _, at = local.partition(":")
            if state == "0A" and int(at, 16) == port:
                raw = bytes.fromhex(address)
                found.add(".".join(str(n) for n in raw[::-1]) if len(raw) == 4 else address)
    return found
