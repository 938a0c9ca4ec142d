"""The options of ``backtest``, each with what it means."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from forward_factor.backtest.fills import Fill
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure

_SOURCE, _ENTRY, _EXIT, _SIZE, _COST, _OUTPUT = "Source", "Entry", "Exit", "Size and limits", "Costs", "Output"
_DAY = ["%Y-%m-%d"]

Tickers = Annotated[list[str] | None, typer.Argument(metavar="[TICKER]...", help="What to test; all if none.")]
Chains = Annotated[
    list[Path] | None,
    typer.Option(help="Chain file (CSV, csv.gz, Parquet), directory or pattern; may repeat.", rich_help_panel=_SOURCE),
]
FromStore = Annotated[bool, typer.Option("--from-store", help="Stored chains.", rich_help_panel=_SOURCE)]
Provider = Annotated[
    str | None, typer.Option(help="Whose stored chains, where several were recorded.", rich_help_panel=_SOURCE)
]
Start = Annotated[datetime | None, typer.Option(formats=_DAY, help="First New York date.", rich_help_panel=_SOURCE)]
End = Annotated[datetime | None, typer.Option(formats=_DAY, help="Last New York date.", rich_help_panel=_SOURCE)]
Events = Annotated[
    Path | None,
    typer.Option(
        "--events",
        "--earnings",
        help="CSV of announcements and splits for chain files; the store has its own.",
        rich_help_panel=_SOURCE,
    ),
]

Pairs = Annotated[
    list[str] | None, typer.Option("--pair", help="30/60 or 30/60±5/10; may repeat.", rich_help_panel=_ENTRY)
]
Point = Annotated[VolPoint, typer.Option("--vol-point", help="Gate of single calendars.", rich_help_panel=_ENTRY)]
Threshold = Annotated[
    float | None, typer.Option(help="Smallest forward factor; by default the setting's.", rich_help_panel=_ENTRY)
]
StructureOption = Annotated[
    Structure, typer.Option("--structure", help="Double: both 35 delta calendars.", rich_help_panel=_ENTRY)
]
Stability = Annotated[int, typer.Option(help="Snapshots in a row that must signal.", rich_help_panel=_ENTRY)]
MaxSpread = Annotated[
    float | None, typer.Option(help="Widest (ask - bid) / mid behind a vol point.", rich_help_panel=_ENTRY)
]
MinOpenInterest = Annotated[int | None, typer.Option(help="Behind a vol point.", rich_help_panel=_ENTRY)]
MinVolume = Annotated[int | None, typer.Option(help="Behind a vol point.", rich_help_panel=_ENTRY)]

ExitDays = Annotated[int, typer.Option(help="Sessions before the front expiry.", rich_help_panel=_EXIT)]
Target = Annotated[float | None, typer.Option(help="Gain at mid, share of the debit.", rich_help_panel=_EXIT)]
Stop = Annotated[float | None, typer.Option(help="Loss at mid, share of the debit.", rich_help_panel=_EXIT)]

Bankroll = Annotated[float, typer.Option(help="Dollars.", rich_help_panel=_SIZE)]
Risk = Annotated[float, typer.Option(help="Share of the bankroll a trade may lose.", rich_help_panel=_SIZE)]
WinRate = Annotated[
    float | None, typer.Option(help="With --win-loss: a quarter of Kelly instead of --risk.", rich_help_panel=_SIZE)
]
WinLoss = Annotated[float | None, typer.Option(help="Mean win over mean loss.", rich_help_panel=_SIZE)]
Capacity = Annotated[
    float, typer.Option(help="Largest share of volume and open interest; 0: no limit.", rich_help_panel=_SIZE)
]
MaxPositions = Annotated[int, typer.Option(help="Open at a time.", rich_help_panel=_SIZE)]
MaxAtRisk = Annotated[float, typer.Option(help="Largest share of the bankroll at risk.", rich_help_panel=_SIZE)]

FillOption = Annotated[Fill, typer.Option("--fill", help="The one to put first; all are shown.", rich_help_panel=_COST)]
PartialShare = Annotated[float, typer.Option(help="Share of the half-spread of a partial fill.", rich_help_panel=_COST)]
Commission = Annotated[float, typer.Option(help="Dollars a contract and leg, in and out.", rich_help_panel=_COST)]

Sweep = Annotated[
    list[str] | None,
    typer.Option(help="NAME=VALUE,VALUE: every combination is a trial; may repeat.", rich_help_panel=_OUTPUT),
]
Trials = Annotated[int, typer.Option(min=1, help="Trials made in all, earlier ones too.", rich_help_panel=_OUTPUT)]
Seed = Annotated[int, typer.Option(min=0, help="Of the bootstrap intervals.", rich_help_panel=_OUTPUT)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=_OUTPUT)]
Report = Annotated[Path | None, typer.Option(help="HTML report to write.", rich_help_panel=_OUTPUT)]
