"""Administration: what is in the store, and how it keeps it."""

from __future__ import annotations

from forward_factor.server.web.admin_parts import admin_head, size
from forward_factor.server.web.formats import MISSING
from forward_factor.server.web.parts import Column, Row, facts, note, panel, table
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.storage.status import StoreStatus

TABLES = (Column("name", "Table"), Column("rows", "Rows", is_number=True, sort_by="count"))
HYPERTABLES = (
    Column("name", "Hypertable"),
    Column("interval", "A chunk is"),
    Column("chunks", "Chunks", is_number=True),
    Column("compressed", "Compressed", is_number=True),
    Column("size", "On disk", is_number=True, sort_by="bytes"),
    Column("before", "Its compressed chunks before", is_number=True, sort_by="bytes_before"),
    Column("after", "and after", is_number=True, sort_by="bytes_after"),
    Column("ratio", "Ratio", is_number=True, sort_by="times"),
)
POLICIES = (Column("procedure", "Policy"), Column("relation", "On"), Column("config", "Settings"))


@web_page("/admin/store", "Store", for_admins=True)
async def show_store(visit: Visit) -> None:
    """Build the page."""
    status, health = await visit.store.status(), await visit.store.health()
    admin_head("/admin/store")
    with panel("Store"):
        can, pool = status.capabilities, health.pool
        behind = "" if status.level.is_newest else f"; this program's is {status.level.newest}"
        facts(
            {
                "Engine": f"{can.engine} {can.version}",
                "TimescaleDB": f"{can.timescale} ({can.edition})" if can.timescale else "none",
                "At": status.location,
                "Size": size(status.size_bytes),
                "Schema": f"{status.level.current or 'none'}{behind}",
                "A question that costs nothing takes": f"{health.latency_ms:.1f} ms",
                "Connections to the database": MISSING if status.connections is None else f"{status.connections:,}",
                "Of this process": f"{pool.in_use} in use, {pool.idle} idle, at most {pool.most}" if pool else MISSING,
            }
        )
        if can.shortfall:
            note(f"What this store lacks: {can.shortfall}.")
    _timescale(status)
    with panel("Tables"):
        table(TABLES, _table_rows(status), "name", "No tables")
        if status.estimated:
            note("≈: at least so many; the planner's word.")


def _timescale(status: StoreStatus) -> None:
    if not status.capabilities.has_hypertables:
        with panel("Hypertables, aggregates, policies"):
            note("This store has plain tables and views in their place: only TimescaleDB has these.")
        return
    with panel("Hypertables"):
        table(HYPERTABLES, _hypertable_rows(status), "name", "None")
    with panel("Continuous aggregates and policies"):
        facts(
            {
                "Aggregates": ", ".join(status.aggregates) or "none",
                "Retention": ", ".join(one.relation for one in status.retention) or "off: nothing is dropped",
            }
        )
        rows = [
            {"key": place, "procedure": one.procedure, "relation": one.relation, "config": one.config}
            for place, one in enumerate(status.policies)
        ]
        table(POLICIES, rows, "key", "None").classes("wraps")


def _table_rows(status: StoreStatus) -> list[Row]:
    return [
        {"name": name, "rows": ("≈ " if name in status.estimated else "") + f"{count:,}", "count": count}
        for name, count in sorted(status.rows.items())
    ]


def _hypertable_rows(status: StoreStatus) -> list[Row]:
    return [
        {
            "name": one.name,
            "interval": one.chunk_interval,
            "chunks": one.chunks,
            "compressed": one.compressed_chunks,
            "size": size(one.size_bytes),
            "bytes": one.size_bytes,
            "before": MISSING if one.bytes_before is None else size(one.bytes_before),
            "bytes_before": one.bytes_before,
            "after": MISSING if one.bytes_after is None else size(one.bytes_after),
            "bytes_after": one.bytes_after,
            "ratio": MISSING if one.compression_ratio is None else f"{one.compression_ratio:.1f} : 1",
            "times": one.compression_ratio,
        }
        for one in status.hypertables
    ]
