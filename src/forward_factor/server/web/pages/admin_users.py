"""Administration: all accounts, and whether they may log in."""

from __future__ import annotations

from nicegui import events, ui

from forward_factor.errors import NotAllowed
from forward_factor.server.pages import read_cursor, write_cursor
from forward_factor.server.web.admin_parts import admin_does, admin_head
from forward_factor.server.web.formats import instant
from forward_factor.server.web.parts import Column, Row, note, panel, table
from forward_factor.server.web.research_parts import address
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.disable_user import disable_user
from forward_factor.services.enable_user import enable_user
from forward_factor.services.views import UserView

USERS_A_PAGE = 100
USERS = (
    Column("email", "Address"),
    Column("role", "Role"),
    Column("state", "State"),
    Column("created", "Since", sort_by="created_at"),
    Column("telegram", "Telegram"),
    Column("id", "Id"),
    Column("action", ""),
)
_ACTION = """<q-td :props="props"><q-btn v-if="props.row.verb" flat dense no-caps color="primary"
 :label="props.row.verb" :aria-label="props.row.verb + ' ' + props.row.email"
 @click="() => $parent.$emit('switch', props.row.id)"></q-btn></q-td>"""


@web_page("/admin/users", "Users", for_admins=True)
async def show_users(visit: Visit, cursor: str | None = None) -> None:
    """Build the page of some accounts, the oldest first."""
    found = await visit.store.running.users(read_cursor(cursor), USERS_A_PAGE + 1)
    shown = {one.id: one for one in found[:USERS_A_PAGE]}
    admin_head("/admin/users")
    with panel("Users"):
        drawn = table(USERS, [_row(visit, one) for one in shown.values()], "id", "No accounts").classes("acts")
        drawn.add_slot("body-cell-action", _ACTION)
        drawn.on("switch", lambda event: _ask(visit, shown, event))
        note("A disabled account is logged out and cannot log in; its watchlist is not scanned. All it holds stays.")
        with ui.element("div").classes("bar"):
            if cursor is not None:
                ui.link("The first accounts", "/admin/users")
            if len(found) > USERS_A_PAGE:
                last = found[USERS_A_PAGE - 1]
                following = write_cursor(PagePlace(last.created_at, last.id))
                ui.link("More accounts", address("/admin/users", cursor=following))


def _row(visit: Visit, one: UserView) -> Row:
    return {
        "id": one.id,
        "email": one.email or "none",
        "role": one.role.value,
        "state": "active" if one.is_active else "disabled",
        "created": instant(one.created_at, visit.zone),
        "created_at": one.created_at.timestamp() if one.created_at else None,
        "telegram": "linked" if one.telegram_chat_id else "",
        "verb": "" if one.id == visit.user.id else "Disable" if one.is_active else "Enable",
    }


def _ask(visit: Visit, shown: dict[str, UserView], event: events.GenericEventArguments) -> None:
    """Ask before an account is disabled or enabled."""
    user = shown.get(str(event.args))
    if user is None:
        return

    async def switch() -> None:
        dialog.close()
        await _switch(visit, user)

    with ui.dialog(value=True) as dialog, ui.card():
        name = user.email or user.id
        ui.label(f"Disable {name}? They are logged out at once." if user.is_active else f"Enable {name}?")
        with ui.element("div").classes("bar"):
            ui.button("Disable" if user.is_active else "Enable", on_click=admin_does(visit, switch)).props("no-caps")
            ui.button("Cancel", on_click=dialog.close).props("flat no-caps")


async def _switch(visit: Visit, user: UserView) -> None:
    if user.id == visit.user.id:
        raise NotAllowed("nobody disables their own account")
    if user.is_active:
        await disable_user(visit.store, visit.backend.application.clock, user.id)
    else:
        await enable_user(visit.store, user.id)
    ui.navigate.reload()
