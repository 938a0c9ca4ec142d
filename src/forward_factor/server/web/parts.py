"""What pages are put together from: headings, panels, facts, tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nicegui import ui

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``name`` is the key of its values in a row.

    Attributes:
        sort_by: the key of what it is sorted by, where that is not what is shown: a number beside its text.

    """

    name: str
    label: str
    is_number: bool = False
    sort_by: str | None = None

    def as_quasar(self) -> dict[str, Any]:
        """Return the column as Quasar's table takes it."""
        key = self.sort_by or self.name
        return {
            "name": self.name,
            "label": self.label,
            "field": self.name,
            "align": "right" if self.is_number else "left",
            "classes": "num" if self.is_number else "",
            "headerClasses": "num" if self.is_number else "",
            "sortable": True,
            ":sort": f"(_a, _b, x, y) => (x[{key!r}] ?? -Infinity) < (y[{key!r}] ?? -Infinity) ? -1 : 1",
        }


def title(words: str) -> None:
    """Write the page's heading, one a page."""
    ui.label(words).classes("title").props("role=heading aria-level=1")


def subtitle(words: str) -> None:
    """Write the heading of a part."""
    ui.label(words).classes("subtitle").props("role=heading aria-level=2")


@contextmanager
def panel(heading: str | None = None) -> Iterator[None]:
    """Build a part of the page on its own surface."""
    with ui.element("section").classes("panel"):
        if heading:
            subtitle(heading)
        yield


def note(words: str) -> None:
    """Write what explains, or says that there is nothing yet and what to do about it."""
    ui.label(words).classes("muted")


def facts(values: Mapping[str, str]) -> None:
    """Write names and what they are, one a line."""
    with ui.element("dl").classes("facts"):
        for name, value in values.items():
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value)


def table(columns: Sequence[Column], rows: Sequence[Row], row_key: str, empty: str) -> ui.table:
    """Draw rows; sorted by a click on a heading, scrolled sideways where narrow. All values are shown as text."""
    drawn = ui.table(
        columns=[one.as_quasar() for one in columns], rows=list(rows), row_key=row_key, pagination={"rowsPerPage": 0}
    )
    return drawn.props(f'flat dense hide-pagination no-data-label="{empty}"').classes("data")
