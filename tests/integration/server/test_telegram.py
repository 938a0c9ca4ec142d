"""``telegram``: codes that link chats, and chats that go."""

from __future__ import annotations

from sqlalchemy import insert

from forward_factor.services.link_chat import link_chat
from forward_factor.services.ports.chats import Correspondent
from forward_factor.storage.tables import Delivery, table_of
from tests.integration.server.conftest import Api, assert_problem
from tests.integration.server.seeding import ANNS_CHAT, seed_ann
from tests.integration.storage.scanning import fetch


async def test_a_code_links_a_chat_once(api: Api) -> None:
    await api.join("ann")
    issued = (await api.ask("POST", "/telegram/link-code", "ann")).json()
    assert issued["expires_at"] > api.clock.now().isoformat()
    linked = await link_chat(api.store, api.clock, issued["code"], Correspondent("99", "Ann's tablet"))
    assert linked.chat.chat_id == "99"
    chats = (await api.ask("GET", "/telegram/chats", "ann")).json()["items"]
    assert [(one["chat_id"], one["title"], one["is_active"]) for one in chats] == [("99", "Ann's tablet", True)]
    assert (await api.ask("GET", "/auth/me", "ann")).json()["telegram_chat_id"] == "99"


async def test_an_unlinked_chat_takes_what_was_on_its_way_with_it(api: Api) -> None:
    seeded = await seed_ann(api)
    told = (await fetch(api.store, f"SELECT id FROM notifications WHERE user_id = '{seeded.user_id}'"))[0][0]
    now = api.clock.now()
    async with api.store.engine.begin() as connection:
        await connection.execute(
            insert(table_of(Delivery)).values(
                notification_id=told, chat_id=ANNS_CHAT, position=1, state="open", attempts=0, next_try_at=now
            )
        )
    assert_problem(await api.ask("DELETE", "/telegram/chats/5", "ann"), 404, "not_found")
    assert (await api.ask("DELETE", f"/telegram/chats/{ANNS_CHAT}", "ann")).status_code == 204
    assert (await api.ask("GET", "/telegram/chats", "ann")).json()["items"] == []
    left = {chat for (chat,) in await fetch(api.store, "SELECT chat_id FROM deliveries")}
    assert left
    assert ANNS_CHAT not in left
    assert (await api.ask("GET", "/auth/me", "ann")).json()["telegram_chat_id"] is None
