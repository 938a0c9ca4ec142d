from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

from forward_factor.core.contract_vols import solve_contract_vols
from forward_factor.server.web.palette import LIGHT
from forward_factor.server.web.research_charts import (
    MOST_STRIKES,
    candle_options,
    days_options,
    series_options,
    smile_options,
    structures_options,
    surface_options,
    term_options,
)
from forward_factor.services.chain_views import StructureView
from forward_factor.services.daily_views import PairValues
from forward_factor.services.read_chain import view_expiries
from forward_factor.services.record_views import BarView, SeriesPoint
from forward_factor.services.views import ExpiryView
from tests.chains import AS_OF, priced_chain

STRIKES = [60 + number / 4 for number in range(320)]


def expiry_view(dte: int, atm_iv: float | None) -> ExpiryView:
    return ExpiryView(
        expiry=date(2026, 6, 1) + timedelta(days=dte), dte=dte, forward=100.0,
        atm_iv=atm_iv, atm_iv_bid=None, atm_iv_ask=None,
    )  # fmt: skip


def test_a_smile_is_of_the_side_out_of_the_money_and_bounded() -> None:
    expiries = list(view_expiries(solve_contract_vols(priced_chain({30: 0.45, 60: 0.35}, strikes=STRIKES), 0.04)))
    options = smile_options(expiries, expiries[1], LIGHT)
    first, second, bid, ask = options["series"]
    assert [one["name"] for one in (bid, ask)] == [f"{expiries[1].expiry} bid", f"{expiries[1].expiry} ask"]
    for one, iv in ((first, 45.0), (second, 35.0)):
        assert 50 < len(one["data"]) <= MOST_STRIKES
        assert all(abs(vol - iv) < 0.01 for _, vol in one["data"])
    assert all(low[1] <= high[1] for low, high in zip(bid["data"][20:60], ask["data"][20:60], strict=True))
    assert smile_options([], None, LIGHT)["series"] == []
    json.dumps(options, allow_nan=False)


def test_missing_vols_are_left_out_of_curves_and_maps() -> None:
    expiries = [expiry_view(10, 0.5), expiry_view(30, None), expiry_view(60, 0.3)]
    assert term_options(expiries, LIGHT)["series"][0]["data"] == [[10, 50.0], [60, 30.0]]
    structures = [StructureView(as_of=AS_OF, provider="files", expiries=one) for one in (expiries, [])]
    drawn = surface_options(structures, ["then", "now"], LIGHT)
    assert {cell[0] for cell in drawn["series"][0]["data"]} == {0}
    assert drawn["visualMap"]["min"] < drawn["visualMap"]["max"]
    assert surface_options([], [], LIGHT)["series"][0]["data"] == []
    lines = structures_options(structures, ["then", "now"], LIGHT)["series"]
    assert [one["name"] for one in lines] == ["then", "now"]


def test_series_keep_their_gaps() -> None:
    point = SeriesPoint(
        as_of=AS_OF, provider="files", ff=0.25, ff_low=0.2, ff_high=0.3, ff_ex_earnings=None,
        front_iv=0.45, back_iv=0.35, sigma_fwd=0.3, is_signal=True,
    )  # fmt: skip
    points = [point, replace(point, as_of=AS_OF + timedelta(hours=1), ff=None, sigma_fwd=None)]
    by_name = {one["name"]: one["data"] for one in series_options(points, 0.2, LIGHT)["series"]}
    assert [value for _, value in by_name["FF"]] == [0.25, None]
    assert [value for _, value in by_name["Front vol"]] == [45.0, 45.0]
    assert by_name["FF"][0][0] == AS_OF.timestamp() * 1000


def test_candles_are_open_close_low_high() -> None:
    bars = [BarView(at=AS_OF, open=1.0, high=4.0, low=0.5, close=2.0, volume=10)]
    options = candle_options(bars, ["2026-06-01"], LIGHT)
    assert options["series"][0]["data"] == [[1.0, 2.0, 0.5, 4.0]]
    assert options["xAxis"][0]["data"] == ["2026-06-01"]


def test_days_without_a_number_break_the_line() -> None:
    first = PairValues(on=date(2026, 6, 1), ff=None, front_iv=0.4, bid_ask_pct=None, iv_30d=None)
    options = days_options([first, replace(first, on=date(2026, 6, 2), iv_30d=0.35)], LIGHT)
    assert [one["data"] for one in options["series"]] == [
        [["2026-06-01", None], ["2026-06-02", 35.0]],
        [["2026-06-01", 40.0], ["2026-06-02", 40.0]],
    ]
