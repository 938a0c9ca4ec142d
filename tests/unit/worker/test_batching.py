"""Jobs gathered into batches: each caller hears of its own ticker, whatever becomes of the batch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from forward_factor.services.ports.jobs import Again
from forward_factor.worker import batching
from forward_factor.worker.batching import AFTER_TROUBLE, STOPPED, Batches

LATER = Again(timedelta(seconds=2), "busy")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "GATHERS_FOR_S", 0.02)


@dataclass
class Work:
    """Notes the batches it is given, and answers as told."""

    again: dict[str, Again] = field(default_factory=dict)
    fault: Exception | None = None
    hold: asyncio.Event | None = None
    batches: list[list[str]] = field(default_factory=list)

    async def __call__(self, tickers: Sequence[str]) -> Mapping[str, Again]:
        self.batches.append(sorted(tickers))
        if self.hold is not None:
            await self.hold.wait()
        if self.fault is not None:
            raise self.fault
        return self.again


async def test_what_comes_within_a_moment_is_one_batch() -> None:
    work = Work(again={"B": LATER})
    batches = Batches(work, most=10)
    assert await asyncio.gather(*(batches.handle(ticker) for ticker in "ABC")) == [None, LATER, None]
    assert await batches.handle("D") is None
    assert work.batches == [["A", "B", "C"], ["D"]]


async def test_a_full_batch_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "GATHERS_FOR_S", 60.0)
    work = Work()
    batches = Batches(work, most=2)
    await asyncio.wait_for(asyncio.gather(batches.handle("A"), batches.handle("B")), 5)
    assert work.batches == [["A", "B"]]


async def test_a_ticker_that_comes_twice_is_worked_on_once() -> None:
    work = Work()
    batches = Batches(work, most=10)
    await asyncio.gather(batches.handle("A"), batches.handle("A"))
    assert work.batches == [["A"]]


async def test_a_batch_that_fails_comes_again() -> None:
    batches = Batches(Work(fault=ZeroDivisionError()), most=10)
    for again in await asyncio.gather(batches.handle("A"), batches.handle("B")):
        assert again is not None
        assert again.delay == AFTER_TROUBLE


async def test_at_the_end_what_runs_may_finish_and_the_rest_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(hold=asyncio.Event())
    batches = Batches(work, most=2)
    running = asyncio.gather(batches.handle("A"), batches.handle("B"))
    await asyncio.sleep(0)
    monkeypatch.setattr(batching, "GATHERS_FOR_S", 60.0)
    waiting = asyncio.create_task(batches.handle("C"))
    await asyncio.sleep(0.01)
    ending = asyncio.create_task(batches.end(within_s=10))
    assert await waiting == STOPPED
    assert await batches.handle("D") == STOPPED
    assert work.hold is not None
    work.hold.set()
    assert list(await running) == [None, None]
    await ending
    assert work.batches == [["A", "B"]]


async def test_what_takes_too_long_is_stopped_and_comes_again() -> None:
    batches = Batches(Work(hold=asyncio.Event()), most=1)
    running = asyncio.create_task(batches.handle("A"))
    await asyncio.sleep(0)
    await batches.end(within_s=0.05)
    assert await running == STOPPED


async def test_a_caller_that_leaves_takes_nobody_with_it() -> None:
    work = Work(hold=asyncio.Event())
    batches = Batches(work, most=2)
    leaving, staying = (asyncio.create_task(batches.handle(ticker)) for ticker in "AB")
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert work.hold is not None
    work.hold.set()
    assert await staying is None
