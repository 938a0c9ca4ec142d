"""A box for tickers that suggests those the store knows; what is chosen may be any other too."""

from __future__ import annotations

import asyncio
import re

from nicegui import ui

from forward_factor.server.web.visit import Action, Visit

MOST_SUGGESTED = 12
SUGGESTS_AFTER_S = 0.2
"""How long nothing must be typed; the box itself waits for nothing, so that Enter finds all that was typed."""
LONGEST_PREFIX = 15
_LIST_ID = "known-tickers"
_LAST_WORD = re.compile(r"[^\s,;]*$")


def ticker_box(visit: Visit, label: str, on_enter: Action, value: str = "") -> ui.input:
    """Draw the box, one a page; ``on_enter`` is done where Enter is pressed. Several tickers may be written in it."""
    box = ui.input(label, value=value).props("outlined dense autocomplete=off maxlength=2000")
    box.props(f"list={_LIST_ID} autocapitalize=characters spellcheck=false").classes("ticker-box")
    suggested = ui.element("datalist").props(f"id={_LIST_ID}")
    box.on("keydown.enter", visit.does(on_enter))

    async def suggest() -> None:
        before, word = _split(str(box.value or ""))
        found = await visit.store.known_tickers.beginning(word.upper(), MOST_SUGGESTED) if word else []
        suggested.clear()
        with suggested:
            for ticker in found:
                ui.element("option").props["value"] = before + ticker

    async def typed() -> None:
        written = box.value
        await asyncio.sleep(SUGGESTS_AFTER_S)
        if box.value == written:
            await visit.does(suggest)()

    box.on_value_change(typed)
    return box


def split_tickers(text: str) -> list[str]:
    """Return the words of a text as somebody pastes it, each once: spaces, commas, semicolons and lines part them."""
    return list(dict.fromkeys(one.upper() for one in re.split(r"[\s,;]+", text) if one))


def _split(text: str) -> tuple[str, str]:
    """Return what stands before the last word, and that word, as far as it may begin a ticker."""
    found = _LAST_WORD.search(text)
    start = found.start() if found else len(text)
    return text[:start], text[start:][:LONGEST_PREFIX]
