"""Settings: every rule with its unit, bounds and default, and what it would have told of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from nicegui import ui

from forward_factor.core.account_settings import AccountSettings
from forward_factor.errors import InvalidInput
from forward_factor.server.web.alert_forecast import AlertForecast, alerts_of
from forward_factor.server.web.parts import note, panel, subtitle, title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.setting_controls import Control, draw_control
from forward_factor.server.web.setting_fields import FIELDS, GROUPS, Group, described, parsed
from forward_factor.server.web.visit import Action, Visit
from forward_factor.services.change_settings import change_settings
from forward_factor.services.read_settings import read_stored_settings

SETTLES_AFTER_S = 0.35
"""How long nothing must be typed before alerts are counted anew."""


@web_page("/settings", "Settings")
async def show_settings(visit: Visit) -> None:
    """Build the page."""
    title("Settings")
    stored = await read_stored_settings(visit.store, visit.user.id, visit.backend.application.account_settings)
    if stored.unread:
        with panel("Settings that could not be read"):
            for one in stored.unread:
                note(f"{FIELDS[one.name].label}: {one.stored} means nothing here; the default is used. ({one.reason})")
    await _SettingsPage(visit).build()


class _SettingsPage:
    """What stands in the boxes, what of it differs from what is kept, and what that would come to."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._controls: dict[str, Control] = {}
        self._draft: dict[str, object] = {}
        self._reset: set[str] = set()
        self._faults: dict[str, str] = {}
        self._edits = 0

    @property
    def _defaults(self) -> AccountSettings:
        return self._visit.backend.application.account_settings

    @property
    def _rules(self) -> AccountSettings:
        """Return the settings as they would be, were the draft kept; what is faulty stays as it is."""
        return replace(self._visit.settings, **self._draft)  # type: ignore[arg-type]

    async def build(self) -> None:
        """Draw the page."""
        with ui.element("div").classes("settings"):
            with ui.element("div"):
                for group in GROUPS:
                    self._draw(group)
            with ui.element("aside").classes("forecast"):
                self._forecast = AlertForecast(self._visit)
        self._bar = ui.element("div").classes("save-bar").props('role=region aria-label="Changes that are not saved"')
        with self._bar:
            self._told = ui.label().props("role=status")
            ui.button("Discard", on_click=self._visit.does(self._discard)).props("flat dense no-caps")
            self._saves = ui.button("Save changes", on_click=self._visit.does(self._save)).props("unelevated no-caps")
        self._bar.set_visibility(False)
        ui.timer(0.05, self._visit.does(self._count), once=True)

    def _draw(self, group: Group) -> None:
        with panel():
            with ui.element("div").classes("card-head"):
                subtitle(group.heading)
                defaults = ui.button("Use the defaults", on_click=self._visit.does(self._to_default(group)))
                defaults.props("flat dense no-caps size=sm").props["aria-label"] = f"Use the defaults: {group.heading}"
            with ui.element("div").classes("setting-grid"):
                for one in group.fields:
                    touched = self._visit.does(self._touched(one.name))
                    value = getattr(self._visit.settings, one.name)
                    self._controls[one.name] = draw_control(one, value, described(one, self._defaults), touched)

    def _touched(self, name: str) -> Action:
        async def touched() -> None:
            self._reset.discard(name)
            try:
                self._take(name, parsed(name, self._controls[name].read(), self._visit.settings))
            except InvalidInput as fault:
                self._faults[name] = str(fault)
            self._controls[name].blame(self._faults.get(name, ""))
            await self._edited()

        return touched

    def _to_default(self, group: Group) -> Action:
        async def reset() -> None:
            for one in group.fields:
                usual = getattr(self._defaults, one.name)
                self._controls[one.name].show(usual)
                self._controls[one.name].blame("")
                self._take(one.name, usual)
                if one.name in self._draft:
                    self._reset.add(one.name)
            await self._edited()

        return reset

    def _take(self, name: str, value: object) -> None:
        """Note what a box means; what is as it is kept is no change."""
        self._faults.pop(name, None)
        self._draft.pop(name, None)
        if value != getattr(self._visit.settings, name):
            self._draft[name] = value

    async def _edited(self) -> None:
        """Tell what is not saved at once, and count once nobody types any more."""
        self._edits += 1
        mine = self._edits
        self._tell()
        await asyncio.sleep(SETTLES_AFTER_S)
        if mine == self._edits:
            await self._count()

    async def _count(self) -> None:
        mine = self._edits
        found = await self._forecast.show(self._rules)
        if self._draft and mine == self._edits and found.watched:
            self._tell(f": {alerts_of(found.alerts)} in 30 days instead of {found.present_alerts}")

    def _tell(self, effect: str = "") -> None:
        changes = "1 change" if len(self._draft) == 1 else f"{len(self._draft)} changes"
        faults = "1 value" if len(self._faults) == 1 else f"{len(self._faults)} values"
        words = [f"{changes} not saved{effect}"] if self._draft else []
        words += [f"{faults} cannot be used yet"] if self._faults else []
        self._told.text = "; ".join(words)
        self._bar.set_visibility(bool(words))
        self._saves.set_enabled(bool(self._draft) and not self._faults)

    async def _save(self) -> None:
        visit = self._visit
        changes = {name: None if name in self._reset else value for name, value in self._draft.items()}
        visit.settings = await change_settings(visit.store, visit.user.id, changes, self._defaults)
        ui.notify("Saved.", type="positive")
        await self._discard()

    async def _discard(self) -> None:
        for name, control in self._controls.items():
            if name in self._draft or name in self._faults:
                control.show(getattr(self._visit.settings, name))
                control.blame("")
        self._draft.clear()
        self._faults.clear()
        self._reset.clear()
        await self._edited()
