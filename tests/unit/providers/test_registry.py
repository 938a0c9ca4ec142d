"""Providers by name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import InvalidInput, InvalidSettings, NotOffered
from forward_factor.providers.registry import ProviderSettings, open_events, open_market_data
from forward_factor.services.ports.events import EventKind
from forward_factor.services.ports.market_data import Ability

CLOCK = FixedClock(datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
SETTINGS = ProviderSettings("https://api.massive.com", "https://cdn.cboe.com", polygon_api_key="key")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "abilities"), [("polygon", set(Ability)), ("simulated", set(Ability)), ("cboe", {Ability.PRICES})]
)
async def test_market_data_says_what_it_can_do(name: str, abilities: set[Ability]) -> None:
    async with open_market_data(name, SETTINGS, CLOCK) as data:
        assert (data.name, set(data.abilities)) == (name, abilities)


def test_files_have_no_market_data() -> None:
    with pytest.raises(NotOffered, match="provider files has no market data"):
        open_market_data("files", SETTINGS, CLOCK)


def test_an_unknown_provider_is_said() -> None:
    with pytest.raises(InvalidInput, match="no provider 'nobody'"):
        open_market_data("nobody", SETTINGS, CLOCK)


@pytest.mark.asyncio
async def test_polygon_needs_a_key() -> None:
    with pytest.raises(InvalidSettings, match="POLYGON_API_KEY"):
        async with open_market_data("polygon", ProviderSettings("https://a", "https://b"), CLOCK):
            pass


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["polygon", "simulated"])
async def test_events_are_of_all_kinds(name: str) -> None:
    async with open_events(name, SETTINGS, CLOCK) as events:
        assert (events.name, set(events.abilities)) == (name, set(EventKind))


def test_who_has_no_events_is_said() -> None:
    with pytest.raises(NotOffered, match="provider cboe has no events: use one of polygon, simulated"):
        open_events("cboe", SETTINGS, CLOCK)
    with pytest.raises(InvalidInput, match="no provider 'nobody'"):
        open_events("nobody", SETTINGS, CLOCK)
