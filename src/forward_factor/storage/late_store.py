"""A store that is opened when it is first asked for, and asked again until it opens: services outlive its absence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from forward_factor.errors import StorageError
from forward_factor.storage.store import Store


class LateStore:
    """Opens a store once, however many ask for it; while it cannot be opened, all who wait hear of one attempt.

    A store that was opened and went away comes back by itself: its pool looks at every connection before it gives it.
    """

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Store]]) -> None:
        self._opening = opening
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._store: Store | None = None
        self._attempts = 0
        self._fault: StorageError | None = None

    async def open(self) -> Store:
        """Return the store.

        Raises:
            StoreUnavailable, SchemaMismatch: it cannot be opened now; it is tried again for the next who asks.

        """
        if self._store is not None:
            return self._store
        attempts = self._attempts
        async with self._lock:
            if self._store is None and attempts == self._attempts:
                await self._try()
            return self._opened()

    async def close(self) -> None:
        """Close the store if it is open."""
        await self._stack.aclose()
        self._store = None

    def _opened(self) -> Store:
        if self._store is None:
            raise type(self._fault)(str(self._fault)) if self._fault else StorageError("the store is closed")
        return self._store

    async def _try(self) -> None:
        try:
            self._store = await self._stack.enter_async_context(self._opening())
        except StorageError as fault:
            self._fault = fault
        finally:
            self._attempts += 1
