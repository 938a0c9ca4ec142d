"""Statements of a move on PostgreSQL and TimescaleDB."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.storage.transfer.catalogue import TableSpec

INCOMING = "transfer_incoming"


def listed(names: Sequence[str], of: str = "") -> str:
    """Return quoted names, comma-separated."""
    return ", ".join(f'{of}"{name}"' for name in names)


def totals(table: TableSpec) -> str:
    """Return the query of row count and digest sum of all rows; ``$1`` is the run whose own rows don't count."""
    return (
        "SELECT count(*), coalesce(sum(substr(sha256(record_send(r))::text, 2, 17)::bit(64)::bigint), 0) "
        f"FROM ({_rows(table)}) r"
    )


def digests(table: TableSpec) -> str:
    """Return the query of every row's key digest, digest, and key for people."""
    key = listed(table.key, "r.")
    return (
        f"SELECT sha256(record_send(ROW({key}))), sha256(record_send(r)), json_build_array({key})::text "
        f"FROM ({_rows(table)}) r"
    )


def delete_keys(table: TableSpec) -> str:
    """Return the statement that deletes rows by their keys as ``digests`` shows them."""
    return f'DELETE FROM "{table.name}" WHERE json_build_array({listed(table.key)})::text = ANY($1)'


def delete_rows(table: TableSpec) -> str:
    """Return the statement that deletes rows by key and digest, both as ``digests`` shows them."""
    return f"{delete_keys(table)} AND sha256(record_send(ROW({listed(table.names)}))) = ANY($2)"


def make_incoming(table: TableSpec) -> str:
    """Return the statement that makes an empty temporary table of the table's columns."""
    return (
        f"CREATE TEMPORARY TABLE {INCOMING} ON COMMIT DROP AS "
        f'SELECT {listed(table.names)} FROM "{table.name}" WITH NO DATA'
    )


def release_unique(table: TableSpec, unique: Sequence[str]) -> str:
    """Return the statement that empties unique columns of rows about to change, so that two may swap theirs."""
    emptied = ", ".join(f'"{name}" = NULL' for name in unique)
    return f'UPDATE "{table.name}" t SET {emptied} FROM {INCOMING} i WHERE {_same_key(table)} AND {_differs(table)}'


def rivals(table: TableSpec, unique: Sequence[str]) -> str:
    """Return the query of an incoming row whose unique columns are those of another row here."""
    same = " AND ".join(f't."{name}" = i."{name}"' for name in unique)
    return f'SELECT {listed(unique, "i.")} FROM "{table.name}" t JOIN {INCOMING} i ON {same} AND t.id <> i.id LIMIT 1'


def upsert(table: TableSpec, conflict: Sequence[str]) -> str:
    """Return the statement that takes over the incoming rows, changing those that differ."""
    plain = [name for name in table.names if name not in conflict]
    changed = (
        ", ".join(f'"{name}" = excluded."{name}"' for name in plain) or f'"{conflict[0]}" = excluded."{conflict[0]}"'
    )
    return (
        f'INSERT INTO "{table.name}" AS t ({listed(table.names)}) SELECT {listed(table.names)} FROM {INCOMING} '
        f"ON CONFLICT ({listed(conflict)}) DO UPDATE SET {changed} "
        f"WHERE record_send(ROW({listed(table.names, 't.')})) <> record_send(ROW({listed(table.names, 'excluded.')}))"
    )


def replace_by_key(table: TableSpec) -> tuple[str, str]:
    """Return the statements that replace rows of a table without a key constraint."""
    return (
        f'DELETE FROM "{table.name}" t USING {INCOMING} i WHERE {_same_key(table)}',
        f'INSERT INTO "{table.name}" ({listed(table.names)}) SELECT {listed(table.names)} FROM {INCOMING}',
    )


def fill_signal_keys() -> tuple[str, str]:
    """Return the statements that make ``signal_keys`` hold the key of every signal, and of no other."""
    return _DELETE_SIGNAL_KEYS, _INSERT_SIGNAL_KEYS


def _rows(table: TableSpec) -> str:
    where = " WHERE run_id <> $1" if table.is_history else ""
    return f'SELECT {listed(table.names)} FROM "{table.name}"{where}'


def _same_key(table: TableSpec) -> str:
    names = dict.fromkeys((*table.key, *([table.time] if table.time else [])))
    return " AND ".join(f't."{name}" = i."{name}"' for name in names)


def _differs(table: TableSpec) -> str:
    return f"record_send(ROW({listed(table.names, 't.')})) <> record_send(ROW({listed(table.names, 'i.')}))"


_DELETE_SIGNAL_KEYS = """
DELETE FROM signal_keys k
 WHERE NOT EXISTS (SELECT 1 FROM signals s
                    WHERE s.id = k.signal_id AND s.as_of_ts = k.as_of_ts AND s.dedupe_key = k.dedupe_key)
"""
_INSERT_SIGNAL_KEYS = """
INSERT INTO signal_keys (dedupe_key, signal_id, as_of_ts)
SELECT DISTINCT ON (dedupe_key) dedupe_key, id, as_of_ts FROM signals WHERE dedupe_key IS NOT NULL
 ORDER BY dedupe_key, as_of_ts, id
ON CONFLICT DO NOTHING
"""
SUSPENDABLE = """
SELECT t.relname AS table_name, i.relname AS name, x.indisprimary AS is_key, x.indisunique AS is_unique,
       CASE WHEN c.oid IS NULL THEN pg_get_indexdef(i.oid) ELSE pg_get_constraintdef(c.oid) END AS definition
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.contype IN ('p', 'u')
 WHERE t.relnamespace = current_schema()::regnamespace AND t.relname = ANY($1)
   AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = i.oid)
 ORDER BY 1, 2
"""
JOBS = """
SELECT job_id FROM timescaledb_information.jobs
 WHERE scheduled AND hypertable_name IS NOT NULL AND proc_name LIKE 'policy\\_%'
"""
COMPRESS_AFTER = """
SELECT j.hypertable_name AS name, (j.config ->> 'compress_after')::interval AS after
  FROM timescaledb_information.jobs j
 WHERE j.proc_name = 'policy_compression' AND j.hypertable_schema = current_schema()
"""
CHUNKS = """
SELECT format('%I.%I', chunk_schema, chunk_name) FROM timescaledb_information.chunks
 WHERE hypertable_schema = current_schema() AND hypertable_name = $1 AND range_end < now() - $2::interval
 ORDER BY range_start
"""
INTERVALS = """
SELECT hypertable_name AS name, time_interval::text AS span FROM timescaledb_information.dimensions
 WHERE hypertable_schema = current_schema() AND hypertable_name = ANY($1)
"""
SETTINGS = """
SELECT set_config(s.name, w.value, false) FROM pg_settings s JOIN (VALUES
  ('bytea_output', 'hex'), ('jit', 'off'),
  ('synchronous_commit', 'off'), ('work_mem', '65536'), ('maintenance_work_mem', '262144'),
  ('default_toast_compression', 'lz4'), ('timescaledb.max_tuples_decompressed_per_dml_transaction', '0')
) AS w (name, value) ON w.name = s.name AND (s.enumvals IS NULL OR w.value = ANY(s.enumvals))
"""
