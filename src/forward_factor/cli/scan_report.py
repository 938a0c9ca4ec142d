"""What a scan found, for a person: the signals, why the rest are none, and the nearest misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from forward_factor.cli.console import number, out, percent, table
from forward_factor.core.scan import ScanBatch
from forward_factor.services.candidate_table import view_candidates
from forward_factor.services.views import CandidateView, SignalView

MOST_ROWS = 40
FEW_CANDIDATES = 12
NUMBERS = (">front", ">back", ">fwd", ">FF", ">bid to ask", ">quality")


class ScanReport:
    """Collects the candidates of a scan and prints them at its end."""

    def __init__(self) -> None:
        self._candidates: list[CandidateView] = []

    def add(self, batch: ScanBatch) -> None:
        """Take in one batch."""
        self._candidates += view_candidates(batch)

    def print(self) -> None:
        """Write the report to stdout."""
        signals = [one for one in self._candidates if one.is_signal]
        if len(self._candidates) <= FEW_CANDIDATES:
            out.print(candidate_table("Candidates", self._candidates))
        elif signals:
            out.print(finding_table("Signals", sorted(signals, key=lambda one: -(one.ff or 0.0))[:MOST_ROWS]))
            if len(signals) > MOST_ROWS:
                out.print(f"… and {len(signals) - MOST_ROWS} more: `forward-factor signals` or --json shows all")
        else:
            out.print("No signal.")
        refused = Counter(reason for one in self._candidates for reason in one.reasons)
        if refused and len(self._candidates) > FEW_CANDIDATES:
            out.print(_reasons(refused, len(self._candidates)))


def finding_table(
    title: str, findings: Sequence[CandidateView | SignalView], ids: Sequence[str] | None = None
) -> Table:
    """Return signals, or candidates that are some, as a table that fits 120 columns; ``ids`` come last."""
    drawn = table(title, "ticker", "as of (UTC)", "pair", "point", "expiries", *NUMBERS, *(["id"] if ids else []))
    for place, one in enumerate(findings):
        drawn.add_row(
            f"[bold]{one.ticker}[/]", f"{one.as_of:%Y-%m-%d %H:%M}", one.pair or "–", one.vol_point or "–",
            expiries(one), percent(one.front_iv), percent(one.back_iv), percent(one.sigma_fwd),
            f"[bold green]{number(one.ff)}[/]", ff_range(one), number(one.quality_score, 2),
            *(ids[place : place + 1] if ids else []),
        )  # fmt: skip
    return drawn


def candidate_table(title: str, candidates: Sequence[CandidateView]) -> Table:
    """Return candidates with the reasons that refused them."""
    drawn = table(
        title,
        "ticker",
        "as of (UTC)",
        "pair",
        "point",
        "expiries",
        ">front",
        ">back",
        ">fwd",
        ">FF",
        "verdict",
    )
    for one in candidates:
        verdict = "[bold green]signal[/]" if one.is_signal else ", ".join(one.reasons)
        drawn.add_row(
            f"[bold]{one.ticker}[/]", f"{one.as_of:%Y-%m-%d %H:%M}", one.pair, one.vol_point, expiries(one),
            percent(one.front_iv), percent(one.back_iv), percent(one.sigma_fwd), number(one.ff), verdict,
        )  # fmt: skip
    drawn.columns[-1].no_wrap = False
    return drawn


def expiries(one: CandidateView | SignalView) -> str:
    """Return both expiries, the year once."""
    front = "–" if one.front_expiry is None else f"{one.front_expiry:%Y-%m-%d}"
    back = "–" if one.back_expiry is None else f"{one.back_expiry:%m-%d}"
    return f"{front} › {back}"


def ff_range(one: CandidateView | SignalView) -> str:
    """Return the forward factor across the bid-ask spread."""
    return f"{number(one.ff_low, 2)} … {number(one.ff_high, 2)}"


def _reasons(refused: Counter[str], total: int) -> Table:
    drawn = table(f"Why the others of {total:,} candidates are no signal", "reason", ">candidates")
    for reason, times in refused.most_common():
        drawn.add_row(reason, f"{times:,}")
    return drawn
