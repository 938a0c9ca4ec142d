"""Charts of a signal, as ECharts takes them: the forward between the two expiries, gaps where nothing is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.rules import ScanRules
from forward_factor.server.web.palette import DARK, LIGHT
from forward_factor.server.web.signals.charts import ff_history, pay_off, term_structure
from forward_factor.server.web.signals.gate_words import gate_rows, plain_gates
from forward_factor.services.record_views import SeriesPoint
from forward_factor.services.views import CandidateView, ExpiryView
from forward_factor.services.weigh_gates import weigh_gates
from tests.unit.server.test_signal_rows import SIGNAL

EXPIRIES = [
    ExpiryView(
        expiry=date(2026, 6, 1) + timedelta(days=dte),
        dte=dte,
        forward=100.0,
        atm_iv=vol,
        atm_iv_bid=vol and vol - 0.01,
        atm_iv_ask=vol and vol + 0.01,
        put_35d_iv=vol and vol + 0.02,
        put_35d_iv_bid=vol and vol + 0.01,
        put_35d_iv_ask=vol and vol + 0.03,
    )
    for dte, vol in ((30, 0.45), (45, None), (60, 0.35))
]
FOUND = CandidateView(
    ticker="DEAR",
    as_of=SIGNAL.as_of,
    provider="files",
    pair="30/60",
    vol_point="ATM",
    front_expiry=date(2026, 7, 1),
    back_expiry=date(2026, 7, 31),
    front_dte=30,
    back_dte=60,
    front_iv=0.45,
    back_iv=0.35,
    sigma_fwd=0.2,
    ff=1.183,
    ff_low=None,
    ff_high=None,
    front_iv_ex_earnings=None,
    back_iv_ex_earnings=None,
    ff_ex_earnings=None,
    earnings_on=None,
    bid_ask_pct=0.09,
    open_interest=200.0,
    volume=None,
    quality_score=0.5,
    reasons=(),
    flags=("vendor_iv",),
    is_signal=True,
)


def named(options: object) -> dict[str, list[list[float | None]]]:
    series = json.loads(json.dumps(options))["series"]
    return {one["name"]: one["data"] for one in series}


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_forward_lies_between_front_and_back(palette: object) -> None:
    lines = named(term_structure(SIGNAL, EXPIRIES, palette))  # type: ignore[arg-type]
    days = [datetime.fromtimestamp((at or 0) / 1000, UTC).date() for at, _ in lines["Forward vol"]]
    assert days == [SIGNAL.front_expiry, SIGNAL.back_expiry]
    assert [vol for _, vol in lines["Forward vol"]] == [20.62, 20.62]
    assert [vol for _, vol in lines["35Δ put"]] == [47.0, None, 37.0]
    assert [vol for _, vol in lines["ATM"]] == [45.0, None, 35.0]
    assert [vol for _, vol in lines["Bid to ask"]] == [2.0, 2.0]
    at_the_money = named(term_structure(replace(SIGNAL, vol_point=None, front_expiry=None), EXPIRIES, LIGHT))
    assert {"ATM", "bid", "Bid to ask"} == at_the_money.keys()


def test_history_marks_the_signal() -> None:
    point = SeriesPoint(
        as_of=SIGNAL.as_of,
        provider="files",
        ff=0.3,
        ff_low=None,
        ff_high=None,
        ff_ex_earnings=0.3,
        front_iv=0.4,
        back_iv=0.3,
        sigma_fwd=0.2,
        is_signal=True,
    )
    assert named(ff_history(SIGNAL, [point], 0.2, LIGHT)).keys() == {"FF", "This signal"}
    lines = named(ff_history(SIGNAL, [point, replace(point, ff_ex_earnings=0.1)], 0.2, LIGHT))
    assert lines["FF without earnings"][1][1] == 0.1
    assert lines["This signal"] == [[SIGNAL.as_of.timestamp() * 1000, 1.183]]


def test_a_pay_off_is_of_a_contract() -> None:
    (points,) = named(pay_off(np.array([90.0, 100.0]), np.array([-1.5, 2.25]), 95.0, LIGHT)).values()
    assert points == [[90.0, -150.0], [100.0, 225.0]]


def test_gates_beside_their_limits() -> None:
    own = AccountSettings(max_bid_ask_pct=0.1)
    gates = {one.reason.value: one for one in weigh_gates(FOUND, ScanRules(), own)}
    assert (gates["wide_spread"].is_passed, gates["wide_spread"].is_own_passed) == (False, True)
    assert (gates["low_volume"].is_passed, gates["ff_below_threshold"].is_passed) == (False, True)
    rows = {one["gate"]: one for one in gate_rows(tuple(gates.values()))}
    spread = rows["Widest bid–ask spread"]
    assert (spread["value"], spread["limit"], spread["own_limit"]) == ("9.0 %", "≤ 8.0 % ✗ fails", "≤ 10.0 % ✓")
    without_rules = gate_rows(weigh_gates(FOUND, None, own))
    assert [one["limit"] for one in without_rules if one["gate"] == "Forward factor"] == ["–"]


def test_a_limit_that_is_met_to_the_cent_is_met() -> None:
    exactly = replace(FOUND, bid_ask_pct=0.08000000000000007, open_interest=100.0)
    gates = {one.reason.value: one for one in weigh_gates(exactly, ScanRules(), AccountSettings())}
    assert gates["wide_spread"].is_passed
    assert gates["low_open_interest"].is_passed


def test_what_has_no_number_in_words() -> None:
    said = plain_gates(replace(FOUND, reasons=("crossed_quotes",), earnings_on=date(2026, 7, 9)))
    assert said == [
        "Quotes: a bid stands above its ask.",
        "Earnings on 2026-07-09 lie before the back expiry.",
        "The vendor's vols were used in place of quotes.",
    ]
    assert plain_gates(FOUND)[1] == "Earnings: no announcement is known before the back expiry."
