"""Ask the bakery's support app: python ask.py [--fakes] QUESTION [CUSTOMER]"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import directory

from arriero import Settings, open_platform

HERE = Path(__file__).resolve().parent


def settings(*, fakes: bool) -> Settings:
    """arriero.toml, with the customers' file beside it."""
    told = Settings.load(HERE / "arriero.toml", **({"models": FAKES} if fakes else {}))
    support = told.apps["support"] | {"directory": f"sqlite:///{HERE / 'shop.db'}"}
    return told.model_copy(update={"apps": told.apps | {"support": support}})


FAKES = {"encoder": "fake:hash"}  # everything but the language model works with it


async def main(question: str, customer: str, *, fakes: bool) -> None:
    directory.make(HERE, HERE / "shop.db")
    async with open_platform(settings(fakes=fakes)) as platform:
        result = await platform.support.inquire(question, customer=customer)
        print(result.outcome.answer.response)
        print(f"({result.outcome.ended}, {result.outcome.origin}, {result.outcome.reason or 'ok'})")


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--fakes"]
    customer = given[1] if len(given) > 1 else "k-1"
    asyncio.run(main(given[0], customer, fakes="--fakes" in sys.argv))
