"""``demo``: the whole product on simulated data, in a store that is thrown away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import track

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, err, note, out, run
from forward_factor.cli.plots import draw_term_structure
from forward_factor.cli.scan_report import finding_table
from forward_factor.clock import FixedClock, SystemClock
from forward_factor.core.market_hours import is_open, previous_session
from forward_factor.providers.simulated import SimulatedChains, SimulatedMarket
from forward_factor.services.explain_ticker import explain_ticker
from forward_factor.services.import_events import import_events
from forward_factor.services.ports import Recorded
from forward_factor.services.views import SignalView
from forward_factor.storage.store import Store

SCANS = 4
EVERY = timedelta(minutes=30)
MOST_SIGNALS = 15


def demo(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the web page (comes with a later version).")
    ] = 8000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Whether to serve the web page afterwards.")] = True,
) -> None:
    """Scan a simulated market into a throw-away SQLite file and show its signals. No network, no key."""
    with TemporaryDirectory(prefix="forward-factor-demo-") as directory:
        file = Path(directory) / "demo.db"
        run(_demo(replace(application(context), database_url=f"sqlite:///{file}")))
    if serve:
        note(f"The web page (port {port}) is not part of this version yet, so the demo ends after the scan.")


async def _demo(application: Application) -> None:
    market = SimulatedMarket()
    async with application.store() as store:
        await _announce_earnings(store, market)
        recorded = Recorded()
        instants = _instants(application.clock.now())
        for instant in track(instants, "scanning", console=err, transient=True, disable=not err.is_terminal):
            recorded += await _scan_at(application, store, market, instant)
        await _show(store, market, recorded, instants)


def _instants(now: datetime) -> list[datetime]:
    """Return the last looks at the market: up to now while it is open, else up to just before its close."""
    last = now if is_open(now) else previous_session(now).closes_at - timedelta(minutes=5)
    return [last - EVERY * before for before in reversed(range(SCANS))]


async def _announce_earnings(store: Store, market: SimulatedMarket) -> None:
    today = SystemClock().now().date()
    events = [
        event
        for ticker in market.tickers
        for event in market.earnings(ticker, today - timedelta(days=7), today + timedelta(days=200))
    ]
    await import_events(store, SystemClock(), events)


async def _scan_at(application: Application, store: Store, market: SimulatedMarket, instant: datetime) -> Recorded:
    provider = SimulatedChains(market, FixedClock(instant))
    recorded = Recorded()
    async for step in application.scanner(provider, store).run(()):
        recorded += step.recorded
    return recorded


async def _show(store: Store, market: SimulatedMarket, recorded: Recorded, instants: list[datetime]) -> None:
    latest = await store.findings.signals(since=instants[-1], limit=1000)
    best = sorted(latest, key=lambda signal: -(signal.ff or 0.0))
    out.print(
        f"A simulated market of {len(market.tickers)} tickers, looked at {len(instants)} times up to "
        f"{instants[-1]:%Y-%m-%d %H:%M} UTC:\n{recorded.snapshots:,} chains with {recorded.quotes:,} quotes stored, "
        f"{recorded.signals:,} signals found, {len(best)} of them in the last look.\n"
    )
    if not best:
        out.print("No ticker's front vol is dear enough just now: try again in an hour.")
        return
    out.print(finding_table("Signals of the last look", best[:MOST_SIGNALS]))
    out.print()
    await _draw(store, best[0])


async def _draw(store: Store, signal: SignalView) -> None:
    explained = await explain_ticker(store.findings, signal.ticker, signal.as_of)
    pair = next(one for one in explained.candidates if (one.pair, one.vol_point) == (signal.pair, signal.vol_point))
    title = f"{signal.ticker}: implied vol by expiry, simulated"
    out.print(draw_term_structure(title, explained.term_structure, pair, out.width))
    out.print(
        f"{signal.ticker}'s {pair.front_dte}-day vol is {100 * (pair.front_iv or 0):.1f} %, the forward vol behind it "
        f"{100 * (pair.sigma_fwd or 0):.1f} %: the front is {100 * (pair.ff or 0):.0f} % above it "
        f"(FF {pair.ff or 0:.2f}; {pair.ff_low or 0:.2f} to {pair.ff_high or 0:.2f} across the bid-ask spread)."
    )
