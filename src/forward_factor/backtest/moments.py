"""One fresh snapshot as the backtest sees it: what its contracts are quoted at, and nothing later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from forward_factor.backtest.soundness import Rung, is_sound
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.quotes import QuoteTable, listed_rows, standing_rows
from forward_factor.core.scan import ScanBatch
from forward_factor.core.ticket import Quote


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of a trade; ``sign`` is 1 where it was bought and -1 where it was sold."""

    expiry: date
    strike: float
    is_call: bool
    sign: int


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A fresh snapshot, by its place in a scanned batch.

    Attributes:
        day: New York date.
        splits: of its ticker that became effective since the fresh snapshot before.
        has_jumped: its spot moved by more than a third since then, those splits aside.

    """

    batch: ScanBatch
    chain: int
    ticker: str
    at: datetime
    day: date
    spot: float
    splits: Sequence[CorporateAction] = ()
    has_jumped: bool = False

    def lists(self, leg: Leg) -> bool:
        """Return whether the leg's contract is in the chain, whatever it is quoted at; an expired one counts as so."""
        if leg.expiry <= self.day:
            return True
        curve = self._curve(leg.expiry)
        if curve is None:
            return False
        quotes = self.batch.structures.quotes
        rows = listed_rows(quotes, curve, leg.is_call)
        return bool((quotes.contracts.strike[rows] == leg.strike).any())

    def sound_rung(self, leg: Leg) -> Rung | None:
        """Return the leg's place on the strike ladder, None where its quote is not sound."""
        rung = self._rung(leg)
        if rung is None or (leg.sign > 0 and not rung.quote.bid > 0.0):
            return None
        return rung if is_sound(rung, self.spot) else None

    def sound_rungs(self, legs: Iterable[Leg]) -> tuple[Rung, ...] | None:
        """Return the places of the legs of whole calendars, front before back; None unless all are sound."""
        rungs: list[Rung] = []
        for leg in legs:
            rung = self.sound_rung(leg)
            if rung is None:
                return None
            rungs.append(rung)
        calendars = zip(rungs[::2], rungs[1::2], strict=True)
        return tuple(rungs) if all(front.quote.bid <= back.quote.ask for front, back in calendars) else None

    def _rung(self, leg: Leg) -> Rung | None:
        curve = self._curve(leg.expiry)
        if curve is None:
            return None
        quotes = self.batch.structures.quotes
        rows = standing_rows(quotes, curve, leg.is_call)
        strikes = quotes.contracts.strike[rows]
        place = int(np.searchsorted(strikes, leg.strike))
        if place == len(rows) or strikes[place] != leg.strike:
            return None
        own = int(rows[place])
        return Rung(
            strike=leg.strike,
            is_call=leg.is_call,
            quote=_quote(quotes, own),
            lower=_quote(quotes, int(rows[place - 1])) if place else None,
            higher=_quote(quotes, int(rows[place + 1])) if place + 1 < len(rows) else None,
            volume=float(quotes.contracts.volume[own]),
            open_interest=float(quotes.contracts.open_interest[own]),
        )

    def _curve(self, expiry: date) -> int | None:
        own = self.batch.structures.curves_of(self.chain)
        expiries = self.batch.structures.curves.expiry[own]
        wanted = np.datetime64(expiry, "D")
        place = int(np.searchsorted(expiries, wanted))
        found = place < len(expiries) and expiries[place] == wanted
        return own.start + place if found else None


def _quote(quotes: QuoteTable, row: int) -> Quote:
    return Quote(float(quotes.contracts.bid[row]), float(quotes.contracts.ask[row]))
