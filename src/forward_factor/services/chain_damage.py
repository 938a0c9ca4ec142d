"""What is wrong with a chain that could be read: said once, in one line, beside the reasons of its candidates."""

from __future__ import annotations

import numpy as np

from forward_factor.core.chain import Chain
from forward_factor.core.quotes import usable_quotes

CROSSED_SHARE = 0.05
"""Real closing chains hold a few crossed quotes among hundreds; more than one in twenty is a broken feed."""
FEW_CROSSED = 2
DELIBERATE_REJECTIONS = frozenset({"non_standard_deliverable"})


def describe_damage(chain: Chain, horizon_days: int) -> str | None:
    """Return what is wrong with ``chain``, None for nothing that a healthy feed does not show too."""
    contracts = chain.contracts
    dte = (contracts.expiry - np.datetime64(chain.new_york_date, "D")).astype(np.int64)
    live = contracts.take(np.flatnonzero((dte >= 1) & (dte <= horizon_days)))
    faults = [f"{one.rows} rows {one.reason}" for one in chain.rejected if one.reason not in DELIBERATE_REJECTIONS]
    if not len(live):
        faults.append(f"no contract expires 1 to {horizon_days} days ahead")
    elif not usable_quotes(live).any():
        faults.append(f"none of {len(live)} contracts has a usable quote (0 < bid <= ask)")
    negative = int(((live.bid < 0.0) | (live.ask < 0.0)).sum())
    if negative:
        faults.append(f"{negative} of {len(live)} contracts have a negative quote")
    crossed = int((live.bid > live.ask).sum())
    if crossed > max(FEW_CROSSED, CROSSED_SHARE * len(live)):
        faults.append(f"{crossed} of {len(live)} contracts are crossed (bid above ask)")
    return "; ".join(faults) or None
