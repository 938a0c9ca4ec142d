"""From a surface to a vendor's chain: prices, the quotes around them, and what the vendor makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from pyvolr import black76

from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.chain import Contracts
from forward_factor.providers.simulated.board import Board
from forward_factor.providers.simulated.surface import smile_total_variance
from forward_factor.providers.simulated.universe import Profile

RATE = 0.04

_COARSE_TICK_CENTS = 5.0
_COARSE_FROM_DOLLARS = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Fair:
    """What contracts are worth, before anyone quotes them.

    ``iv``, ``call_delta`` and ``time_value`` (of the side out of the money) and ``deviations`` from the
    money have one entry a strike; ``price`` has shape (strikes, 2), the call first.
    """

    iv: FloatArray
    call_delta: FloatArray
    time_value: FloatArray
    deviations: FloatArray
    price: FloatArray


def appraise(profile: Profile, board: Board, spot: float, atm: FloatArray) -> Fair:
    """Return fair values by Black-76 on the forward; puts by parity, which so holds exactly.

    Args:
        profile: gives the smile.
        board: the strikes.
        spot: dollars.
        atm: total variance at the money per expiry.

    """
    curve, strike, years = board.curve, board.strike, board.expiries.years
    forward, discount = spot * np.exp(RATE * years)[curve], np.exp(-RATE * years)[curve]
    log_moneyness = np.log(strike / forward)
    iv = np.sqrt(smile_total_variance(profile, atm[curve], log_moneyness) / years[curve])
    call = cast("FloatArray", black76.price("c", forward, strike, years[curve], RATE, iv))
    put = np.maximum(call - discount * (forward - strike), 0.0)
    return Fair(
        iv=iv,
        call_delta=cast("FloatArray", black76.delta("c", forward, strike, years[curve], 0.0, iv)),
        time_value=np.minimum(call, put),
        deviations=np.abs(log_moneyness) / np.sqrt(atm)[curve],
        price=np.stack((call, put), axis=1),
    )


def quote(profile: Profile, board: Board, spot: float, atm: FloatArray, elapsed: float) -> Contracts:
    """Return the chain as a vendor sends it.

    Args:
        profile: gives spread and tick.
        board: the contracts.
        spot: dollars.
        atm: total variance at the money per expiry.
        elapsed: share of the session that is over; volume grows with it.

    """
    fair = appraise(profile, board, spot, atm)
    bid, ask = _quotes_around(profile, fair, _half_spread(profile, board, spot, atm, fair))
    volume = np.floor(board.volume * elapsed)
    crossed = board.dirt.crossed
    bid[crossed], ask[crossed] = ask[crossed], bid[crossed]
    return Contracts(
        expiry=board.contract_expiry,
        strike=board.contract_strike,
        is_call=board.is_call,
        bid=bid,
        ask=ask,
        last=_last(board, bid, ask, volume > 0.0),
        volume=volume,
        open_interest=board.open_interest,
        iv=_without(np.repeat(np.round(fair.iv, 4), 2), board.dirt.without_iv),
        delta=_without(_deltas(fair.call_delta), board.dirt.without_iv),
    )


def _half_spread(profile: Profile, board: Board, spot: float, atm: FloatArray, fair: Fair) -> FloatArray:
    """Wider in dollars at the money and deep in it, wider as a share of the price in the wings."""
    at_the_money = (0.1 * spot * np.sqrt(atm) * (1.0 + 0.4 * np.sqrt(board.expiries.years)))[board.curve]
    basis = fair.time_value + at_the_money * (1.0 + 0.25 * fair.deviations)
    intrinsic = fair.price - fair.time_value[:, None]
    return np.asarray(0.5 * profile.spread_share * (basis[:, None] + 0.02 * intrinsic))


def _quotes_around(profile: Profile, fair: Fair, half_spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bid and ask in whole ticks around the fair price, flat; a bid below one tick is no bid."""
    price, half_spread = fair.price.ravel(), half_spread.ravel()
    bid, bid_tick = _in_ticks(profile, price - half_spread)
    ask, ask_tick = _in_ticks(profile, price + half_spread)
    return np.maximum(np.floor(bid), 0.0) * bid_tick / 100.0, np.ceil(ask) * ask_tick / 100.0


def _in_ticks(profile: Profile, price: FloatArray) -> tuple[FloatArray, FloatArray | float]:
    """Return prices in ticks, and the ticks in cents; in whole cents a price is the nearest float to it."""
    if profile.has_penny_ticks:
        return price * 100.0, 1.0
    tick_cents = np.where(price < _COARSE_FROM_DOLLARS, 1.0, _COARSE_TICK_CENTS)
    return price * (100.0 / tick_cents), tick_cents


def _last(board: Board, bid: FloatArray, ask: FloatArray, has_traded: BoolArray) -> FloatArray:
    last = np.maximum(np.round(bid + board.last_place * (ask - bid), 2), 0.01)
    return _without(np.where(has_traded, last, np.nan), board.dirt.without_last)


def _deltas(call_delta: FloatArray) -> FloatArray:
    return np.round(np.stack((call_delta, call_delta - 1.0), axis=1).ravel(), 4)


def _without(values: FloatArray, rows: IntArray) -> FloatArray:
    values[rows] = np.nan
    return values
