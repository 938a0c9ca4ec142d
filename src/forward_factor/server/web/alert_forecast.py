"""What rules would have told of in the last 30 days, beside the rules while they are edited."""

from __future__ import annotations

from nicegui import ui

from forward_factor.core.account_settings import AccountSettings
from forward_factor.server.web.formats import instant
from forward_factor.server.web.links import why_path
from forward_factor.server.web.parts import note, panel
from forward_factor.server.web.visit import Visit
from forward_factor.services.preview_alerts import AlertPreview, Gap, preview_alerts

MOST_SHOWN = 12


class AlertForecast:
    """A panel that counts alerts under given rules against those in force."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with panel("With these rules, in the last 30 days"):
            self._place = ui.element("div").props("role=status aria-live=polite")
            with self._place:
                note("Counting …")

    async def show(self, rules: AccountSettings) -> AlertPreview:
        """Count, draw, and return what was counted."""
        visit = self._visit
        store, clock = visit.store, visit.backend.application.clock
        found = await preview_alerts(store, store.scan_records, clock, visit.user.id, rules, visit.settings)
        self._place.clear()
        with self._place:
            self._draw(found, rules)
        return found

    def _draw(self, found: AlertPreview, rules: AccountSettings) -> None:
        if not found.watched:
            note("You watch no ticker yet, so there is nothing to count.")
            ui.link("Add your first ticker", "/watchlist")
            return
        ui.label(alerts_of(found.alerts)).classes("figure")
        if rules != self._visit.settings:
            ui.label(f"under the rules in force: {alerts_of(found.present_alerts)}").classes("muted")
        for one in found.tickers[:MOST_SHOWN]:
            with ui.element("div").classes("forecast-row"):
                ui.link(one.ticker, why_path(one.ticker))
                ui.label(f"{one.alerts}").classes("num")
                ui.label(f"now {one.present_alerts}" if rules != self._visit.settings else "").classes("muted num")
        if len(found.tickers) > MOST_SHOWN:
            note(f"and {len(found.tickers) - MOST_SHOWN} more tickers")
        for words in self._basis(found, rules):
            note(words)

    def _basis(self, found: AlertPreview, rules: AccountSettings) -> list[str]:
        """Return what the count rests on, and what it leaves out."""
        days = "1 day" if found.recorded_days == 1 else f"{found.recorded_days} days"
        words = [f"{days} recorded, {found.scans:,} scans of the {found.watched} tickers you watch."]
        if found.is_cut:
            words.append(
                f"There is more than is counted at once: counted from {instant(found.since, self._visit.zone)}."
            )
        words += [_told_of(gap, found.scans) for gap in found.gaps]
        if found.deferred:
            words.append(f"{found.deferred} of them would have waited for the end of the quiet hours.")
        if rules.alerts_paused:
            words.append("Alerts are paused: none of them would have been sent.")
        if rules.discovery_mode:
            words.append("Discoveries are not counted.")
        return words


def _told_of(gap: Gap, scans: int) -> str:
    what = f"{gap.pair} at {gap.vol_point}"
    if gap.scans:
        return f"{what} was computed in {gap.scans:,} of these {scans:,} scans alone, and is counted in those."
    return f"{what} was computed in none of these scans, so it counts for nothing here; once it is saved, it will be."


def alerts_of(count: int) -> str:
    """Return a number of alerts in words."""
    return "1 alert" if count == 1 else f"{count:,} alerts"
