"""What the pages for administrators have in common."""

from __future__ import annotations

from functools import wraps
from typing import Any

from nicegui import ui

from forward_factor.errors import NotAllowed
from forward_factor.server.web.parts import title
from forward_factor.server.web.visit import Action, Visit

VIEWS = (("/admin", "At work"), ("/admin/store", "Store"), ("/admin/users", "Users"))
_KIB = 1024


def admin_head(path: str) -> None:
    """Write the heading and the way to the other pages for administrators."""
    title("Administration")
    with ui.element("nav").props('aria-label="Views"').classes("views"):
        for end, name in VIEWS:
            link = ui.link(name, end)
            if end == path:
                link.props("aria-current=page")


def admin_does(visit: Visit, action: Action) -> Action:
    """Return ``action`` as an event of an administrator may call it, for as long as they are one."""

    @wraps(action)
    async def act(*given: Any) -> None:
        if not visit.is_admin:
            raise NotAllowed("this is for administrators")
        await action(*given)

    return visit.does(act)


def size(value: int) -> str:
    """Return bytes in a unit that people read: ``12.4 MiB``."""
    amount, units = float(value), ["bytes", "KiB", "MiB", "GiB"]
    while amount >= _KIB and len(units) > 1:
        amount /= _KIB
        units.pop(0)
    return f"{amount:,.0f} {units[0]}" if units[0] == "bytes" else f"{amount:,.1f} {units[0]}"
