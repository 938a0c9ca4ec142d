"""A whole options market that is a pure function of a seed, a ticker and an instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from forward_factor.core.bars import Bars, Timeframe
from forward_factor.core.chain import Chain
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.providers.simulated.bars import simulate_bars
from forward_factor.providers.simulated.board import Board, Depth, ListingRules, draw_up_board
from forward_factor.providers.simulated.dividends import published_dividends
from forward_factor.providers.simulated.events import announced_by, published_events
from forward_factor.providers.simulated.moments import moment_at
from forward_factor.providers.simulated.quoting import quote
from forward_factor.providers.simulated.stock import Stock
from forward_factor.providers.simulated.surface import atm_total_variance, dislocation_at
from forward_factor.providers.simulated.universe import is_optionable, listed_tickers, traded_shares

PROVIDER_NAME = "simulated"


class SimulatedMarket:
    """Prices, chains and earnings dates of any ticker at any instant, without network or state.

    The same seed gives the same market everywhere; markets of another size or depth share its prices.
    Between sessions the last closing state stands. What is remembered (one board a ticker) only saves
    time.
    """

    def __init__(
        self,
        seed: int = 7,
        tickers: Sequence[str] | None = None,
        size: int = 40,
        *,
        depth: str = "full",
        dirt: float = 0.002,
        horizon_days: int = 400,
    ) -> None:
        """List a market.

        Args:
            seed: which market.
            tickers: who is listed; by default the ``size`` most liquid ones.
            size: number of tickers where none are named; after the real names come ``SIM0001`` ….
            depth: ``full``, or ``light`` for about 250 contracts a ticker.
            dirt: share of contracts with a missing last or iv, or a crossed quote far from the money.
            horizon_days: no expiry is further away, at least 7; from 365 on only January and June are listed.

        Raises:
            InvalidTicker: one of ``tickers`` is none.
            InvalidInput: a number is out of its range, or there is no such depth.

        """
        named = listed_tickers(_at_least("size", size, 0)) if tickers is None else tickers
        self._tickers = tuple(dict.fromkeys(parse_ticker(ticker) for ticker in named))
        self._seed = seed
        self._rules = ListingRules(_depth(depth), _at_least("horizon_days", horizon_days, 7), _share("dirt", dirt))
        self._stocks: dict[str, Stock] = {}
        self._boards: dict[str, Board] = {}

    @property
    def tickers(self) -> tuple[str, ...]:
        """Return who is listed; others are simulated as well when they are asked for."""
        return self._tickers

    def spot(self, ticker: str, instant: datetime) -> float:
        """Return a price in dollars at an aware instant.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        stock, moment = self._stock(ticker), moment_at(instant)
        return stock.spot_at(moment.time, announced_by(stock.profile, moment.day))

    def volume(self, ticker: str, day: date) -> float:
        """Return the shares traded on a day, in whole ones.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        return traded_shares(self._stock(ticker).profile, day)

    def bars(self, ticker: str, timeframe: Timeframe, day: date) -> Bars:
        """Return the bars of a session; none where there is no session on that day.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        stock = self._stock(ticker)
        return simulate_bars(stock, day, announced_by(stock.profile, day), timeframe)

    def is_optionable(self, ticker: str) -> bool:
        """Return whether options on the ticker are listed; a chain is simulated whatever it says.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        return is_optionable(self._stock(ticker).profile)

    def chain(self, ticker: str, instant: datetime) -> Chain:
        """Return the chain of a ticker as it is shown at an aware instant.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        stock, moment = self._stock(ticker), moment_at(instant)
        board, profile = self._board(stock, moment.day), stock.profile
        spot = stock.spot_at(moment.time, board.announced)
        atm = atm_total_variance(
            profile,
            board.expiries.dte,
            stock.variance_level(moment.time),
            dislocation_at(profile, moment.time),
            board.expiries.announced,
        )
        contracts = quote(profile, board, spot, atm, moment.elapsed)
        return Chain(profile.ticker, instant, spot, PROVIDER_NAME, contracts)

    def earnings(self, ticker: str, start: date, end: date) -> list[EarningsEvent]:
        """Return the announcements of a ticker from ``start`` to ``end``, both included; a fund has none.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        return published_events(self._stock(ticker).profile, start, end)

    def dividends(self, ticker: str, start: date, end: date) -> list[CorporateAction]:
        """Return the dividends of a ticker with ex-dates from ``start`` to ``end``, both included.

        Raises:
            InvalidTicker: ``ticker`` is none.

        """
        return published_dividends(self._stock(ticker).profile, start, end)

    def _stock(self, ticker: str) -> Stock:
        name = parse_ticker(ticker)
        stock = self._stocks.get(name)
        if stock is None:
            stock = self._stocks[name] = Stock.create(self._seed, name)
        return stock

    def _board(self, stock: Stock, day: date) -> Board:
        board = self._boards.get(stock.profile.ticker)
        if board is None or board.day != day:
            board = self._boards[stock.profile.ticker] = draw_up_board(stock, day, self._rules)
        return board


def _depth(name: str) -> Depth:
    if name not in list(Depth):
        raise InvalidInput(f"depth is 'full' or 'light', not {name!r}")
    return Depth(name)


def _at_least(name: str, value: int, least: int) -> int:
    if value < least:
        raise InvalidInput(f"{name} must be at least {least}, not {value}")
    return value


def _share(name: str, value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise InvalidInput(f"{name} is a share from 0 to 1, not {value}")
    return value
