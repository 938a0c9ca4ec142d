"""Tables that fit the terminal: a column that has no room is left out as a whole and named, never cut in its cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.table import Table
from rich.text import Text

from forward_factor.cli.console import out

GAP = 2


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column and its cells, in rich markup.

    Attributes:
        rank: 0 for one that is always shown; of the others the highest go first where there is no room.
        wraps_to: the narrowest width the cells may be wrapped to; None where they may not.

    """

    name: str
    cells: Sequence[str]
    is_number: bool = False
    rank: int = 0
    wraps_to: int | None = None

    @property
    def narrowest(self) -> int:
        """Return the characters this column needs."""
        texts = (Text.from_markup(cell) for cell in (self.name, *self.cells))
        widest = max(line.cell_len for text in texts for line in text.split(allow_blank=True))
        return widest if self.wraps_to is None else min(widest, self.wraps_to)


def draw_table(title: str | None, columns: Sequence[Column], width: int | None = None) -> Table:
    """Return the columns as a table within ``width``, the terminal's if None."""
    kept = _that_fit(columns, width or out.width)
    drawn = Table(title=title, title_justify="left", header_style="bold", pad_edge=False, box=None)
    for column in kept:
        drawn.add_column(
            column.name,
            justify="right" if column.is_number else "left",
            no_wrap=column.wraps_to is None,
            overflow="fold",
        )
    for row in zip(*(column.cells for column in kept), strict=True):
        drawn.add_row(*row)
    if len(kept) < len(columns):
        left_out = ", ".join(column.name for column in columns if column not in kept)
        drawn.caption, drawn.caption_justify = f"too narrow for: {left_out}", "left"
    return drawn


def draw_side_by_side(labels: Column, columns: Sequence[Column]) -> Iterator[Table]:
    """Yield tables of ``labels`` with as many of the ``columns`` beside them as fit, until all are drawn."""
    rest = list(columns)
    while rest:
        ends = accumulate((GAP + column.narrowest for column in rest), initial=labels.narrowest)
        fitting = max(1, sum(end <= out.width for end in ends) - 1)
        yield draw_table(None, [labels, *rest[:fitting]])
        rest = rest[fitting:]


def _that_fit(columns: Sequence[Column], width: int) -> list[Column]:
    left = width + GAP
    kept = []
    for column in sorted(columns, key=lambda one: one.rank):
        needed = column.narrowest + GAP
        if column.rank == 0 or needed <= left:
            kept.append(column)
            left -= needed
    return [column for column in columns if column in kept]
