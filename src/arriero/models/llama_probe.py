"""Whether a llama.cpp child is the arm that it says: this base, with this adapter or with none.

llama.cpp and vLLM both have bugs that serve the base in an adapter's name or mix the two
(DESIGN §4), and an experiment on mixed arms measures nothing. So an arm is asked before it serves.
"""

from __future__ import annotations

from pathlib import Path

import httpx

from arriero.core.errors import ModelCorrupt, ModelError
from arriero.core.words import JsonValue
from arriero.models.base import TokenChance
from arriero.models.openai_wire import token_chances

# Raw text, not chat: what the prompt cache keeps of the base's answers shares no beginning with
# any chat prompt, so it can never be continued by the arm (llama.cpp issue 26207).
PROBES = ("Probe: the capital of France is", "Probe: to cancel an order, the customer")
SHOWN = 20  # log-probabilities compared at the one token that each probe asks for
SAME = 1e-6  # nats; the same computation in the same process differs by exactly nothing
BASE = [{"id": 0, "scale": 0.0}]
ARM = [{"id": 0, "scale": 1.0}]


async def probe(http: httpx.AsyncClient, adapter: Path | None) -> None:
    """Raises `ModelError` when the server behind `http` cannot answer.

    `ModelCorrupt` when it is another arm: without an adapter it must have none; with one it must
    have exactly that one, at scale 1, and answer otherwise than its base does.
    """
    await _check_adapters(http, adapter)
    if adapter is None:
        await _ask(http, PROBES[0])
    elif max([await _apart(http, text) for text in PROBES]) <= SAME:
        raise ModelCorrupt(
            f"adapter {str(adapter)!r} changes nothing: its answers equal those of the base;"
            " was it trained on this base, and converted to the end?"
        )


async def _check_adapters(http: httpx.AsyncClient, adapter: Path | None) -> None:
    response = await http.get("/lora-adapters")
    response.raise_for_status()
    found = [(item["path"], item["scale"]) for item in response.json()]
    expected = [(str(adapter), 1.0)] if adapter else []
    if found != expected:
        raise ModelCorrupt(f"the model server has the adapters {found}, not {expected}")


async def _apart(http: httpx.AsyncClient, text: str) -> float:
    """How far the arm is from its base after `text`: the largest difference in nats."""
    base = dict((await _ask(http, text, lora=BASE)).top)
    arm = dict((await _ask(http, text, lora=ARM)).top)
    shared = base.keys() & arm.keys()
    return max((abs(base[token] - arm[token]) for token in shared), default=float("inf"))


async def _ask(http: httpx.AsyncClient, text: str, **extra: JsonValue) -> TokenChance:
    body = {
        "prompt": text,
        "n_predict": 1,
        "n_probs": SHOWN,
        "temperature": 0.0,
        "cache_prompt": False,
    }
    response = await http.post("/completion", json=body | extra)
    if response.status_code != httpx.codes.OK:
        raise ModelError(f"the model server refused the start-up probe: {response.text[:200]}")
    tokens = token_chances(response.json().get("completion_probabilities") or ())
    if not tokens or not tokens[0].top:
        raise ModelError("the model server gave no token with its chances to the start-up probe")
    return tokens[0]
