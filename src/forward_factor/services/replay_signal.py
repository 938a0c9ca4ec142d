"""Replay: compute a stored signal again from its stored quotes, and compare to the last bit."""

from __future__ import annotations

from dataclasses import dataclass, fields

from forward_factor.core.scan import scan_chains
from forward_factor.errors import NotFound
from forward_factor.services.candidate_table import view_candidates
from forward_factor.services.find_signal import find_signal
from forward_factor.services.ports import Findings
from forward_factor.services.views import CandidateView


@dataclass(frozen=True, slots=True)
class Replay:
    """A candidate as it was stored and as it comes out now."""

    stored: CandidateView
    replayed: CandidateView

    @property
    def differences(self) -> tuple[str, ...]:
        """Return the fields that are not equal, bit for bit."""
        names = (field.name for field in fields(CandidateView))
        return tuple(name for name in names if getattr(self.stored, name) != getattr(self.replayed, name))


async def replay_signal(findings: Findings, signal_id: str) -> Replay:
    """Return the stored and the recomputed candidate behind a signal, named by its id or how that begins.

    Raises:
        InvalidInput: several signals begin so.
        NotFound: there is no such signal, or its quotes were not kept (signals moved from the old bot).

    """
    signal = await find_signal(findings, signal_id)
    scan = await findings.stored_scan(signal)
    if scan is None:
        raise NotFound(f"signal {signal.id} cannot be replayed: the quotes it was made from were not kept")
    batch = scan_chains([scan.chain], [scan.surroundings], scan.rules)
    same = (scan.candidate.pair, scan.candidate.vol_point)
    replayed = next(one for one in view_candidates(batch) if (one.pair, one.vol_point) == same)
    return Replay(scan.candidate, replayed)
