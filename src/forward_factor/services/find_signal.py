"""The signal that somebody means by an id, or by how it begins."""

from __future__ import annotations

from forward_factor.core.accounts import is_storable
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.services.ports import Findings
from forward_factor.services.views import SignalView


async def find_signal(findings: Findings, beginning: str) -> SignalView:
    """Return the only signal whose id begins with ``beginning``.

    Raises:
        InvalidInput: several signals begin so.
        NotFound: none does.

    """
    called = await findings.signals_called(beginning) if is_storable(beginning) else ()
    if not called:
        raise NotFound(f"no signal {ascii(beginning)[:60]}: `forward-factor signals` lists them with their ids")
    if len(called) > 1:
        raise InvalidInput(f"several signals begin with {ascii(beginning)[:60]}: give more of the id")
    return called[0]
