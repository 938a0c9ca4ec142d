"""``scan --json``: one object a ticker and instant, full precision, missing numbers null."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forward_factor.core.reasons import flags_in
from forward_factor.core.rules import SHORTEST_HORIZON_DAYS, VOL_POINTS
from forward_factor.core.scan import ScanBatch
from forward_factor.services.candidate_table import known, view_candidates
from forward_factor.services.views import CandidateView

CANDIDATE_FIELDS = (
    "pair", "vol_point", "front_expiry", "back_expiry", "front_dte", "back_dte", "front_iv", "back_iv", "sigma_fwd",
    "ff", "ff_low", "ff_high", "quality_score", "reasons", "flags", "is_signal",
    "front_iv_ex_earnings", "back_iv_ex_earnings", "ff_ex_earnings", "earnings_on",
    "bid_ask_pct", "open_interest", "volume",
)  # fmt: skip


def scan_lines(batch: ScanBatch) -> Iterator[dict[str, Any]]:
    """Yield the line of every chain, in their order."""
    candidates = view_candidates(batch)
    for place, chain in enumerate(batch.chains):
        yield {
            "ticker": chain.ticker,
            "as_of": chain.as_of,
            "spot": chain.spot,
            "provider": chain.provider,
            "contracts": len(chain.contracts),
            "rejected_rows": chain.rejected_rows,
            "expiries": list(_expiries(batch, place)),
            "candidates": [_candidate(candidates[one]) for one in batch.candidates_of(place)],
        }


def _expiries(batch: ScanBatch, chain: int) -> Iterator[dict[str, Any]]:
    structures = batch.structures
    own = structures.curves_of(chain)
    points = structures.points
    for curve in range(own.start, own.stop):
        if structures.curves.dte[curve] > SHORTEST_HORIZON_DAYS:
            continue
        mid, bid, ask = known(points.mid[curve]), known(points.bid[curve]), known(points.ask[curve])
        yield {
            "expiry": structures.curves.expiry[curve].item(),
            "dte": int(structures.curves.dte[curve]),
            "forward": float(structures.forwards.price[curve]),
            "flags": flags_in(int(structures.flags[curve])),
            "iv": {
                name.value: {"mid": mid[point], "bid": bid[point], "ask": ask[point]}
                for point, name in enumerate(VOL_POINTS)
            },
        }


def _candidate(view: CandidateView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in CANDIDATE_FIELDS}
