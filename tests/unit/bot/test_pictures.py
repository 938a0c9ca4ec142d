"""Pictures of term structures: always a picture, whatever is missing, and drawn by many threads at once."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.bot.pictures import draw_term_structure
from forward_factor.services.explain_ticker import Explanation
from forward_factor.services.views import CandidateView, ExpiryView

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
PAIR = CandidateView(
    ticker="DEAR", as_of=NOW, provider="files", pair="30/60", vol_point="ATM", front_expiry=date(2026, 7, 2),
    back_expiry=date(2026, 7, 31), front_dte=31, back_dte=60, front_iv=0.45, back_iv=0.35, sigma_fwd=0.2062, ff=1.18,
    ff_low=1.1, ff_high=1.25, front_iv_ex_earnings=None, back_iv_ex_earnings=None, ff_ex_earnings=None,
    earnings_on=None, bid_ask_pct=0.02, open_interest=500.0, volume=50.0, quality_score=0.9, reasons=(), flags=(),
    is_signal=True,
)  # fmt: skip


def expiry(dte: int, mid: float | None, bid: float | None, ask: float | None) -> ExpiryView:
    return ExpiryView(
        expiry=NOW.date() + timedelta(days=dte), dte=dte, forward=100.0, atm_iv=mid, atm_iv_bid=bid, atm_iv_ask=ask,
        flags=(),
    )  # fmt: skip


WHOLE = [expiry(7, 0.5, 0.48, 0.52), expiry(31, 0.45, 0.44, 0.46), expiry(60, 0.35, 0.34, 0.36)]


@pytest.mark.parametrize(
    ("expiries", "pair"),
    [
        (WHOLE, PAIR),
        ([], None),
        ([expiry(7, None, None, None)], PAIR),
        ([expiry(7, 0.5, None, 0.52), expiry(31, 0.45, 0.47, 0.43)], replace(PAIR, sigma_fwd=None)),
        (WHOLE, replace(PAIR, front_iv=None, back_iv=None, ff=None, pair=r"$\frac$")),
    ],
    ids=["whole", "nothing", "no-vols", "one-sided", "odd"],
)
def test_there_is_always_a_picture(expiries: list[ExpiryView], pair: CandidateView | None) -> None:
    picture = draw_term_structure(Explanation("^D$EAR$", NOW, "files", [], expiries), pair)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (960, 600)


def test_threads_draw_the_same_at_once() -> None:
    found = Explanation("DEAR", NOW, "files", [], WHOLE)
    with ThreadPoolExecutor(4) as pool:
        pictures = set(pool.map(lambda _: draw_term_structure(found, PAIR), range(8)))
    assert len(pictures) == 1
