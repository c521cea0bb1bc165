"""Run a case of the installed app, without a server."""

from __future__ import annotations

import asyncio
import sys

from arriero import open_platform


async def main(question: str) -> None:
    async with open_platform() as platform:
        result = await platform.run("glossary", {"text": question})
        print(f"{result.outcome.ended}: {result.outcome.answer.text}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
