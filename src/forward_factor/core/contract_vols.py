"""Every contract of one chain with its own vols, as a table of quotes or a picture of the smile shows them.

A scan solves out-of-the-money contracts up to its horizon alone; here all of them are, by the same forwards and the
same formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_factor.core import black76
from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import Chain
from forward_factor.core.forward import Forwards, imply_forwards
from forward_factor.core.quotes import QuoteTable, tabulate_quotes

LONGEST_DAYS = 3_660


@dataclass(frozen=True, slots=True, eq=False)
class ContractVols:
    """A chain's quotes with their vols; arrays of one entry a row of ``quotes``.

    Attributes:
        bid, mid, ask: annualised vols, decimal; NaN where the quote is not usable or no vol gives its price.
        delta: of the contract on the forward at the vol of the mid, puts below 0; NaN without that vol.

    """

    quotes: QuoteTable
    forwards: Forwards
    bid: FloatArray
    mid: FloatArray
    ask: FloatArray
    delta: FloatArray


def solve_contract_vols(chain: Chain, rate: float) -> ContractVols:
    """Return the vols of all contracts of ``chain`` that have not expired."""
    quotes = tabulate_quotes([chain], LONGEST_DAYS)
    forwards = imply_forwards(quotes, rate)
    contracts, forward, years = quotes.contracts, forwards.price[quotes.curve], quotes.curves.years[quotes.curve]
    possible = quotes.usable & (forward > 0.0) & (forward < np.inf)

    def solve(price: FloatArray) -> FloatArray:
        vols = np.full(len(contracts), np.nan)
        vols[possible] = black76.implied_vols(
            price[possible], contracts.is_call[possible], forward[possible], contracts.strike[possible],
            years[possible], rate,
        )  # fmt: skip
        return vols

    mid = solve(quotes.mid)
    delta = np.full(len(contracts), np.nan)
    known = np.isfinite(mid)
    sizes = black76.absolute_deltas(
        contracts.is_call[known], forward[known], contracts.strike[known], years[known], mid[known]
    )
    delta[known] = np.where(contracts.is_call[known], sizes, -sizes)
    return ContractVols(quotes, forwards, solve(contracts.bid), mid, solve(contracts.ask), delta)
