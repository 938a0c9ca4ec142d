"""A recorded chain, every contract with its vols."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from math import isfinite, isnan, log

import numpy as np

from forward_factor.core.contract_vols import ContractVols, solve_contract_vols
from forward_factor.errors import NotFound
from forward_factor.services.chain_views import ChainView, ExpiryChain, QuoteView, StrikeView
from forward_factor.services.ports.stored_chains import StoredChains


async def read_chain(
    chains: StoredChains, ticker: str, at: datetime | None, rate: float, provider: str | None = None
) -> ChainView:
    """Return the ticker's last recorded chain, of those at or before ``at``; vols at ``rate``, decimal a year.

    The vols are solved in a thread: a large chain takes a good part of a second.

    Raises:
        NotFound: no chain of the ticker was recorded by then.

    """
    headers = await chains.snapshots(ticker, at, 1, provider)
    if not headers:
        before = f" at or before {at:%Y-%m-%d %H:%M} UTC" if at else ""
        raise NotFound(f"no chain of {ticker} is stored{before}")
    chain = await chains.chain(ticker, headers[0])
    expiries = await asyncio.to_thread(lambda: list(view_expiries(solve_contract_vols(chain, rate))))
    return ChainView(ticker=ticker, snapshot=headers[0], expiries=expiries)


def view_expiries(solved: ContractVols) -> Iterator[ExpiryChain]:
    """Yield the expiries of a solved chain, by date."""
    quotes = solved.quotes
    bounds = np.searchsorted(quotes.curve, np.arange(len(quotes.curves) + 1)).tolist()
    views = _quotes(solved)
    strikes, is_call = quotes.contracts.strike.tolist(), quotes.contracts.is_call.tolist()
    for curve, expiry in enumerate(quotes.curves.expiry.tolist()):
        price = float(solved.forwards.price[curve])
        forward = price if isfinite(price) and price > 0.0 else None
        by_strike: dict[float, dict[bool, QuoteView]] = {}
        for row in range(bounds[curve], bounds[curve + 1]):
            by_strike.setdefault(strikes[row], {})[is_call[row]] = views[row]
        yield ExpiryChain(
            expiry=expiry,
            dte=int(quotes.curves.dte[curve]),
            forward=forward,
            is_from_spot=bool(solved.forwards.from_spot[curve]),
            strikes=[
                StrikeView(
                    strike=strike,
                    log_moneyness=log(strike / forward) if forward else None,
                    call=sides.get(True),
                    put=sides.get(False),
                )
                for strike, sides in by_strike.items()
            ],
        )


def _quotes(solved: ContractVols) -> list[QuoteView]:
    contracts = solved.quotes.contracts
    columns = (
        contracts.bid, contracts.ask, solved.quotes.mid, solved.bid, solved.mid, solved.ask, solved.delta,
        contracts.volume, contracts.open_interest, contracts.iv,
    )  # fmt: skip
    names = ("bid", "ask", "mid", "iv_bid", "iv", "iv_ask", "delta", "volume", "open_interest", "vendor_iv")
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        QuoteView(**{name: None if isnan(value) else value for name, value in zip(names, row, strict=True)})
        for row in rows
    ]
