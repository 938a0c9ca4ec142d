"""One request a ticker."""

from __future__ import annotations

import asyncio

import pytest

from forward_factor.errors import ForwardFactorError, ProviderRefused, ProviderUnavailable
from forward_factor.providers.each import PATIENCE, ask_each


class Vendor:
    def __init__(self, **errors: ForwardFactorError) -> None:
        self.errors = errors
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0

    async def ask(self, ticker: str) -> int:
        self.asked.append(ticker)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if ticker in self.errors:
            raise self.errors[ticker]
        return len(ticker)


@pytest.mark.asyncio
async def test_what_fails_is_left_out() -> None:
    vendor = Vendor(A=ProviderRefused("no"), B=ProviderUnavailable("later"))
    assert await ask_each(["A", "B", "CC", "CC"], vendor.ask, at_once=2) == {"CC": 2}
    assert vendor.asked == ["A", "B", "CC"]


@pytest.mark.asyncio
async def test_only_some_are_asked_at_once() -> None:
    vendor = Vendor()
    await ask_each([f"T{number}" for number in range(20)], vendor.ask, at_once=3)
    assert vendor.most_at_once == 3


@pytest.mark.asyncio
async def test_if_nothing_can_be_had_the_first_failure_is_said() -> None:
    vendor = Vendor(A=ProviderRefused("first"), B=ProviderRefused("second"))
    with pytest.raises(ProviderRefused, match="first"):
        await ask_each(["A", "B"], vendor.ask, at_once=1)


@pytest.mark.asyncio
async def test_who_is_out_of_reach_is_asked_no_further() -> None:
    tickers = [f"T{number}" for number in range(50)]
    vendor = Vendor(**{ticker: ProviderUnavailable("down") for ticker in tickers[1:]})
    assert await ask_each(tickers, vendor.ask, at_once=1) == {"T0": 2}
    assert len(vendor.asked) == 1 + PATIENCE


@pytest.mark.asyncio
async def test_nobody_is_nothing() -> None:
    assert await ask_each([], Vendor().ask, at_once=1) == {}
