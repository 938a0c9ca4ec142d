"""Turns of requests: one by one within a process, block by block of what all share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from forward_factor.errors import StoreUnavailable
from forward_factor.providers.pacing import LARGEST_BLOCK, Turns


@dataclass
class Budget:
    """A shared budget that notes what is asked of it."""

    waits: list[float] = field(default_factory=list)
    reserved: list[int] = field(default_factory=list)
    held: list[float] = field(default_factory=list)

    async def reserve(self, requests: int) -> float:
        self.reserved.append(requests)
        return self.waits.pop(0) if self.waits else 0.0

    async def hold(self, pause_s: float) -> None:
        self.held.append(pause_s)


@pytest.mark.parametrize(("per_minute", "block"), [(5, 1), (240, 1), (600, 2), (3000, 10), (1e6, LARGEST_BLOCK)])
async def test_a_block_is_a_fifth_of_a_second(per_minute: float, block: int) -> None:
    budget = Budget()
    await Turns(per_minute, budget).take()
    assert budget.reserved == [block]


async def test_a_block_is_used_up_before_the_next_is_reserved() -> None:
    budget = Budget()
    turns = Turns(60_000, budget)
    await asyncio.gather(*(turns.take() for _ in range(2 * LARGEST_BLOCK + 1)))
    assert budget.reserved == [LARGEST_BLOCK] * 3


async def test_a_block_that_begins_later_is_waited_for() -> None:
    turns = Turns(60_000, Budget(waits=[0.05]))
    began = asyncio.get_running_loop().time()
    await turns.take()
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_what_is_left_of_a_block_lapses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forward_factor.providers.pacing.KEPT_S", 0.0)
    budget = Budget()
    turns = Turns(60_000, budget)
    for _ in range(3):
        await turns.take()
        await asyncio.sleep(0.001)
    assert len(budget.reserved) == 3


async def test_a_vendors_pause_is_for_all_processes() -> None:
    budget = Budget()
    turns = Turns(60_000, budget)
    await turns.hold(0.05)
    assert budget.held == [0.05]
    began = asyncio.get_running_loop().time()
    await turns.take()
    assert asyncio.get_running_loop().time() - began >= 0.045


async def test_a_budget_that_cannot_be_asked_is_an_error_of_the_store() -> None:
    class Lost(Budget):
        async def reserve(self, requests: int) -> float:
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        await Turns(600, Lost()).take()
