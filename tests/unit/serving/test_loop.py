"""Services are kept going whatever happens, and what happens is told without drawing whole chains."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
import structlog

from forward_factor.errors import StoreUnavailable
from forward_factor.serving.loop import Patience, keep_doing, outcome, tell_of

QUICK = Patience(first_s=0.01, longest_s=0.04, healthy_s=0.5)


class Steps:
    """Does what it is told, step by step, then stops the loop."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.times: list[float] = []
        self.stop = asyncio.Event()

    async def __call__(self) -> None:
        self.times.append(time.monotonic())
        fault = self.outcomes.pop(0)
        if not self.outcomes:
            self.stop.set()
        if fault is not None:
            raise fault

    @property
    def pauses(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


async def test_a_step_is_done_at_its_pace() -> None:
    steps = Steps(None, None, None)
    await keep_doing("steps", steps, steps.stop, 0.05, QUICK)
    assert steps.pauses == pytest.approx([0.05, 0.05], abs=0.04)


async def test_after_a_fault_it_is_done_again_ever_later() -> None:
    steps = Steps(*(ZeroDivisionError() for _ in range(4)), StoreUnavailable("away"), None)
    with structlog.testing.capture_logs() as told:
        await keep_doing("steps", steps, steps.stop, 10.0, QUICK)
    waits = [one["again_in_s"] for one in told]
    assert waits == [0.01, 0.02, 0.04, 0.04, 0.04]
    assert all(pause >= wait for pause, wait in zip(steps.pauses, waits, strict=True))


async def test_a_step_that_went_well_makes_it_patient_anew() -> None:
    steps = Steps(StoreUnavailable("away"), StoreUnavailable("away"), None, StoreUnavailable("away"), None)
    with structlog.testing.capture_logs() as told:
        await keep_doing("steps", steps, steps.stop, 0.01, QUICK)
    assert [one["again_in_s"] for one in told] == [0.01, 0.02, 0.01]


async def test_it_ends_at_once_when_it_is_told_to() -> None:
    steps = Steps(None, None)
    began = time.monotonic()
    loop = asyncio.create_task(keep_doing("steps", steps, steps.stop, 60.0, QUICK))
    await asyncio.sleep(0.05)
    steps.stop.set()
    await asyncio.wait_for(loop, 5)
    assert time.monotonic() - began < 5


async def test_being_cancelled_is_no_fault() -> None:
    loop = asyncio.create_task(keep_doing("waiting", asyncio.Event().wait, asyncio.Event(), 1.0, QUICK))
    await asyncio.sleep(0.01)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


async def test_an_outcome_is_the_result_or_the_fault() -> None:
    async def fail() -> None:
        raise KeyError("x")

    async def work() -> int:
        return 7

    assert await outcome(work()) == 7
    assert isinstance(await outcome(fail()), KeyError)


def test_what_was_expected_is_told_in_one_line_the_rest_with_its_story() -> None:
    def fail() -> None:
        chain = np.arange(1_000_000.0)
        raise ZeroDivisionError(f"of {len(chain)}")

    with structlog.testing.capture_logs() as told:
        tell_of(StoreUnavailable("gone"), "failed", tickers=["A"])
        with pytest.raises(ZeroDivisionError) as caught:
            fail()
        tell_of(caught.value, "failed")
    expected, unforeseen = told
    assert expected == {
        "event": "failed", "log_level": "warning", "reason": "store_unavailable", "error": "gone", "tickers": ["A"],
    }  # fmt: skip
    assert "in fail" in unforeseen["trace"]
    assert len(unforeseen["trace"]) < 5_000
