"""All commands, in the order in which they are listed."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Command, Desk, Reply
from forward_factor.bot.handlers.history import history
from forward_factor.bot.handlers.link import link
from forward_factor.bot.handlers.me import me
from forward_factor.bot.handlers.pause import pause, resume
from forward_factor.bot.handlers.price import price
from forward_factor.bot.handlers.settings import set_, settings
from forward_factor.bot.handlers.signals import signals
from forward_factor.bot.handlers.start import start
from forward_factor.bot.handlers.term import term
from forward_factor.bot.handlers.watch import add, list_, remove, watchlist
from forward_factor.bot.handlers.why import why


async def help_(_desk: Desk, _call: Call) -> Reply:
    """List all commands."""
    return Reply(messages.help_text([(one.name, one.usage, one.summary) for one in COMMANDS]))


COMMANDS = (
    Command("start", "", "begin", start),
    Command("help", "", "what I can do", help_),
    Command("link", "[CODE]", "make this chat part of your account, or get a code for another chat", link),
    Command("add", "TICKER…", "watch tickers", add),
    Command("remove", "TICKER…", "watch them no longer", remove),
    Command("list", "", "what you watch", list_),
    Command("watchlist", "add|remove|list", "the same in one command", watchlist),
    Command("signals", "[TICKER]", "the newest signals", signals),
    Command("history", "", "what you placed and ignored", history),
    Command("price", "DEBIT [CONTRACTS]", "note the entry of what you placed last", price),
    Command("settings", "", "what you are told about", settings),
    Command("set", "NAME VALUE", "change a setting", set_),
    Command("why", "TICKER", "why there was a signal, or not", why),
    Command("term", "TICKER", "a picture of the term structure", term),
    Command("pause", "", "let no alerts come", pause),
    Command("resume", "", "let them come again", resume),
    Command("me", "", "whose chat this is", me),
)
