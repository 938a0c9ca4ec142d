"""Whether a standing quote can be believed: no arbitrage against spot or its neighbours on the strike ladder.

What a stale print looks like: a vertical spread that pays whatever happens, or an option below its intrinsic value.
"""

from __future__ import annotations

from dataclasses import dataclass

from forward_factor.core.ticket import Quote

SPOT_TOLERANCE = 0.005
"""Spot and option quotes may be some minutes apart; recorded chains have parity up to 0.2 % off spot."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A contract's quote with the standing quotes of the nearest lower and higher strike; None where there is none.

    Attributes:
        volume, open_interest: contracts; NaN where unknown.

    """

    strike: float
    is_call: bool
    quote: Quote
    lower: Quote | None
    higher: Quote | None
    volume: float
    open_interest: float


def intrinsic_value(strike: float, spot: float, *, is_call: bool) -> float:
    """Return what exercise would pay, dollars a share."""
    return max(spot - strike, 0.0) if is_call else max(strike - spot, 0.0)


def is_sound(rung: Rung, spot: float) -> bool:
    """Return whether a quote lies within the bounds of spot and neighbours."""
    tolerance = SPOT_TOLERANCE * spot
    least = intrinsic_value(rung.strike, spot, is_call=rung.is_call) - tolerance
    most = (spot if rung.is_call else rung.strike) + tolerance
    return rung.quote.ask >= least and rung.quote.bid <= most and _keeps_order(rung)


def _keeps_order(rung: Rung) -> bool:
    """Return whether calls get cheaper with the strike, and puts dearer."""
    dearer, cheaper = (rung.lower, rung.higher) if rung.is_call else (rung.higher, rung.lower)
    below_dearer = dearer is None or rung.quote.bid <= dearer.ask
    above_cheaper = cheaper is None or rung.quote.ask >= cheaper.bid
    return below_dearer and above_cheaper
