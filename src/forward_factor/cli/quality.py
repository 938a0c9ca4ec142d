"""``quality``: how good the recorded data is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, count, counted, note, number, out, percent, print_json, run
from forward_factor.cli.history import AsJson, Since, coverage_words, parse_since
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.ticker import parse_ticker
from forward_factor.services.daily_views import DataQuality
from forward_factor.services.read_quality import USUAL_SPAN, read_quality

MOST_GAPS = 10


def quality(
    context: typer.Context,
    tickers: Annotated[list[str] | None, typer.Argument(metavar="[TICKER]...", help="All if none.")] = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """Show how good the data of the last 30 days is: days covered, gaps, stale and crossed quotes, refusals."""
    wanted = [parse_ticker(one) for one in tickers or ()]
    found, begin, now = run(_read(application(context), wanted, since))
    if as_json:
        for one in found:
            print_json({**asdict(one), "since": begin, "until": now})
        return
    if not found:
        out.print("Nothing recorded in this span.")
        return
    out.print(_table(found, f"Data from {begin:%Y-%m-%d}"))
    for one in found if wanted else ():
        _print_details(one)
    if any(one.checked < one.snapshots for one in found):
        note("crossed quotes and rejected rows are known of newer snapshots only")


async def _read(
    application: Application, tickers: Sequence[str], since: str | None
) -> tuple[Sequence[DataQuality], datetime, datetime]:
    now = application.clock.now()
    begin = parse_since(since, now, USUAL_SPAN)
    async with application.store() as store:
        return await read_quality(store.daily, tickers, begin, now), begin, now


def _table(found: Sequence[DataQuality], title: str) -> object:
    return draw_table(
        title,
        [
            Column("ticker", [one.ticker for one in found]),
            Column("provider", [one.provider or "–" for one in found], rank=1),
            Column("days", [f"{one.coverage.recorded_days}" for one in found], is_number=True),
            Column("missing", [f"{one.coverage.missing_days}" for one in found], is_number=True),
            Column("a day", [number(one.snapshots_a_day, 1) for one in found], is_number=True, rank=2),
            Column("stale", [percent(one.stale_share) for one in found], is_number=True),
            Column("crossed", [percent(one.crossed_share, 2) for one in found], is_number=True),
            Column("rejected", [percent(one.rejected_share, 2) for one in found], is_number=True, rank=1),
            Column("candidates", [count(one.candidates) for one in found], is_number=True, rank=2),
            Column("signals", [count(one.signals) for one in found], is_number=True, rank=2),
        ],
    )


def _print_details(one: DataQuality) -> None:
    out.print()
    out.print(f"{one.ticker} ({one.provider or 'unknown provider'}): {coverage_words(one.coverage)}", markup=False)
    for gap in one.coverage.gaps[:MOST_GAPS]:
        out.print(f"  missing {gap.first_on} to {gap.last_on}, {counted(gap.days, 'trading day')}")
    if len(one.coverage.gaps) > MOST_GAPS:
        out.print(f"  and {counted(len(one.coverage.gaps) - MOST_GAPS, 'gap')} more")
    shares = [(f"without {point.value}", share) for point, share in one.missing_points.items()]
    by_share = sorted(one.reasons.items(), key=lambda item: -item[1])
    names = [name for name, _ in shares] + [reason.value for reason, _ in by_share]
    values = [share for _, share in shares] + [share for _, share in by_share]
    of_what = [f"of {counted(one.expiries, 'expiry point')}"] * len(shares)
    of_what += [f"of {counted(one.candidates, 'candidate')}"] * len(by_share)
    columns = [Column("", names), Column("share", [percent(value) for value in values], is_number=True)]
    out.print(draw_table(None, [*columns, Column("", of_what, rank=1)]))
