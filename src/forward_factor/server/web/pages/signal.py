"""One signal: its curve, its trade, why it passed, and what came of it."""

from __future__ import annotations

from forward_factor.server.web.routing import web_page
from forward_factor.server.web.signals.detail import show_study
from forward_factor.server.web.visit import Visit
from forward_factor.services.study_signal import study_signal


@web_page("/signals/{signal_id}", "Signal")
async def show_signal(visit: Visit, signal_id: str) -> None:
    """Build the page; there is none of a signal that there isn't."""
    store = visit.store
    study = await study_signal(store, store.records, store.findings, visit.user.id, signal_id, visit.now)
    show_study(visit, study)
