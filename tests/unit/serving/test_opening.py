"""The store of a service: waited for while its server is away, refused where its schema is another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from forward_factor.errors import SchemaMismatch, StorageError, StoreUnavailable
from forward_factor.serving import opening
from forward_factor.serving.opening import opened_store


class Application:
    """Gives a store after some faults."""

    def __init__(self, *faults: StorageError) -> None:
        self.faults = list(faults)
        self.is_closed = False

    @asynccontextmanager
    async def store(self) -> AsyncIterator[str]:
        if self.faults:
            raise self.faults.pop(0)
        yield "the store"
        self.is_closed = True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FIRST_WAIT_S", 0.01)


async def test_a_server_that_is_late_is_waited_for() -> None:
    application = Application(StoreUnavailable("starting"), StoreUnavailable("starting"))
    async with opened_store(application, asyncio.Event()) as store:  # type: ignore[arg-type]
        assert str(store) == "the store"
    assert application.is_closed


async def test_waiting_ends_with_the_service() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    application = Application(*(StoreUnavailable("away") for _ in range(100)))
    async with asyncio.timeout(5), opened_store(application, stop) as store:  # type: ignore[arg-type]
        assert store is None


async def test_another_schema_is_refused_at_once() -> None:
    application = Application(SchemaMismatch("run `forward-factor db upgrade`"))
    with pytest.raises(SchemaMismatch):
        async with opened_store(application, asyncio.Event()):  # type: ignore[arg-type]
            pass
