"""Where option chains come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from forward_factor.core.chain import Chain
from forward_factor.errors import ForwardFactorError


@dataclass(frozen=True, slots=True)
class ChainFailure:
    """A chain that could not be had: what was asked for, and why not.

    Attributes:
        source: the ticker, or the file with its snapshot, as a person would name it.

    """

    source: str
    error: ForwardFactorError


class ChainProvider(Protocol):
    """Gives option chains, one underlying and instant at a time."""

    @property
    def name(self) -> str:
        """Return the provider's name as it is stored beside each snapshot."""

    def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the chain of every ticker, or why there is none; no tickers means all the provider knows.

        A failure of one ticker never ends the others. Chains come in the order the provider has them.
        """
