"""Term structures as plain columns, for the store and for people."""

from __future__ import annotations

from forward_factor.core.reasons import flags_in
from forward_factor.core.scan import ScanBatch
from forward_factor.services.candidate_table import Columns, decoded, known

POINT_NAMES = ("atm_iv", "put_35d_iv", "call_35d_iv")
"""In the order of ``core.rules.VOL_POINTS``."""


def tabulate_structures(batch: ScanBatch) -> Columns:
    """Return one row an expiry of every snapshot; vols are decimals, missing ones None."""
    curves, points = batch.structures.curves, batch.structures.points
    owners = [batch.chains[place] for place in curves.chain]
    columns: Columns = {
        "ticker": [owner.ticker for owner in owners],
        "as_of": [owner.as_of for owner in owners],
        "provider": [owner.provider for owner in owners],
        "expiry": curves.expiry.tolist(),
        "dte": curves.dte.tolist(),
        "forward": batch.structures.forwards.price.tolist(),
        "flags": decoded(batch.structures.flags, flags_in),
    }
    for point, name in enumerate(POINT_NAMES):
        columns[name] = known(points.mid[:, point])
        columns[f"{name}_bid"] = known(points.bid[:, point])
        columns[f"{name}_ask"] = known(points.ask[:, point])
    return columns
