"""The recorded time series as columns: what each holds, and how some of it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from forward_factor.core.rules import VolPoint
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.services.ports.chains import ChainFailure
from forward_factor.services.record_views import Timeframe


class Series(StrEnum):
    """A time series of a store."""

    SIGNALS = "signals"
    CANDIDATES = "candidates"
    TERM_STRUCTURE = "term-structure"
    QUOTES = "quotes"
    SNAPSHOTS = "snapshots"
    BARS = "bars"


class Kind(StrEnum):
    """What a column holds; an instant is aware and in UTC, words are a list of texts."""

    TEXT = "text"
    WORDS = "words"
    INSTANT = "instant"
    DAY = "day"
    NUMBER = "number"
    WHOLE = "whole"
    TRUTH = "truth"


_TEXT, _WORDS, _INSTANT, _DAY = Kind.TEXT, Kind.WORDS, Kind.INSTANT, Kind.DAY
_NUMBER, _WHOLE, _TRUTH = Kind.NUMBER, Kind.WHOLE, Kind.TRUTH
_PAIR = {
    "pair": _TEXT, "vol_point": _TEXT, "front_expiry": _DAY, "back_expiry": _DAY, "front_dte": _WHOLE,
    "back_dte": _WHOLE, "front_iv": _NUMBER, "back_iv": _NUMBER, "sigma_fwd": _NUMBER, "ff": _NUMBER,
    "ff_low": _NUMBER, "ff_high": _NUMBER,
}  # fmt: skip
_VOLS = {
    f"{point}_iv{side}": _NUMBER for point in ("atm", "put_35d", "call_35d") for side in ("", "_bid", "_ask")
}  # fmt: skip

COLUMNS: Mapping[Series, Mapping[str, Kind]] = {
    Series.SIGNALS: {
        "id": _TEXT, "as_of": _INSTANT, "ticker": _TEXT, "provider": _TEXT, "underlying_price": _NUMBER, **_PAIR,
        "ff_ex_earnings": _NUMBER, "quality_score": _NUMBER, "is_discovery": _TRUTH,
    },
    Series.CANDIDATES: {
        "ticker": _TEXT, "as_of": _INSTANT, "provider": _TEXT, **_PAIR, "front_iv_ex_earnings": _NUMBER,
        "back_iv_ex_earnings": _NUMBER, "ff_ex_earnings": _NUMBER, "earnings_on": _DAY, "bid_ask_pct": _NUMBER,
        "open_interest": _NUMBER, "volume": _NUMBER, "quality_score": _NUMBER, "reasons": _WORDS, "flags": _WORDS,
        "is_signal": _TRUTH,
    },
    Series.TERM_STRUCTURE: {
        "ticker": _TEXT, "as_of": _INSTANT, "provider": _TEXT, "expiry": _DAY, "dte": _WHOLE, "forward": _NUMBER,
        **_VOLS, "flags": _WORDS,
    },
    Series.QUOTES: {
        "as_of": _INSTANT, "ticker": _TEXT, "spot": _NUMBER, "expiry": _DAY, "strike": _NUMBER, "right": _TEXT,
        **dict.fromkeys(("bid", "ask", "last", "volume", "open_interest", "iv", "delta"), _NUMBER),
    },
    Series.SNAPSHOTS: {
        "ticker": _TEXT, "as_of": _INSTANT, "provider": _TEXT, "underlying_price": _NUMBER, "quality_score": _NUMBER,
        "contracts_seen": _WHOLE, "contracts_kept": _WHOLE, "kept": _TEXT, "quotes_digest": _TEXT, "is_stale": _TRUTH,
    },
    Series.BARS: {
        "ticker": _TEXT, "timeframe": _TEXT, "at": _INSTANT,
        **dict.fromkeys(("open", "high", "low", "close"), _NUMBER), "volume": _WHOLE,
    },
}  # fmt: skip
"""Vols and factors are decimals, prices dollars. Those of quotes are the columns of chain files."""

_HAS_PAIR = (Series.SIGNALS, Series.CANDIDATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRequest:
    """Some of a series; None asks for nothing in particular. ``since`` is included, ``until`` left out.

    Raises:
        InvalidTicker: one of the tickers is none.
        InvalidInput: the series has nothing of the kind, an instant has no zone, or the span is empty.

    """

    series: Series
    tickers: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    pair: str | None = None
    vol_point: VolPoint | None = None
    timeframe: Timeframe | None = None
    provider: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tickers", tuple(dict.fromkeys(map(parse_ticker, self.tickers))))
        self._refuse("pair", self.pair, self.series in _HAS_PAIR)
        self._refuse("vol point", self.vol_point, self.series in _HAS_PAIR)
        self._refuse("timeframe", self.timeframe, self.series is Series.BARS)
        self._refuse("provider", self.provider, self.series is not Series.BARS)
        for instant in (self.since, self.until):
            if instant is not None and instant.tzinfo is None:
                raise InvalidInput(f"{instant} needs its zone: an instant is in UTC, or says where")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise InvalidInput(f"nothing lies from {self.since} to before {self.until}")

    def _refuse(self, name: str, value: object, is_known: bool) -> None:
        if value is not None and not is_known:
            raise InvalidInput(f"{self.series} have no {name} to choose by")


@dataclass(frozen=True, slots=True, eq=False)
class SeriesBatch:
    """Some rows of a series, those of later batches no earlier.

    Attributes:
        columns: all of the series' columns, of equal length.
        done: share of the series that has been read with it, 0 to 1.
        failures: what of it cannot be read.

    """

    columns: Mapping[str, Sequence[Any]]
    done: float
    failures: tuple[ChainFailure, ...] = ()
