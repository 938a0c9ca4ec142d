"""Research: what is recorded, and one recorded chain of a ticker with its smile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from nicegui import ui

from forward_factor.core.chain import NEW_YORK
from forward_factor.core.ticker import parse_ticker
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.formats import ago, day, instant, number
from forward_factor.server.web.parts import Column, facts, note, panel, table, title
from forward_factor.server.web.research_charts import smile_options, term_options
from forward_factor.server.web.research_parts import (
    NumberColumn,
    address,
    day_of,
    instant_in_query,
    instant_of,
    research_path,
    ticker_field,
    ticker_head,
)
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.chain_views import ChainView, ExpiryChain, SnapshotView, StrikeView
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.read_chain import read_chain

MOST_TICKERS = 300
MOST_SNAPSHOTS = 60
CURVES_DRAWN = 5
STRIKES_AROUND = 25
_WHOLE = "v.toLocaleString('en-US')"
_PERCENT = "(100 * v).toFixed(1) + ' %'"
_IN_MONEY = {"c": "(row.below ? 'in-money' : '')", "p": "(row.below ? '' : 'in-money')"}


@web_page("/research", "Research")
async def show_research(visit: Visit) -> None:
    """Build the page that leads to a ticker's."""
    watched = {one.ticker for one in await list_watchlist(visit.store, visit.user.id)}
    recorded = await visit.store.chains.recorded(MOST_TICKERS)
    title("Research")
    note("Recorded chains, smiles, term structures and prices of any ticker that was scanned.")
    with panel():
        ticker_field().props("autofocus")
    with panel("Recorded lately"):
        rows = [
            {
                "ticker": one.ticker,
                "path": research_path(one.ticker),
                "watched": "watched" if one.ticker in watched else "",
                "last": instant(one.last_at, visit.zone),
                "at": one.last_at.timestamp(),
                "ago": ago(one.last_at, visit.now),
                "scans": one.snapshots,
            }
            for one in recorded
        ]
        columns = (
            Column("ticker", "Ticker"),
            Column("watched", "Watchlist"),
            Column("last", "Last scan", sort_by="at"),
            Column("ago", "Ago", sort_by="at"),
            Column("scans", "Scans in a week", is_number=True),
        )
        empty = "Nothing is recorded yet: add tickers to your watchlist, and have the services run"
        drawn = table(columns, rows, "ticker", empty)
        drawn.add_slot(
            "body-cell-ticker", '<q-td :props="props"><a :href="props.row.path">{{ props.row.ticker }}</a></q-td>'
        )


@web_page("/research/{ticker}", "Research")
async def show_chain(
    visit: Visit,
    ticker: str,
    at: str | None = None,
    on: str | None = None,
    provider: str | None = None,
    expiry: str | None = None,
    strikes: str | None = None,
) -> None:
    """Build the page of one recorded chain: ``at`` an instant, or the last ``on`` a New York date."""
    name = parse_ticker(ticker)
    wanted = instant_of(at) or _end_of(on)
    headers = await visit.store.chains.snapshots(name, wanted, MOST_SNAPSHOTS)
    ticker_head(name, "")
    if not headers:
        _say_nothing_recorded(name, by_then=wanted is not None)
        return
    named = provider if wanted is not None and provider in {one.provider for one in headers} else None
    chain = await _read(visit, name, wanted, named)
    structure = await visit.store.findings.term_structure(name, chain.snapshot.as_of, chain.snapshot.provider)
    chosen = _chosen(chain.expiries, expiry)
    with panel():
        _choices(visit, chain, headers, chosen)
        _facts(visit, chain)
    if chosen is None:
        with panel():
            note("The quotes of this scan were not kept; its term structure was.")
    with ui.element("div").classes("grid"):
        if chosen is not None:
            _smile(visit, chain, chosen)
        with panel("Term structure"):
            words = f"Implied vol of {name} by days to expiry: at the money, 35 delta put and call"
            draw_chart(term_options(structure, visit.palette), visit.palette, words)
    if chosen is not None:
        _quotes(chain, chosen, shows_all=strikes == "all")


