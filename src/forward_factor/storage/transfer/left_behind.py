"""What the way back to the old bot's schema leaves behind, for it has no place for it."""

from __future__ import annotations

from forward_factor.storage.transfer.catalogue import own_catalogue
from forward_factor.storage.transfer.sources import Source


async def values_left_behind(source: Source) -> dict[str, int]:
    """Return how many values lie in tables and columns of a source of ours that are not read, where there are any."""
    if source.is_legacy:
        return {}
    read = {table.name: set(table.names) for table in source.tables}
    left: dict[str, int] = {}
    for table in own_catalogue():
        names = [name for name in table.names if name not in read.get(table.name, set())]
        if table.is_history or not names:
            continue
        counted = ", ".join(f'count("{name}")' for name in names) if table.name in read else "count(*)"
        (counts,) = await source.fetch(f'SELECT {counted} FROM "{table.name}"')
        labels = [f"{table.name}.{name}" for name in names] if table.name in read else [table.name]
        left |= {label: count for label, count in zip(labels, counts, strict=True) if count}
    return left
