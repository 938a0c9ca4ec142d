"""Where the backtests of users find recorded chains."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from forward_factor.services.ports.history import ChainHistory
from forward_factor.services.ports.series import SeriesReader
from forward_factor.services.ports.transactions import Transactions


class BacktestStore(Transactions, Protocol):
    """A store with recorded chains."""

    def history(self, provider: str | None = None) -> ChainHistory:
        """Return the recorded chains, of one provider if it is named."""

    @property
    def series(self) -> SeriesReader:
        """Return the recorded time series."""


class OpenStore(Protocol):
    """Opens a store; what is opened belongs to the event loop that opened it."""

    def __call__(self) -> AbstractAsyncContextManager[BacktestStore]:
        """Return a store, closed again on leaving."""
