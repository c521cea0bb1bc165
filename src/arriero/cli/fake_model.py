"""A fake model server as a process of its own, which `arriero demo chaos` kills: `PORT` and `KEY_FILE`.

It ends with its parent: at the end of its stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from arriero.models.base import Prompt
from arriero.models.fake import ScriptedGenerator
from arriero.models.fake_server import Behaviour, FakeOpenAIServer


def first_sentences(prompt: Prompt) -> str:
    """What the schema allows, the first of it; without one, the last message."""
    schema = prompt.schema or {}
    known = schema.get("items", {}).get("enum", [])
    return json.dumps(known[: schema["minItems"]]) if known else prompt.messages[-1].content


async def _serve(port: int, key: str) -> None:
    fake = FakeOpenAIServer(ScriptedGenerator(first_sentences), Behaviour.NORMAL, key)
    async with await fake.serve(port):
        await asyncio.to_thread(sys.stdin.buffer.read)
        await fake.stop()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="ascii")))
