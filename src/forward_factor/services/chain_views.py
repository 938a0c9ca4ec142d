"""Stored chains as they are shown: every quote with its vols; missing numbers None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from forward_factor.services.views import ExpiryView


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotView:
    """The header of one stored chain; ``contracts`` are those whose quotes were kept, of all that were seen."""

    as_of: datetime
    provider: str
    spot: float | None
    contracts: int
    contracts_seen: int
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTicker:
    """A ticker of which chains were stored lately."""

    ticker: str
    last_at: datetime
    snapshots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """One contract.

    Attributes:
        bid, ask, mid: dollars a share; ``mid`` only of a usable quote (0 < bid <= ask).
        iv_bid, iv, iv_ask: at bid, mid and ask, decimal.
        delta: on the forward at ``iv``, puts below 0.
        volume, open_interest: contracts.
        vendor_iv: as the vendor sent it.

    """

    bid: float | None
    ask: float | None
    mid: float | None
    iv_bid: float | None
    iv: float | None
    iv_ask: float | None
    delta: float | None
    volume: float | None
    open_interest: float | None
    vendor_iv: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeView:
    """The call and the put of one strike; ``log_moneyness`` is ln(K/F), None without a forward."""

    strike: float
    log_moneyness: float | None
    call: QuoteView | None
    put: QuoteView | None

    @property
    def outside(self) -> QuoteView | None:
        """Return the one that is out of the money, which the smile is read from."""
        if self.log_moneyness is None:
            return None
        return self.call if self.log_moneyness >= 0.0 else self.put


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryChain:
    """One expiry of a chain, by strike; ``is_from_spot`` where no strike had quotes that imply the forward."""

    expiry: date
    dte: int
    forward: float | None
    is_from_spot: bool
    strikes: Sequence[StrikeView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainView:
    """One stored chain, by expiry."""

    ticker: str
    snapshot: SnapshotView
    expiries: Sequence[ExpiryChain]


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureView:
    """The term structure of one snapshot."""

    as_of: datetime
    provider: str
    expiries: Sequence[ExpiryView]
