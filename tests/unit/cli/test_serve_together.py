"""Services of one process: they end together, and whatever fails is told once."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from typing import Any

import pytest

from forward_factor.cli import serve
from forward_factor.cli.serve import Serve, Service, serve_together
from forward_factor.errors import InvalidSettings

TWO = (Service.WORKER, Service.DISCOVERY)


@dataclass(frozen=True)
class Place:
    """Gives a service made for the test."""

    service: Serve

    def load(self) -> Serve:
        return self.service


def placed(monkeypatch: pytest.MonkeyPatch, *services: Serve) -> None:
    monkeypatch.setattr(serve, "PLACES", dict(zip(TWO, map(Place, services), strict=True)))


async def until_stopped(_application: Any, stop: asyncio.Event) -> None:
    await stop.wait()


async def fail(_application: Any, _stop: asyncio.Event) -> None:
    raise InvalidSettings("no key")


@pytest.fixture
async def told() -> list[dict[str, Any]]:
    """What asyncio has to tell by itself."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: found.append(context))
    return found


async def together(stop: asyncio.Event) -> None:
    await serve_together(None, TWO, stop)  # type: ignore[arg-type]


async def test_they_end_when_they_are_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    placed(monkeypatch, until_stopped, until_stopped)
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    await together(stop)


async def test_one_that_fails_stops_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    placed(monkeypatch, until_stopped, fail)
    stop = asyncio.Event()
    with pytest.raises(InvalidSettings):
        await together(stop)
    assert stop.is_set()


async def test_two_that_fail_at_once_are_told_of_once(
    monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    placed(monkeypatch, fail, fail)
    with pytest.raises(InvalidSettings):
        await together(asyncio.Event())
    gc.collect()
    assert told == []


async def test_one_that_does_not_end_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def deaf(_application: Any, _stop: asyncio.Event) -> None:
        await asyncio.sleep(600)

    monkeypatch.setattr(serve, "ENDS_WITHIN_S", 0.05)
    placed(monkeypatch, deaf, until_stopped)
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(together(stop), 5)
