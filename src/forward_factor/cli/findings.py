"""``signals``, ``why`` and ``replay``: what was found, why, and whether it comes out the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, complain, count, number, out, percent, print_json, run
from forward_factor.cli.plots import draw_term_structure
from forward_factor.cli.scan_report import ff_range, finding_table
from forward_factor.cli.tables import Column, draw_side_by_side, draw_table
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.services.explain_ticker import Explanation, explain_ticker
from forward_factor.services.replay_signal import Replay, replay_signal
from forward_factor.services.views import CandidateView, SignalView

FAILED = 1
SHORT_ID = 8
NARROWEST_VALUE = 22
GATES = (
    "verdict", "front expiry", "back expiry", "front vol", "back vol", "forward vol", "forward factor",
    "from bid to ask", "without earnings", "widest spread", "least open interest", "least volume",
    "earnings", "quality, 0 to 1", "flags",
)  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def signals(
    context: typer.Context,
    ticker: Annotated[str | None, typer.Option(help="Only this ticker.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only from this instant on: 2026-08-19 or 2026-08-19T20:00Z.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List stored signals, the newest first."""
    wanted = parse_ticker(ticker) if ticker else None
    found = run(_signals(application(context), wanted, parse_instant(since) if since else None, limit))
    if as_json:
        for signal in found:
            print_json(asdict(signal))
        return
    if not found:
        out.print("No signal stored. `forward-factor why TICKER` says why a ticker has none.")
        return
    out.print(finding_table("Signals", found, [signal.id[:SHORT_ID] for signal in found]))


async def _signals(
    application: Application, ticker: str | None, since: datetime | None, limit: int
) -> list[SignalView]:
    async with application.store() as store:
        return list(await store.findings.signals(ticker, since, limit))


def why(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(help="Which ticker.")],
    at: Annotated[
        str | None, typer.Option(help="The last scan at or before this instant, else the last of all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say, gate by gate, why a ticker's last scan gave a signal or none."""
    explained = run(_explain(application(context), parse_ticker(ticker), parse_instant(at) if at else None))
    if as_json:
        print_json(asdict(explained))
        return
    _print_explanation(explained)


async def _explain(application: Application, ticker: str, at: datetime | None) -> Explanation:
    async with application.store() as store:
        return await explain_ticker(store.findings, ticker, at)


def _print_explanation(explained: Explanation) -> None:
    best = max(explained.candidates, key=lambda one: one.ff if one.ff is not None else -9.0, default=None)
    title = f"{explained.ticker} {explained.as_of:%Y-%m-%d %H:%M} UTC ({explained.provider})"
    out.print(draw_term_structure(title, explained.term_structure, best, out.width))
    gates = [Column(f"{one.pair} {one.vol_point}", _gates(one), is_number=True) for one in explained.candidates]
    for drawn in draw_side_by_side(Column("", GATES), gates):
        out.print()
        out.print(drawn)


def _gates(one: CandidateView) -> list[str]:
    """Return what a candidate was judged on, in the order of ``GATES``."""
    return [
        "[bold green]signal[/]" if one.is_signal else f"[yellow]{_stacked(one.reasons)}[/]",
        _expiry(one.front_expiry, one.front_dte),
        _expiry(one.back_expiry, one.back_dte),
        percent(one.front_iv, 2),
        percent(one.back_iv, 2),
        percent(one.sigma_fwd, 2),
        number(one.ff, 4),
        ff_range(one),
        number(one.ff_ex_earnings, 4),
        percent(one.bid_ask_pct),
        count(one.open_interest),
        count(one.volume),
        "–" if one.earnings_on is None else f"{one.earnings_on}",
        number(one.quality_score, 2),
        _stacked(one.flags),
    ]


def _expiry(on: date | None, dte: int | None) -> str:
    return "–" if on is None else f"{on} ({dte} d)"


def _stacked(words: Sequence[str]) -> str:
    return "\n".join(words) or "–"


def replay(
    context: typer.Context,
    signal_id: Annotated[str, typer.Argument(help="Id of a signal from `signals`, or how it begins.")],
    as_json: AsJson = False,
) -> None:
    """Compute a stored signal again from its stored quotes; exit 1 if a single bit differs."""
    storable = signal_id.encode(errors="replace").decode()  # no store takes the halves of broken characters
    replayed = run(_replay(application(context), storable))
    if as_json:
        print_json({**asdict(replayed), "differences": replayed.differences, "equal": not replayed.differences})
    else:
        _print_replay(replayed)
    if replayed.differences:
        complain(f"the replay differs in {', '.join(replayed.differences)}")
        raise typer.Exit(FAILED)


async def _replay(application: Application, signal_id: str) -> Replay:
    async with application.store() as store:
        return await replay_signal(store.findings, signal_id)


def _print_replay(replayed: Replay) -> None:
    one = replayed.stored
    names = [field.name for field in fields(CandidateView)]
    verdicts = ["[red]differs[/]" if name in replayed.differences else "[green]=[/]" for name in names]
    columns = [
        Column("field", names),
        Column("stored", [_shown(getattr(replayed.stored, name)) for name in names], wraps_to=NARROWEST_VALUE),
        Column("replayed", [_shown(getattr(replayed.replayed, name)) for name in names], wraps_to=NARROWEST_VALUE),
        Column("", verdicts),
    ]
    out.print(draw_table(f"{one.ticker} {one.as_of:%Y-%m-%d %H:%M:%S} UTC {one.pair} {one.vol_point}", columns))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return repr(value) if isinstance(value, float) else str(value)


def parse_instant(text: str) -> datetime:
    """Return an ISO 8601 instant; without a zone it is UTC."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(f"{ascii(text)[:40]} is no instant: write 2026-08-19 or 2026-08-19T20:00:00Z") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
