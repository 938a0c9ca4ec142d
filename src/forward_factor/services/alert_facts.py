"""What an alert says, from the candidates it is about."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.alerting import Hits
from forward_factor.core.messages import AlertFacts
from forward_factor.core.reasons import flags_in
from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.scan import ScanBatch
from forward_factor.core.structure import structure_at


def alert_facts(
    batch: ScanBatch,
    hits: Hits,
    hit: int,
    settings: AccountSettings,
    signal_id: str,
    *,
    is_discovery: bool,
) -> AlertFacts:
    """Return the facts of one hit for users of ``settings``; of a double calendar those of its weaker half."""
    row, chain = int(hits.row[hit]), batch.chains[int(hits.chain[hit])]
    found, curves = batch.candidates, batch.structures.curves
    front, back = found.front[row], found.back[row]
    vol_point = VOL_POINTS[found.point[row]].value
    announced = found.earnings_on[row]
    return AlertFacts(
        signal_id=signal_id,
        ticker=chain.ticker,
        as_of=chain.as_of,
        provider=chain.provider,
        pair=batch.rules.pairs[int(hits.pair[hit])].name,
        vol_point=vol_point,
        structure=structure_at(settings.structure, vol_point),
        front_expiry=curves.expiry[front].item(),
        back_expiry=curves.expiry[back].item(),
        front_dte=int(curves.dte[front]),
        back_dte=int(curves.dte[back]),
        front_iv=float(found.front_iv[row]),
        back_iv=float(found.back_iv[row]),
        sigma_fwd=float(found.sigma_fwd[row]),
        ff=float(found.ff[row]),
        ff_low=_known(found.ff_low, row),
        ff_high=_known(found.ff_high, row),
        ff_ex_earnings=_known(found.ff_ex, row),
        by_ex_earnings=bool(hits.by_ex_earnings[hit]),
        bid_ask_pct=_known(found.spread_pct, row),
        open_interest=_known(found.open_interest, row),
        volume=_known(found.volume, row),
        quality_score=_known(found.quality, row),
        underlying_price=chain.spot,
        earnings_on=None if np.isnat(announced) else announced.item(),
        flags=tuple(str(flag) for flag in flags_in(int(found.flags[row]))),
        is_discovery=is_discovery,
        scans=settings.stability_scans,
    )


def _known(values: Sequence[float] | np.ndarray, row: int) -> float | None:
    value = float(values[row])
    return value if isfinite(value) else None
