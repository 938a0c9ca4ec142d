"""Frames to a file as they come: Parquet, Arrow IPC or CSV by the ending of its name, never all in memory.

polars' streaming engine asks for the next frame when it has written the last one, in row groups. The file has a
temporary name until it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from forward_factor.errors import AlreadyExists, InvalidInput

ROWS_A_GROUP = 131_072
INSTANTS_IN_TEXT = "%Y-%m-%dT%H:%M:%S%.6fZ"
WORDS_APART_BY = " "
Frames = Callable[[], Iterator[pl.DataFrame]]


def check_target(path: Path, *, force: bool) -> None:
    """Refuse a file that cannot become what is asked for.

    Raises:
        InvalidInput: its name has none of the endings, or there is no such folder.
        AlreadyExists: it is there, and nobody said to replace it.

    """
    if path.suffix.lower() not in _WRITERS:
        raise InvalidInput(f"{path} must end in one of {', '.join(_WRITERS)}")
    if not path.parent.is_dir():
        raise InvalidInput(f"{path} cannot be written: there is no such folder")
    if path.is_dir():
        raise InvalidInput(f"{path} cannot be written: it is a folder")
    if path.exists() and not force:
        raise AlreadyExists(f"{path} is there already: --force replaces it")


def write_frames(path: Path, schema: pl.Schema, frames: Frames) -> None:
    """Write all ``frames`` to ``path``, each of that schema; the file appears whole or not at all.

    CSV spells instants ``2026-06-01T18:00:00.000000Z`` and puts a blank between words.

    Raises:
        InvalidInput: it cannot be written.

    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")

    def give(
        _columns: list[str] | None, _predicate: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        return frames()

    try:
        _WRITERS[path.suffix.lower()](register_io_source(give, schema=schema), part)
        part.replace(path)
    except OSError as fault:
        raise InvalidInput(f"{path} cannot be written: {fault.strerror or fault}") from fault
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(frames: pl.LazyFrame, path: Path) -> None:
    frames.sink_parquet(path, row_group_size=ROWS_A_GROUP, engine="streaming")


def _write_arrow(frames: pl.LazyFrame, path: Path) -> None:
    frames.sink_ipc(path, compression="zstd", record_batch_size=ROWS_A_GROUP, engine="streaming")


def _write_csv(frames: pl.LazyFrame, path: Path) -> None:
    instants, words = pl.col(pl.Datetime("us", "UTC")), pl.col(pl.List(pl.String()))
    plain = frames.with_columns(instants.dt.strftime(INSTANTS_IN_TEXT), words.list.join(WORDS_APART_BY))
    plain.sink_csv(path, engine="streaming")


_WRITERS: Mapping[str, Callable[[pl.LazyFrame, Path], None]] = {
    ".parquet": _write_parquet,
    ".arrow": _write_arrow,
    ".csv": _write_csv,
}
