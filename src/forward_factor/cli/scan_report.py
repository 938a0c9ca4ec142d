"""What a scan found, for a person: the signals, why the rest are none, and the nearest misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from forward_factor.cli.console import number, out, percent
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.scan import ScanBatch
from forward_factor.services.candidate_table import view_candidates
from forward_factor.services.views import CandidateView, SignalView

MOST_ROWS = 40
FEW_CANDIDATES = 12
NARROWEST_VERDICT = 25

Finding = CandidateView | SignalView


class ScanReport:
    """Collects the candidates of a scan and prints them at its end."""

    def __init__(self) -> None:
        self._candidates: list[CandidateView] = []

    def add(self, batch: ScanBatch) -> None:
        """Take in one batch."""
        self._candidates += view_candidates(batch)

    def print(self) -> None:
        """Write the report to stdout."""
        if not self._candidates:
            return
        if len(self._candidates) <= FEW_CANDIDATES:
            out.print(candidate_table("Candidates", self._candidates))
            return
        self._print_signals()
        refused = Counter(reason for one in self._candidates for reason in one.reasons)
        if refused:
            out.print(_reasons(refused, len(self._candidates)))

    def _print_signals(self) -> None:
        signals = [one for one in self._candidates if one.is_signal]
        if not signals:
            out.print("No signal.")
            return
        out.print(finding_table("Signals", sorted(signals, key=lambda one: -(one.ff or 0.0))[:MOST_ROWS]))
        if len(signals) > MOST_ROWS:
            out.print(f"… and {len(signals) - MOST_ROWS} more: `forward-factor signals` or --json shows all")


def finding_table(title: str, findings: Sequence[Finding], ids: Sequence[str] | None = None) -> Table:
    """Return signals, or candidates that are some, as a table; ``ids`` come last."""
    ranges = [ff_range(one) for one in findings]
    qualities = [number(one.quality_score, 2) for one in findings]
    return draw_table(
        _title(title, findings),
        [
            *_columns(findings, "[bold green]"),
            Column("bid to ask", ranges, is_number=True, rank=4),
            Column("quality", qualities, is_number=True, rank=5),
            *([Column("id", ids)] if ids else []),
        ],
    )


def candidate_table(title: str, candidates: Sequence[CandidateView]) -> Table:
    """Return candidates with the reasons that refused them."""
    verdicts = ["[bold green]signal[/]" if one.is_signal else ", ".join(one.reasons) for one in candidates]
    return draw_table(
        _title(title, candidates),
        [*_columns(candidates), Column("verdict", verdicts, wraps_to=NARROWEST_VERDICT)],
    )


def expiries(one: Finding) -> str:
    """Return both expiries, the year once."""
    front = "–" if one.front_expiry is None else f"{one.front_expiry:%Y-%m-%d}"
    back = "–" if one.back_expiry is None else f"{one.back_expiry:%m-%d}"
    return f"{front} › {back}"


def ff_range(one: Finding) -> str:
    """Return the forward factor across the bid-ask spread."""
    if one.ff_low is None and one.ff_high is None:
        return "–"
    return f"{number(one.ff_low, 2)} … {number(one.ff_high, 2)}"


def _columns(findings: Sequence[Finding], ff_style: str = "[bold]") -> list[Column]:
    """Return the columns that all findings have; an instant that is the same for all stands in the title."""
    instants = [f"{one.as_of:%Y-%m-%d %H:%M}" for one in findings]
    return [
        Column("ticker", [f"[bold]{one.ticker}[/]" for one in findings]),
        *([Column("as of (UTC)", instants, rank=1)] if _differ(findings) else []),
        Column("pair", [one.pair or "–" for one in findings]),
        Column("point", [one.vol_point or "–" for one in findings]),
        Column("expiries", [expiries(one) for one in findings], rank=3),
        Column("front", [percent(one.front_iv) for one in findings], is_number=True, rank=2),
        Column("back", [percent(one.back_iv) for one in findings], is_number=True, rank=2),
        Column("fwd", [percent(one.sigma_fwd) for one in findings], is_number=True, rank=2),
        Column("FF", [f"{ff_style}{number(one.ff)}[/]" for one in findings], is_number=True),
    ]


def _title(title: str, findings: Sequence[Finding]) -> str:
    return title if _differ(findings) else f"{title}, {findings[0].as_of:%Y-%m-%d %H:%M} UTC"


def _differ(findings: Sequence[Finding]) -> bool:
    return len({one.as_of for one in findings}) > 1


def _reasons(refused: Counter[str], total: int) -> Table:
    reasons = refused.most_common()
    return draw_table(
        f"Refusals among {total:,} candidates",
        [
            Column("reason", [reason for reason, _ in reasons]),
            Column("candidates", [f"{times:,}" for _, times in reasons], is_number=True),
        ],
    )
