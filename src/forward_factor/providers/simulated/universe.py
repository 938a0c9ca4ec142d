"""Who is listed on the simulated exchange, and what kind of stock each one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count, islice
from math import exp, floor

import numpy as np

from forward_factor.providers.simulated.noise import normals, stable_key, uniform, uniforms

# Ticker, price in dollars, vol in percent, liquidity (1 is best), of the autumn of 2026 or about.
_FUNDS = """
SPY 765 14 1|QQQ 713 18 1|IWM 300 20 1|GLD 423 17 2|TLT 82 13 2|XLF 57.5 17 2|XLE 63.5 24 2|SMH 560 36 3
DIA 532 13 3|XLK 183 20 3|XLV 175 14 3|EEM 58 19 3|FXI 41 27 3|XBI 118 31 3|GDX 84 38 3|ARKK 78 37 3
"""
_STOCKS = """
AAPL 309 25 1|MSFT 483 23 1|NVDA 215 40 1|AMZN 259 29 1|META 550 31 1|TSLA 363 50 1|GOOGL 345 29 1
AMD 473 49 1|PLTR 180 55 1|NFLX 79.5 33 1|AVGO 368 43 1|COIN 186 65 2|MSTR 119 75 2|JPM 352 23 2
BAC 56 24 2|INTC 38 48 2|MU 967 62 2|ORCL 146 45 2|BA 214 32 2|DIS 112 27 2|XOM 165 27 2
KO 91 16 2|NKE 41 34 2|F 14.5 33 2|UBER 92 35 2|CRM 206 36 2|SMCI 37 65 2|WMT 104 21 2
C 108 29 2|T 27 21 2|PFE 25.5 25 2|CVX 158 25 2|ADBE 272 36 3|COST 957 20 3|HD 344 24 3
UNH 388 31 3|GS 1021 28 3|CAT 816 34 3|MA 574 21 3|V 341 20 3|PEP 142 20 3|MCD 302 18 3
SBUX 88 29 3|QCOM 171 36 3|TXN 186 32 3|LLY 905 32 3|MRK 92 26 3|ABBV 221 23 3|JNJ 186 17 3
PG 152 17 3|WFC 84 27 3|MS 162 28 3|PYPL 68 37 3|SHOP 148 50 3|SNOW 231 48 3|CRWD 468 43 3
PANW 201 36 3|ROKU 96 55 3|RBLX 118 52 3|HOOD 121 68 3|SOFI 26 60 2|RIVN 14 66 2|GME 23 58 2
AAL 13.2 46 2|DAL 61 39 3|CCL 29 42 3|LUV 34 37 4|GM 62 34 3|FDX 241 31 3|UPS 88 31 3
DE 478 29 4|LMT 492 24 4|BRK.B 500 16 3|HON 216 22 4|GE 296 31 3|NEM 88 40 3|FCX 42 42 3
OXY 43 33 3|SLB 35 35 3|TGT 93 35 3
"""

# The golden ratio and the R2 sequence: phases that stay evenly spread however many tickers take part.
_R1, _R2, _R2_SECOND = 0.6180339887498949, 0.7548776662466927, 0.5698402909980532

_SPREAD_SHARE = (0.003, 0.010, 0.022, 0.040, 0.075)
_OPEN_INTEREST = (12_000.0, 5_000.0, 2_500.0, 1_200.0, 400.0)

_SHARES_A_CONTRACT = 2_000.0
_WITHOUT_OPTIONS = 0.04

_TRAITS = np.arange(4)

MARKET_IV = 0.14
PENNY_TICKERS = frozenset({"SPY", "QQQ", "IWM"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A row of the exchange's list.

    Attributes:
        place: rank among the funds or among the stocks; None for tickers that are on no list.
        price: long-run price in dollars.
        iv: long-run vol, decimal.
        liquidity: 0 (best) to 4.

    """

    ticker: str
    place: int | None
    is_fund: bool
    price: float
    iv: float
    liquidity: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about a ticker that never changes.

    Attributes:
        key: source of the ticker's noise.
        beta: log return per unit of the market's.
        spread_share: cost of a round trip as a share of an option's time value.
        open_interest: of a front contract at the money.
        skew, smile: rho and eta of its SSVI surface.
        announcement_move: standard deviation of the log return on earnings; 0 for funds.
        announcement_phase, episode_phase: in [0, 1), its place in the quarter and among dislocations.
        has_brief_episodes: its dislocations last hours, not days.
        has_penny_ticks: quoted in cents at any price.

    """

    ticker: str
    key: int
    is_fund: bool
    price: float
    iv: float
    beta: float
    spread_share: float
    open_interest: float
    skew: float
    smile: float
    announcement_move: float
    announcement_phase: float
    episode_phase: float
    has_brief_episodes: bool
    has_penny_ticks: bool


def listed_tickers(size: int) -> tuple[str, ...]:
    """Return the ``size`` most liquid tickers; after the real names come ``SIM0001`` and so on."""
    return tuple(islice(_by_liquidity(), size))


def profile_of(seed: int, ticker: str) -> Profile:
    """Return the profile of a listed ticker, or one made up from the name of any other."""
    listing = _LISTED.get(ticker) or _unlisted(seed, ticker)
    key = stable_key(seed, ticker)
    some, bell = uniforms(key, _TRAITS).tolist(), normals(stable_key(key, "traits"), _TRAITS).tolist()
    announcement_phase, episode_phase = _phases(seed, listing)
    return Profile(
        ticker=ticker,
        key=key,
        is_fund=listing.is_fund,
        price=listing.price,
        iv=listing.iv,
        beta=min(1.0 + 0.25 * bell[0], 0.8 * listing.iv / MARKET_IV),
        spread_share=_SPREAD_SHARE[listing.liquidity] * exp(0.25 * bell[1]),
        open_interest=_OPEN_INTEREST[listing.liquidity] * exp(0.4 * bell[2]),
        skew=-0.60 if listing.is_fund else -0.15 - 0.25 * some[0],
        smile=0.80 if listing.is_fund else 0.65 + 0.30 * some[1],
        announcement_move=0.0 if listing.is_fund else listing.iv * (0.11 + 0.08 * some[2]),
        announcement_phase=announcement_phase,
        episode_phase=episode_phase,
        has_brief_episodes=listing.place % 2 == 1 if listing.place is not None else some[3] < 0.5,
        has_penny_ticks=ticker in PENNY_TICKERS,
    )


def traded_shares(profile: Profile, day: date) -> float:
    """Return the shares traded on a day: more where more options are open, half as many or twice as many by chance."""
    bell = float(normals(stable_key(profile.key, "shares", day), _TRAITS[:1])[0])
    return floor(_SHARES_A_CONTRACT * profile.open_interest * exp(0.25 * bell))


def is_optionable(profile: Profile) -> bool:
    """Return whether options are listed: on all tickers that have a name, and all but a few of the others."""
    return profile.ticker in _LISTED or uniform(stable_key(profile.key, "optionable")) >= _WITHOUT_OPTIONS


def _phases(seed: int, listing: Listing) -> tuple[float, float]:
    own = "" if listing.place is not None else listing.ticker
    first, second = uniforms(stable_key(seed, "phases", own), _TRAITS[:2]).tolist()
    place = listing.place or 0
    if listing.is_fund:
        return 0.0, (second + place * _R1) % 1.0
    return (first + place * _R2) % 1.0, (second + place * _R2_SECOND) % 1.0


def _unlisted(seed: int, ticker: str) -> Listing:
    key = stable_key(seed, ticker, "listing")
    place = _synthetic_place(ticker)
    size, wildness, fame = uniforms(key, _TRAITS[:3]).tolist()
    price = round(12.0 * exp(3.2 * size), 2)
    iv = round(0.20 * exp(1.2 * wildness), 3)
    return Listing(ticker, place, False, price, iv, 2 + int(3 * fame))


def _synthetic_place(ticker: str) -> int | None:
    number = ticker.removeprefix("SIM")
    is_synthetic = number != ticker and number.isascii() and number.isdigit()
    return len(_STOCK_LIST) + int(number) if is_synthetic else None


def _by_liquidity() -> Iterator[str]:
    yield from (listing.ticker for listing in sorted(_LISTED.values(), key=lambda row: row.liquidity))
    yield from (f"SIM{number:04d}" for number in count(1))


def _parse(table: str, *, is_fund: bool) -> tuple[Listing, ...]:
    rows = [row.split() for line in table.split("\n") for row in line.split("|") if row.strip()]
    return tuple(
        Listing(ticker, place, is_fund, float(price), float(iv_pct) / 100.0, int(liquidity) - 1)
        for place, (ticker, price, iv_pct, liquidity) in enumerate(rows)
    )


_FUND_LIST = _parse(_FUNDS, is_fund=True)
_STOCK_LIST = _parse(_STOCKS, is_fund=False)
_LISTED = {listing.ticker: listing for listing in (*_FUND_LIST, *_STOCK_LIST)}
