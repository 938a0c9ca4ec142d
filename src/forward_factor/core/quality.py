"""One number from 0 to 1 that says how much a candidate's forward factor can be trusted."""

from __future__ import annotations

import numpy as np

from forward_factor.core.arrays import FloatArray, IntArray

FLAG_PENALTY = 0.8
WORST_SPREAD = 0.16
DEEP_OPEN_INTEREST = 1000.0
DEEP_VOLUME = 100.0


def quality_scores(
    spread_pct: FloatArray,
    open_interest: FloatArray,
    volume: FloatArray,
    ff_width: FloatArray,
    flag_count: IntArray,
) -> FloatArray:
    """Return ``(q_spread q_oi q_volume q_width)^(1/4) * 0.8^flags``.

    - ``q_spread = 1 - min(spread / 16 %, 1)``, the spread the widest of both legs' contracts;
    - ``q_oi = min(ln(1 + oi) / ln(1 + 1000), 1)`` and ``q_volume = min(ln(1 + volume) / ln(1 + 100), 1)``, the smallest
      of both legs' contracts;
    - ``q_width = 1 / (1 + ff_high - ff_low)``.

    A number that is missing counts as the worst, so it makes the score 0.
    """
    with np.errstate(invalid="ignore"):
        parts = np.stack([
            1.0 - np.minimum(spread_pct / WORST_SPREAD, 1.0),
            np.minimum(np.log1p(np.maximum(open_interest, 0.0)) / np.log1p(DEEP_OPEN_INTEREST), 1.0),
            np.minimum(np.log1p(np.maximum(volume, 0.0)) / np.log1p(DEEP_VOLUME), 1.0),
            1.0 / (1.0 + np.maximum(ff_width, 0.0)),
        ])  # fmt: skip
    product: FloatArray = np.prod(np.nan_to_num(parts, nan=0.0), axis=0)
    score: FloatArray = product**0.25 * FLAG_PENALTY**flag_count
    return score
