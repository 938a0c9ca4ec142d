"""Quotes as plain columns, those of chain files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np

from forward_factor.core.chain import Chain, Contracts

_NUMBERS = ("strike", "bid", "ask", "last", "volume", "open_interest", "iv", "delta")


def tabulate_quotes(chains: Sequence[Chain]) -> dict[str, Sequence[Any]]:
    """Return the contracts of all ``chains``, in their order; ``as_of`` is ``datetime64[us]`` in UTC, missing NaN."""
    counts = [len(chain.contracts) for chain in chains]
    contracts = Contracts.concatenate([chain.contracts for chain in chains] or [Contracts.empty()])
    instants = [chain.as_of.astimezone(UTC).replace(tzinfo=None) for chain in chains]
    columns: dict[str, Any] = {
        "as_of": np.repeat(np.array(instants, "datetime64[us]"), counts),
        "ticker": np.repeat(np.array([chain.ticker for chain in chains], np.object_), counts),
        "spot": np.repeat(np.array([chain.spot for chain in chains], np.float64), counts),
        "expiry": contracts.expiry,
        "right": np.where(contracts.is_call, "C", "P"),
    }
    return columns | {name: getattr(contracts, name) for name in _NUMBERS}
