"""One request a ticker, some of them at once: what can be had is had, and only if there is nothing, why not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from forward_factor.errors import ForwardFactorError, ProviderUnavailable

Found = TypeVar("Found")

PATIENCE = 3
"""A provider that so many tickers could not reach, each after its own attempts, is asked no further."""


async def ask_each(tickers: Sequence[str], ask: Callable[[str], Awaitable[Found]], *, at_once: int) -> dict[str, Found]:
    """Return what ``ask`` gives of every ticker; one that fails is left out.

    Raises:
        ForwardFactorError: the first failure, where every ticker failed.

    """
    slots = asyncio.Semaphore(at_once)
    out_of_reach: list[ProviderUnavailable] = []

    async def outcome(ticker: str) -> Found | ForwardFactorError:
        async with slots:
            if len(out_of_reach) >= PATIENCE:
                return out_of_reach[0]
            try:
                return await ask(ticker)
            except ProviderUnavailable as error:
                out_of_reach.append(error)
                return error
            except ForwardFactorError as error:
                return error

    async with asyncio.TaskGroup() as group:
        tasks = {ticker: group.create_task(outcome(ticker)) for ticker in dict.fromkeys(tickers)}
    outcomes = {ticker: task.result() for ticker, task in tasks.items()}
    found = {ticker: one for ticker, one in outcomes.items() if not isinstance(one, ForwardFactorError)}
    failures = [one for one in outcomes.values() if isinstance(one, ForwardFactorError)]
    if failures and not found:
        raise failures[0]
    return found
