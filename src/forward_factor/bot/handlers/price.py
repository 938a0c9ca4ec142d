"""/price, and replies to the question for it: at what price a position was entered."""

from __future__ import annotations

import re

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.core.decisions import UNCHANGED, Amendment
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.list_decisions import list_decisions
from forward_factor.services.ports import Transactions
from forward_factor.services.read_decision import find_decision

_ASKED_ABOUT = re.compile(r"\bdecision (\S{1,100})\s*$")
_ENTRY = re.compile(
    r"\$?\s*(\d{1,7}(?:[.,]\d{1,6})?)(?:(?:\s*[x*@]\s*|\s+)(\d{1,7}))?(?:\s*contracts?)?", re.IGNORECASE
)
MOST_LOOKED_AT = 50


async def price(desk: Desk, call: Call) -> Reply:
    """Note the entry of the position that was asked about, else of the last one placed that has none yet."""
    amendment = parse_entry(" ".join(call.words))
    asked = _ASKED_ABOUT.search(call.answers_to or "")
    if asked:
        decision = await find_decision(desk.store, call.user_id, asked[1])
    else:
        decision = await _last_placed(desk.store, call.user_id)
    return Reply(messages.entered(await amend_decision(desk.store, desk.clock, call.user_id, decision.id, amendment)))


def asks_for_price(text: str | None) -> bool:
    """Return whether a message of the bot's asks for an entry."""
    return _ASKED_ABOUT.search(text or "") is not None


def parse_entry(text: str) -> Amendment:
    """Return the entry meant by ``1.85 2``: the debit a share, and the number of contracts if it is said.

    Raises:
        InvalidInput: it cannot be read.

    """
    found = _ENTRY.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"write the debit a share and the number of contracts, e.g. {messages.PRICE_FORM}")
    contracts = int(found[2]) if found[2] else UNCHANGED
    return Amendment(price=float(found[1].replace(",", ".")), contracts=contracts)


async def _last_placed(store: Transactions, user_id: str) -> DecisionView:
    page = await list_decisions(store, user_id, limit=MOST_LOOKED_AT, only_open=True)
    without = [one for one in page.decisions if one.entry_price is None]
    if not page.decisions:
        raise NotFound("you have no open position: Place under an alert makes one")
    return (without or list(page.decisions))[0]
