"""What is wrong with a chain that could be read: said once, in one line, beside the reasons of its candidates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from forward_factor.core.chain import Chain, Contracts
from forward_factor.core.quotes import usable_quotes

FAULTY_SHARE = 0.05
"""Real closing chains hold a few crossed quotes among hundreds; more than one in twenty is a broken feed."""
FEW = 2
STRIKES_REACH = 2.0
"""Exchanges list strikes around the price; a spot twice as high as any is of another unit, or before a split."""
DELIBERATE_REJECTIONS = frozenset({"non_standard_deliverable"})


def describe_damage(chain: Chain, horizon_days: int) -> str | None:
    """Return what is wrong with ``chain``, None for nothing that a healthy feed does not show too."""
    contracts = chain.contracts
    dte = (contracts.expiry - np.datetime64(chain.new_york_date, "D")).astype(np.int64)
    live = contracts.take(np.flatnonzero((dte >= 1) & (dte <= horizon_days)))
    faults = [f"{one.rows} rows {one.reason}" for one in chain.rejected if one.reason not in DELIBERATE_REJECTIONS]
    if len(live):
        faults += [*_price_faults(chain.spot, live), *_quote_faults(live)]
    else:
        faults.append(f"no contract expires 1 to {horizon_days} days ahead")
    return "; ".join(faults) or None


def _price_faults(spot: float, live: Contracts) -> Iterator[str]:
    lowest, highest = live.strike.min(), live.strike.max()
    if not lowest / STRIKES_REACH <= spot <= highest * STRIKES_REACH:
        yield f"the spot {spot:g} is far from all strikes ({lowest:g} to {highest:g})"
    absurd = int((live.bid > STRIKES_REACH * np.maximum(spot, live.strike)).sum())
    if _is_many(absurd, live):
        yield f"{absurd} of {len(live)} contracts are bid at more than twice spot and strike"


def _quote_faults(live: Contracts) -> Iterator[str]:
    if not usable_quotes(live).any():
        yield f"none of {len(live)} contracts has a usable quote (0 < bid <= ask)"
    negative = int(((live.bid < 0.0) | (live.ask < 0.0)).sum())
    if negative:
        yield f"{negative} of {len(live)} contracts have a negative quote"
    crossed = int((live.bid > live.ask).sum())
    if _is_many(crossed, live):
        yield f"{crossed} of {len(live)} contracts are crossed (bid above ask)"


def _is_many(faulty: int, live: Contracts) -> bool:
    return faulty > max(FEW, FAULTY_SHARE * len(live))
