"""Asynchronous work from synchronous code, be there an event loop already, as in Jupyter, or none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def wait_for(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Return what ``work`` comes to; inside a running loop it gets a thread and a loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    with ThreadPoolExecutor(1, "forward-factor") as pool:
        return pool.submit(lambda: asyncio.run(work())).result()
