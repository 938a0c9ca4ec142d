"""Run benchmarks and show what they found: ``python -m benchmarks [name …] [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    backtest,
    cycle,
    decode_polygon,
    engine,
    history,
    import_bars,
    move,
    simulate_market,
    storage_size,
    store_quotes,
    web,
)
from benchmarks.figures import Figure

ALWAYS: dict[str, Callable[[], list[Figure]]] = {
    "engine": engine.measure,
    "decode": decode_polygon.measure,
    "simulate": simulate_market.measure,
    "store_quotes": store_quotes.measure,
    "import_bars": import_bars.measure,
    "move": move.measure,
    "backtest": backtest.measure,
    "cycle": cycle.measure,
    "history": history.measure,
    "web": web.measure,
}
BY_NAME = {
    **ALWAYS,
    "storage_size": storage_size.measure,
    "cycle_full": cycle.measure_full,
    "history_full": history.measure_full,
}


def main() -> None:
    """Measure what is asked for."""
    arguments = _parse_arguments()
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: whatever else runs here is in the figures.")
    console.print("Works take turns, the median of their rounds counts; ratios hold better than rates.\n")
    found: dict[str, list[Figure]] = {}
    for name in arguments.names or ALWAYS:
        found[name] = BY_NAME[name]()
        console.print(_table(name, found[name]))
    if arguments.json:
        rows = [{"benchmark": name, **asdict(figure)} for name, figures in found.items() for figure in figures]
        arguments.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    missed = [
        figure.what for figures in found.values() for figure in figures if figure.target and not figure.target.is_met
    ]
    console.print(f"missed: {'; '.join(missed)}" if missed else "All targets are met.")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known = f"of {', '.join(BY_NAME)}; by default {', '.join(ALWAYS)}"
    parser.add_argument("names", nargs="*", type=_name, metavar="name", help=known)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def _name(text: str) -> str:
    if text not in BY_NAME:
        raise argparse.ArgumentTypeError(f"no benchmark is called {text!r}: there are {', '.join(BY_NAME)}")
    return text


def _table(title: str, figures: Iterable[Figure]) -> Table:
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    drawn.add_column("what")
    drawn.add_column("figure", justify="right")
    drawn.add_column("unit")
    drawn.add_column("baseline of the same run")
    drawn.add_column("figure", justify="right")
    drawn.add_column("ratio", justify="right")
    drawn.add_column("target")
    drawn.add_column("")
    for figure in figures:
        drawn.add_row(figure.what, _number(figure.value), figure.unit, *_baseline(figure), *_verdict(figure))
    return drawn


def _baseline(figure: Figure) -> tuple[str, str, str]:
    known = figure.baseline
    return (known.name, _number(known.value), f"{known.ratio:.2f}") if known else ("–", "", "")


def _verdict(figure: Figure) -> tuple[str, str]:
    if figure.target is None:
        return "–", ""
    return figure.target.text, "[green]met[/]" if figure.target.is_met else "[bold red]missed[/]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
