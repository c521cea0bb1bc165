"""Ask the support app a question, show how the answer came about, and say that it helped."""

from __future__ import annotations

import asyncio
import sys

from arriero import open_platform


async def main(question: str, customer: str) -> None:
    async with open_platform() as platform:
        result = await platform.support.inquire(question, customer=customer)
        print(result.outcome.answer.response)
        print(f"  {result.outcome.ended}, {result.outcome.origin}, score {result.outcome.score}")
        for source in result.outcome.sources:
            print(f"  source {source.id}: {source.title}")
        for stage in result.run.stages:
            print(f"  {stage.stage:<10} {stage.ms:8.1f} ms  {stage.error or ''}")
        if result.run_id is not None:  # None: the ledger could not be reached
            await platform.feedback(result.run_id, "thumb", True)
            run = await platform.ledger.run("default", result.run_id)
            said = await platform.ledger.feedback("default", result.run_id)
            print(f"  recorded as {run.id if run else '-'} with {len(said)} feedback")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], customer="c-0042"))
