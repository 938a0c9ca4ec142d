"""Updates, each handled at least once: they are confirmed after they were handled, not before.

The library's own updater confirms what it has only put into a queue; who dies then loses it. Handlers bear to be given
the same update twice.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from forward_factor.bot.dispatch import Library
from forward_factor.notify.redaction import redacted
from forward_factor.notify.telegram import wait_s
from forward_factor.serving.pauses import pause, until_stopped

WANTED = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
POLL_S = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S, CONFLICT_PAUSE_S = 1.0, 30.0, 5.0

log = structlog.get_logger()


async def poll_updates(library: Library, stop: asyncio.Event) -> None:
    """Fetch updates and have them handled, until ``stop``; what was begun is finished and confirmed."""
    offset, pause_s = 0, FIRST_PAUSE_S
    while not stop.is_set():
        try:
            updates = await until_stopped(stop, _fetch(library, offset)) or ()
        except TelegramError as fault:
            log.warning("updates cannot be fetched", reason=redacted(str(fault)))
            await pause(stop, _pause_s(fault, pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            continue
        await handle_updates(library, updates)
        offset, pause_s = max([offset, *(one.update_id + 1 for one in updates)]), FIRST_PAUSE_S
    if offset:
        await _confirm(library, offset)


async def _fetch(library: Library, offset: int) -> Sequence[Update]:
    if not offset:  # as long as none was fetched, a webhook of earlier days may keep them away
        await library.bot.delete_webhook()
    updates: Sequence[Update] = await library.bot.get_updates(offset=offset, timeout=POLL_S, allowed_updates=WANTED)
    return updates


async def handle_updates(library: Library, updates: Sequence[Update]) -> None:
    """Handle updates, those of a chat one after the other."""
    by_chat: dict[int, list[Update]] = defaultdict(list)
    for update in updates:
        by_chat[update.effective_chat.id if update.effective_chat else 0].append(update)
    await asyncio.gather(*(_in_turn(library, some) for some in by_chat.values()))


async def _in_turn(library: Library, updates: Sequence[Update]) -> None:
    for update in updates:
        await library.process_update(update)


async def _confirm(library: Library, offset: int) -> None:
    try:
        await library.bot.get_updates(offset=offset, limit=1, timeout=0, allowed_updates=WANTED)
    except TelegramError as fault:  # then they come again, and handlers bear it
        log.info("updates were not confirmed", reason=redacted(str(fault)))


def _pause_s(fault: TelegramError, pause_s: float) -> float:
    if isinstance(fault, RetryAfter):
        return wait_s(fault)
    if isinstance(fault, Conflict):
        return CONFLICT_PAUSE_S
    return LONGEST_PAUSE_S if isinstance(fault, InvalidToken) else pause_s
