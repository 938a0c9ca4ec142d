"""The only part that touches the disk: find chain files and read them into tables of canonical columns.

CSV is read as text throughout; what the text means is for ``parse`` to say.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock

import polars as pl
from polars.exceptions import PanicException, PolarsError

from forward_factor.errors import NoSpotPrice, UnreadableChain
from forward_factor.providers.files.parse import MALFORMED
from forward_factor.providers.files.query import (
    SUFFIXES,
    ChainFile,
    is_chain_file,
    is_pattern,
    label_files,
    match_columns,
    printable,
    select_files,
)
from forward_factor.services.ports import ChainFailure

PART_BYTES, SURELY_FINE_BYTES, MOST_BYTES = 1 << 20, 64 << 20, 4 << 30
MOST_TIMES_COMPRESSED = 100
"""Real chains shrink to a sixth or a tenth; what grows a hundredfold on reading is a bomb."""

_STDERR = 2
_STDERR_TURNED_ASIDE = Lock()
_FORMATS = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
_QUOTED = r'"(?:[^"]|"")*"'
_FIELD = rf'(?:{_QUOTED}|[^",]*)'
_RFC_4180 = f"^{_FIELD}(?:,{_FIELD})*$"


def find_files(paths: Sequence[Path]) -> list[ChainFile | ChainFailure]:
    """Return the files the ``paths`` mean in the given order, each once, and why where a path means none."""
    found: dict[str, Path | ChainFailure] = {}
    for entry in (entry for path in paths for entry in _expand(path)):
        found.setdefault(os.path.realpath(entry) if isinstance(entry, Path) else entry.source, entry)
    paths_found = [entry for entry in found.values() if isinstance(entry, Path)]
    files = {file.path: file for file in label_files(paths_found)}
    return [files[entry] if isinstance(entry, Path) else entry for entry in found.values()]


def read_table(file: ChainFile) -> pl.DataFrame:
    """Read a chain file into a table whose columns have their canonical names.

    A CSV table has text columns, and the boolean column ``MALFORMED`` for rows with a wrong number of
    fields. A Parquet table keeps its physical types.

    Raises:
        NoSpotPrice: the file has no column ``spot``.
        UnreadableChain: the file cannot be opened, is damaged or lacks other required columns.

    """
    with _named(file):
        return _read(file.path.name.lower(), file.path.read_bytes())


def read_as_of(file: ChainFile) -> pl.Series:
    """Read the column ``as_of`` of a chain file; of a Parquet file nothing else is read.

    Raises:
        NoSpotPrice, UnreadableChain: as ``read_table``.

    """
    if not is_parquet(file):
        return read_table(file)["as_of"]
    with _named(file):
        return _parquet(file.path, ("as_of",), None)["as_of"]


def read_rows(file: ChainFile, first: int, count: int) -> pl.DataFrame:
    """Read ``count`` rows of a Parquet file from row ``first`` on, as ``read_table`` would.

    Raises:
        NoSpotPrice, UnreadableChain: as ``read_table``.

    """
    with _named(file):
        return _parquet(file.path, None, (first, count))


def is_parquet(file: ChainFile) -> bool:
    """Tell by its name whether a chain file is a Parquet file."""
    return file.path.name.lower().endswith(".parquet")


@contextmanager
def _named(file: ChainFile) -> Iterator[None]:
    """Say in front of a person which file it was."""
    try:
        yield
    except (NoSpotPrice, UnreadableChain) as error:
        raise type(error)(f"{file.label} {error}") from error
    except OSError as error:
        raise UnreadableChain(f"{file.label} cannot be opened: {error.strerror}") from error


def _expand(path: Path) -> list[Path] | list[ChainFailure]:
    label = printable(str(path))
    try:
        return _matches(path)
    except UnreadableChain as error:
        return [ChainFailure(label, UnreadableChain(f"{label} {error}"))]
    except OSError as error:
        return [ChainFailure(label, UnreadableChain(f"{label} cannot be looked up: {error.strerror}"))]


def _matches(path: Path) -> list[Path]:
    if path.is_dir():
        return _some(path.iterdir(), f"is a directory without chain files ({_FORMATS})")
    if path.exists():
        return _single(path)
    if is_pattern(path):
        return _some(map(Path, glob.iglob(str(path), recursive=True)), "matches no chain file")  # noqa: PTH207 - Path.glob takes no absolute pattern
    raise UnreadableChain("does not exist")


def _some(paths: Iterable[Path], otherwise: str) -> list[Path]:
    files = select_files(path for path in paths if path.is_file())
    if not files:
        raise UnreadableChain(otherwise)
    return files


def _single(path: Path) -> list[Path]:
    if not path.is_file():
        raise UnreadableChain("is not a regular file")
    if not is_chain_file(path):
        raise UnreadableChain(f"is not a chain file by its name ({_FORMATS})")
    return [path]


def _read(name: str, data: bytes) -> pl.DataFrame:
    if not data:
        raise UnreadableChain("is empty")
    if name.endswith(".parquet"):
        return _parquet(io.BytesIO(data), None, None)
    return _read_csv(_decode(_decompress(data) if name.endswith(".gz") else data))


def _parquet(source: Path | io.BytesIO, names: Sequence[str] | None, rows: tuple[int, int] | None) -> pl.DataFrame:
    """Read all canonical columns or some, and all rows or a stretch of them."""
    try:
        with without_panic_traces():
            columns = match_columns(list(pl.read_parquet_schema(source)))
            wanted = {name: columns[name] for name in names or columns}
            if rows is None:
                table = pl.read_parquet(source, columns=list(wanted.values()))
            else:
                table = pl.scan_parquet(source).select(wanted.values()).slice(*rows).collect()
    except (PolarsError, PanicException, OSError) as error:
        raise UnreadableChain("is not a readable Parquet file: damaged, or cut short") from error
    return table.select(pl.col(found).alias(column) for column, found in wanted.items())


def _decompress(data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            return _read_at_most(packed, min(MOST_BYTES, max(SURELY_FINE_BYTES, MOST_TIMES_COMPRESSED * len(data))))
    except EOFError as error:
        raise UnreadableChain("is a gzip file cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableChain("is not a readable gzip file") from error


def _read_at_most(packed: gzip.GzipFile, most: int) -> bytes:
    unpacked = bytearray()
    while part := packed.read(PART_BYTES):
        unpacked += part
        if len(unpacked) > most:
            raise UnreadableChain(f"decompresses to more than {most >> 20:,} MiB, too much for a file of its size")
    return bytes(unpacked)


@contextmanager
def without_panic_traces() -> Iterator[None]:
    """Keep from stderr the traces that Polars' native threads write there before a panic is raised.

    They write to the file descriptor, so it is the descriptor that is turned aside. Where all goes well,
    what others wrote meanwhile is passed on.
    """
    if sys.__stderr__ is None:  # closed, so the descriptor may be of some other file
        yield
        return
    with _STDERR_TURNED_ASIDE, TemporaryFile() as aside:
        stderr = os.dup(_STDERR)
        os.dup2(aside.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(stderr, _STDERR)
            os.close(stderr)
        aside.seek(0)
        if written := aside.read():
            os.write(_STDERR, written)


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableChain(f"is not UTF-8 text (byte {error.start})") from error
    if "\0" in text:
        raise UnreadableChain(f"is not text (it holds a NUL character at {text.index(chr(0))})")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_csv(text: str) -> pl.DataFrame:
    lines = pl.Series(text.split("\n"), dtype=pl.String)
    bare = _without_quoted(lines)
    # Spreadsheets leave rows of nothing but commas.
    filled = lines.str.strip_chars(" ,\t") != ""
    lines, bare = lines.filter(filled), bare.filter(filled)
    if lines.is_empty():
        raise UnreadableChain("is empty")
    header = _header(lines[0])
    columns = match_columns(header)
    malformed = _too_long(bare[1:], len(header)) | _cut_short(bare[1:], len(header), text)
    return _split(lines[1:], header, columns).with_columns(pl.col(MALFORMED).is_not_null() | malformed)


def _without_quoted(lines: pl.Series) -> pl.Series:
    """Return the lines without their quoted parts; no two readers agree on ill-formed quotes."""
    odd = (lines.str.contains('"', literal=True) & ~lines.str.contains(_RFC_4180)).arg_true()
    if odd.len():
        raise UnreadableChain(f"has an unbalanced or misplaced quote in line {odd[0] + 1}")
    return lines.str.replace_all(_QUOTED, "")


def _header(line: str) -> list[str]:
    try:
        return next(csv.reader([line]))
    except csv.Error as error:
        raise UnreadableChain(f"has no readable header ({error})") from error


def _too_long(bare: pl.Series, fields: int) -> pl.Series:
    return bare.str.count_matches(",", literal=True) >= fields


def _cut_short(bare: pl.Series, fields: int, text: str) -> pl.Series:
    """Find the last line of a file that stops in mid-row; other short rows only lack trailing fields."""
    is_last = pl.int_range(1, bare.len() + 1, eager=True) == bare.len()
    too_short = bare.str.count_matches(",", literal=True) < fields - 1
    return is_last & too_short & (not text.endswith("\n"))


def _split(lines: pl.Series, header: list[str], columns: dict[str, str]) -> pl.DataFrame:
    names = {str(header.index(found)): column for column, found in columns.items()}
    names[str(len(header))] = MALFORMED
    numbered = ",".join(str(position) for position in range(len(header) + 1))
    data = "\n".join([numbered, *lines.to_list()]).encode()
    try:
        with without_panic_traces():
            table = pl.read_csv(data, columns=list(names), infer_schema=False, truncate_ragged_lines=True)
    except (PolarsError, PanicException) as error:
        raise UnreadableChain("is not readable CSV: its quotes or separators are damaged") from error
    if table.height != lines.len():
        raise UnreadableChain("is not readable CSV: its quotes split the lines")
    return table.rename(names)