async def _read(visit: Visit, ticker: str, at: datetime | None, provider: str | None) -> ChainView:
    return await read_chain(visit.store.chains, ticker, at, visit.backend.application.rules().risk_free_rate, provider)


def _end_of(on: str | None) -> datetime | None:
    """Return the last microsecond of a New York date."""
    asked = day_of(on)
    if asked is None:
        return None
    return datetime.combine(asked + timedelta(days=1), time(0), NEW_YORK) - timedelta(microseconds=1)


def _say_nothing_recorded(ticker: str, *, by_then: bool) -> None:
    with panel():
        if by_then:
            note(f"Nothing of {ticker} was recorded by then.")
            ui.link("Its last scan", research_path(ticker))
        else:
            note(f"No chain of {ticker} is recorded. Watch it, and the next scan while the market is open records one.")
            ui.link("To the watchlist", "/watchlist")


def _chosen(expiries: Sequence[ExpiryChain], asked: str | None) -> ExpiryChain | None:
    """Return the expiry that was asked for, else the one nearest to 30 days."""
    if not expiries:
        return None
    wanted = day_of(asked)
    named = next((one for one in expiries if one.expiry == wanted), None)
    return named or min(expiries, key=lambda one: abs(one.dte - 30))


def _choices(visit: Visit, chain: ChainView, headers: Sequence[SnapshotView], chosen: ExpiryChain | None) -> None:
    path, shown = research_path(chain.ticker), chain.snapshot
    several = len({one.provider for one in headers}) > 1

    def key(one: SnapshotView) -> str:
        return address(path, at=instant_in_query(one.as_of), provider=one.provider if several else None)

    instants = {key(one): instant(one.as_of, visit.zone) + (f" · {one.provider}" if several else "") for one in headers}
    at = {"at": instant_in_query(shown.as_of), "provider": shown.provider if several else None}
    with ui.element("div").classes("bar"):
        ui.select(instants, value=key(shown), label="Scan", on_change=lambda event: ui.navigate.to(event.value)).props(
            "dense outlined options-dense"
        ).classes("wide-field")
        if chosen is not None:
            expiries = {one.expiry.isoformat(): f"{one.expiry} · {one.dte} d" for one in chain.expiries}
            ui.select(
                expiries,
                value=chosen.expiry.isoformat(),
                label="Expiry",
                on_change=lambda event: ui.navigate.to(address(path, **at, expiry=event.value)),
            ).props("dense outlined options-dense").classes("wide-field")
        ui.input(label="Last scan of a day", on_change=lambda event: _go_to_day(path, event.value)).props(
            "dense outlined type=date stack-label"
        )


def _go_to_day(path: str, text: str | None) -> None:
    if text and len(text) == len("2026-06-01") and text >= "1970":
        ui.navigate.to(address(path, on=text))


def _facts(visit: Visit, chain: ChainView) -> None:
    shown = chain.snapshot
    stale = " · the quotes are those of an earlier scan" if shown.is_stale else ""
    with ui.element("div").classes("figures"):
        for name, value in (
            ("Underlying", f"${number(shown.spot)}"),
            ("Scanned", f"{instant(shown.as_of, visit.zone)} ({ago(shown.as_of, visit.now)}){stale}"),
            ("From", shown.provider),
            ("Contracts kept", f"{shown.contracts:,} of {shown.contracts_seen:,}"),
        ):
            facts({name: value})


