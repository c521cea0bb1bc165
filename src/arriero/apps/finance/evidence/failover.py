"""One part from the first provider that serves it honestly: dead, slow and lying ones are passed over.

The providers are asked in order. When one fails, or has not answered after `hedge_s`, the next is asked beside it, so a
slow first does not cost the second's answer, and a slow only provider still has its time. The first rows that pass
`honest.check` count. When nobody answers, the newest kept copy is served and marked stale.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from arriero.apps.finance.evidence import honest
from arriero.apps.finance.evidence.base import (
    Gap,
    Missing,
    Part,
    Provider,
    Reason,
    Served,
    Unavailable,
)
from arriero.apps.finance.evidence.kept import Copies

HEDGE_S = 0.5  # half of the second within which the next provider has to serve
TIMEOUT_S = 20.0

Failure = Missing | Unavailable


@dataclass(frozen=True, slots=True)
class Answer:
    """Who served the part, and who did not, in the order in which they were asked."""

    provider: str
    served: Served[Any]
    passed_over: tuple[str, ...]


async def ask(
    part: Part,
    ticker: str,
    as_of: date,
    providers: Sequence[Provider],
    *,
    copies: Copies | None = None,
    hedge_s: float = HEDGE_S,
    timeout_s: float = TIMEOUT_S,
) -> Answer | tuple[Gap, ...]:
    """The part, or a gap for each provider that should have had it."""
    waiting = list(providers)
    asked: dict[asyncio.Task[Served[Any]], Provider] = {}
    failed: dict[str, Failure] = {}
    try:
        while waiting or asked:
            if waiting:
                provider = waiting.pop(0)
                call = _one(provider, part, ticker, as_of, copies, timeout_s)
                asked[asyncio.ensure_future(call)] = provider
            done, _ = await asyncio.wait(
                asked, timeout=hedge_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            # Of several that are there the first in the settings' order counts.
            for task in [one for one in asked if one in done]:
                provider = asked.pop(task)
                try:
                    served = task.result()
                except (Missing, Unavailable) as failure:
                    failed[provider.name] = failure
                    continue
                slow = [f"{one.name}: {Reason.SLOW}" for one in asked.values()]
                return Answer(provider.name, served, (*_said(failed), *slow))
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    return await _old(part, ticker, as_of, providers, copies, failed)


async def _one(
    provider: Provider,
    part: Part,
    ticker: str,
    as_of: date,
    copies: Copies | None,
    timeout_s: float,
) -> Served[Any]:
    kept = copies if provider.remote else None
    if kept is not None:
        copy = await kept.find(provider.name, part, ticker, as_of)
        if copy is not None and not copy.stale:
            return copy
    try:
        async with asyncio.timeout(timeout_s):
            served: Served[Any] = await getattr(provider, part.value)(ticker, as_of)
    except TimeoutError:
        raise Unavailable(Reason.SLOW, f"no answer in {timeout_s:g} s") from None
    honest.check(part, served.rows, as_of)
    if kept is not None:
        await kept.keep(provider.name, part, ticker, as_of, served)
    return served


async def _old(
    part: Part,
    ticker: str,
    as_of: date,
    providers: Sequence[Provider],
    copies: Copies | None,
    failed: dict[str, Failure],
) -> Answer | tuple[Gap, ...]:
    for provider in providers:
        down = isinstance(failed.get(provider.name), Unavailable)
        if copies is None or not provider.remote or not down:
            continue
        copy = await copies.find(provider.name, part, ticker, as_of)
        if copy is not None:
            return Answer(provider.name, copy, _said(failed))
    return gaps(part, failed)


def gaps(part: Part, failed: dict[str, Failure]) -> tuple[Gap, ...]:
    """What to say of a part that nobody served: of those who do not deal in it nothing, unless nobody does."""
    told = [
        Gap(
            part.value,
            failure.reason.value,
            f"{name}: {failure.detail}" if failure.detail else name,
        )
        for name, failure in failed.items()
        if failure.reason is not Reason.NO_PROVIDER
    ]
    return tuple(told) or (Gap(part.value, Reason.NO_PROVIDER.value),)


def _said(failed: dict[str, Failure]) -> tuple[str, ...]:
    return tuple(
        f"{name}: {failure.message}"
        for name, failure in failed.items()
        if failure.reason is not Reason.NO_PROVIDER
    )
