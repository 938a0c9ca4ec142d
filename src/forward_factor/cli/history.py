"""``history``: a pair day by day, and where its newest day stands among what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, counted, note, number, out, percent, print_json, run
from forward_factor.cli.findings import parse_instant
from forward_factor.cli.plots import draw_curve
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.chain import NEW_YORK
from forward_factor.core.coverage import Coverage
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.core.rules import VolPoint
from forward_factor.core.standing import FEWEST_DAYS, Standing
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.services.daily_views import PairHistory, PairKey
from forward_factor.services.read_pair_history import read_pair_history
from forward_factor.services.read_ranks import YEAR

FIRST_YEAR = 1900
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Since = Annotated[
    str | None, typer.Option(help="From this New York day on, or that of an instant: 2026-08-19 or 2026-08-19T20:00Z.")
]
_Format = Callable[[float | None], str]


def history(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(help="Which ticker.")],
    pair: Annotated[str, typer.Option(help="Days to front and back expiry.")] = "30/60",
    vol_point: Annotated[VolPoint, typer.Option(help="Place on the smile.")] = VolPoint.ATM,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """Show a pair's forward factor over a year, and where factor, vols and spread of its newest day stand."""
    key = PairKey(parse_ticker(ticker), _pair(pair), vol_point.value)
    found, begin, now = run(_read(application(context), key, since))
    if as_json:
        print_json({**key._asdict(), "since": begin, "until": now, **asdict(found)})
    elif found.ranks.coverage.first_on is None:
        out.print(f"Nothing recorded of {key.ticker} {key.pair} {key.vol_point}.", markup=False)
    else:
        _print(key, found)


async def _read(application: Application, key: PairKey, since: str | None) -> tuple[PairHistory, datetime, datetime]:
    now = application.clock.now()
    begin = parse_since(since, now, YEAR)
    async with application.store() as store:
        return await read_pair_history(store.daily, key, begin, now), begin, now


def _print(key: PairKey, found: PairHistory) -> None:
    days = [(one.on, one.ff) for one in found.days if one.ff is not None]
    title = f"{key.ticker} {key.pair} {key.vol_point}: forward factor"
    out.print(draw_curve(title, [on for on, _ in days], [ff for _, ff in days], out.width))
    out.print()
    ranks = found.ranks
    shown: list[tuple[str, Standing | None, _Format]] = [
        ("forward factor", ranks.ff, number),
        ("front vol", ranks.front_iv, percent),
        ("vol at 30 days", ranks.iv_30d, percent),
        ("widest spread", ranks.bid_ask_pct, percent),
    ]
    out.print(_standings([(name, one or Standing(days=0), written) for name, one, written in shown]))
    out.print(coverage_words(ranks.coverage), markup=False)
    if any(one is not None and one.is_thin for _, one, _ in shown):
        note(f"of fewer than {FEWEST_DAYS} days there is no rank and no percentile")


def _standings(rows: list[tuple[str, Standing, _Format]]) -> object:
    def cells(pick: Callable[[Standing], float | None]) -> list[str]:
        return [written(pick(one)) for _, one, written in rows]

    return draw_table(
        None,
        [
            Column("", [name for name, _, _ in rows]),
            Column("now", cells(lambda one: one.now), is_number=True),
            Column("rank", [percent(one.rank, 0) for _, one, _ in rows], is_number=True),
            Column("percentile", [percent(one.percentile, 0) for _, one, _ in rows], is_number=True),
            Column("days", [f"{one.days}" for _, one, _ in rows], is_number=True),
            Column("low", cells(lambda one: one.low), is_number=True, rank=1),
            Column("high", cells(lambda one: one.high), is_number=True, rank=1),
            Column("from", [_day(one.first_on) for _, one, _ in rows], rank=2),
            Column("to", [_day(one.last_on) for _, one, _ in rows], rank=2),
        ],
    )


def coverage_words(coverage: Coverage) -> str:
    """Return in one line how much was recorded."""
    words = f"recorded: {coverage.recorded_days} of {counted(coverage.trading_days, 'trading day')}"
    if coverage.share is not None:
        words += f" ({coverage.share:.0%})"
    if coverage.first_on is not None:
        words += f", from {coverage.first_on} to {coverage.last_on}"
    return f"{words}, {counted(len(coverage.gaps), 'gap')}" if coverage.gaps else words


def parse_since(text: str | None, now: datetime, usual: timedelta) -> datetime:
    """Return where a span begins: at a New York day or an instant, else ``usual`` before ``now``.

    Raises:
        InvalidInput: it is neither, or after ``now``, or long before there were options.

    """
    if text is None:
        return now - usual
    try:
        begin = datetime.combine(date.fromisoformat(text.strip()), time(0), NEW_YORK)
    except ValueError:
        begin = parse_instant(text)
    if begin.year < FIRST_YEAR or begin > now:
        raise InvalidInput(f"--since {ascii(text)[:40]} does not lie between {FIRST_YEAR} and now")
    return begin


def _pair(text: str) -> str:
    (rule, *others) = parse_pairs(text)
    if others:
        raise InvalidInput(f"one pair such as 30/60, not {ascii(text)[:40]}")
    return rule.name


def _day(on: date | None) -> str:
    return "–" if on is None else f"{on}"