def _smile(visit: Visit, chain: ChainView, chosen: ExpiryChain) -> None:
    with panel("Smile"):
        near = sorted(chain.expiries, key=lambda one: abs(one.dte - chosen.dte))[:CURVES_DRAWN]
        shown = sorted(near, key=lambda one: one.dte)
        words = (
            f"Implied vol of {chain.ticker} by moneyness for {len(shown)} expiries; {day(chosen.expiry)} with bid, ask"
        )
        chart = draw_chart(smile_options(shown, chosen, visit.palette), visit.palette, words)

        place, shaded = (chain.ticker, chain.snapshot.as_of, chain.snapshot.provider), chosen.expiry

        async def redraw(event: Any) -> None:
            """Read the chain again: a page that is open holds no thousands of quotes."""
            wanted = set(event.value or [])
            again = await _read(visit, *place)
            curves = [one for one in again.expiries if one.expiry.isoformat() in wanted]
            with_band = next((one for one in curves if one.expiry == shaded), None)
            chart.options.update(smile_options(curves, with_band, visit.palette))
            chart.run_chart_method("setOption", dict(chart.options), True)

        names = {one.expiry.isoformat(): f"{one.expiry} · {one.dte} d" for one in chain.expiries}
        ui.select(
            names,
            value=[one.expiry.isoformat() for one in shown],
            multiple=True,
            label="Expiries drawn",
            on_change=visit.does(redraw),
        ).props("dense outlined options-dense")
        note("Out-of-the-money contracts; vols by Black-76 on the forward that puts and calls near the money imply.")


def _quotes(chain: ChainView, chosen: ExpiryChain, *, shows_all: bool) -> None:
    with panel(f"{chosen.expiry} · {chosen.dte} days"):
        implied = " (carried from spot: no strike has both quotes)" if chosen.is_from_spot else ""
        strikes = chosen.strikes if shows_all else _around(chosen)
        note(
            f"Forward ${number(chosen.forward)}{implied}. {len(strikes)} of {len(chosen.strikes)} strikes; "
            "in the money on grey. A dash: no quote, or no vol gives its price."
        )
        drawn = table(_columns(), [_row(one) for one in strikes], "strike", "No strikes").classes("chain")
        drawn.add_slot("top-row", _SIDES)
        if len(strikes) < len(chosen.strikes):
            at = instant_in_query(chain.snapshot.as_of)
            more = address(
                research_path(chain.ticker),
                at=at, provider=chain.snapshot.provider, expiry=chosen.expiry.isoformat(), strikes="all",
            )  # fmt: skip
            ui.link(f"All {len(chosen.strikes)} strikes", more)


_SIDES = """<q-tr class="sides"><q-td colspan="7" class="text-center">Calls</q-td><q-td></q-td>
<q-td colspan="7" class="text-center">Puts</q-td></q-tr>"""


def _around(chosen: ExpiryChain) -> Sequence[StrikeView]:
    """Return the strikes around the forward."""
    middle = sum((one.log_moneyness or 0.0) < 0.0 for one in chosen.strikes)
    return chosen.strikes[max(0, middle - STRIKES_AROUND) : middle + STRIKES_AROUND]


def _columns() -> list[Column]:
    def side(letter: str) -> list[Column]:
        named = (
            ("open_interest", "OI", _WHOLE),
            ("volume", "Volume", _WHOLE),
            ("delta", "Delta", "v.toFixed(2)"),
            ("iv", "IV", _PERCENT),
            ("bid", "Bid", "v.toFixed(2)"),
            ("mid", "Mid", "v.toFixed(3)"),
            ("ask", "Ask", "v.toFixed(2)"),
        )
        made: list[Column] = [
            NumberColumn(f"{letter}_{name}", label, shown=shown, classes=_IN_MONEY[letter])
            for name, label, shown in named
        ]
        return made if letter == "c" else [made[4], made[5], made[6], made[3], made[2], made[1], made[0]]

    strike = NumberColumn("strike", "Strike", shown="v.toLocaleString('en-US')", classes="'strike'", header="strike")
    return [*side("c"), strike, *side("p")]


def _row(one: StrikeView) -> dict[str, Any]:
    row: dict[str, Any] = {"strike": one.strike, "below": (one.log_moneyness or 0.0) < 0.0}
    for letter, quote in (("c", one.call), ("p", one.put)):
        for name in ("bid", "mid", "ask", "iv", "delta", "volume", "open_interest"):
            value = None if quote is None else getattr(quote, name)
            row[f"{letter}_{name}"] = None if value is None else round(value, 4)
    return row
