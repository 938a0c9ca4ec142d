"""The file of a backup: a ZIP of a manifest and the store, whose comment seals every byte before it.

``unzip`` opens it. The store inside is a SQLite file, or the custom format of ``pg_dump``.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO
from uuid import uuid4

import msgspec

from forward_factor.errors import InvalidBackup, StorageError
from forward_factor.storage.backup.contents import Contents

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many bytes are, and of how many where that is known."""

FORMAT = 1
MANIFEST = "forward-factor-backup.json"
PAYLOADS = {"sqlite": "store.db", "postgresql": "store.dump", "timescaledb": "store.dump"}
CHUNK = 1 << 20
SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")
_LOCAL_HEADER = 30
_SEAL = 64
_SEAL_PLACE = b"0" * _SEAL


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself.

    Attributes:
        program: version of Forward Factor that made it.
        client: major version of the pg_dump that made it, None for SQLite.

    """

    format: int
    program: str
    made_at: datetime
    contents: Contents
    client: int | None = None


class _SealedFile:
    """Hashes what is written, and writes the hash in the place kept for it at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = sha256()

    def write(self, data: bytes) -> int:
        if data is _SEAL_PLACE:
            return self._file.write(self._digest.hexdigest().encode())
        self._digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


class BackupFile:
    """A backup whose seal was found whole."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @contextmanager
    def payload(self) -> Iterator[tuple[IO[bytes], int]]:
        """Open the store inside; also return how many bytes it has."""
        with zipfile.ZipFile(self.path) as archive:
            name = PAYLOADS[self.manifest.contents.kind]
            with archive.open(name) as member:
                yield member, archive.getinfo(name).file_size


@contextmanager
def write_backup(path: Path, manifest: Manifest) -> Iterator[IO[bytes]]:
    """Give a place to write the store to; ``path`` appears when all of it is there and on disk.

    Raises:
        StorageError: ``path`` exists, or cannot be written.

    """
    with appearing(path) as unfinished, unfinished.open("xb") as file:
        compression = zipfile.ZIP_DEFLATED if manifest.client is None else zipfile.ZIP_STORED
        sealed: IO[bytes] = _SealedFile(file)  # type: ignore[assignment]
        with zipfile.ZipFile(sealed, "w", compression, compresslevel=1) as archive:
            archive.comment = _SEAL_PLACE
            archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            with archive.open(PAYLOADS[manifest.contents.kind], "w", force_zip64=True) as member:
                yield member
        file.flush()
        os.fsync(file.fileno())


def open_backup(path: Path, progress: Progress) -> BackupFile:
    """Read ``path`` once from end to end and return the backup it is.

    Raises:
        InvalidBackup: it is damaged, cut short, of a newer version, or no backup at all.

    """
    with path.open("rb") as file:
        head = file.read(_LOCAL_HEADER + len(MANIFEST))
        if head[:4] != b"PK\x03\x04" or head[_LOCAL_HEADER:] != MANIFEST.encode():
            raise InvalidBackup(f"{path} is no backup that `forward-factor db backup` made")
        if not _is_whole(file, progress):
            raise InvalidBackup(f"{path} is damaged or cut short: its checksum does not fit; take another backup")
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as fault:
        raise InvalidBackup(f"{path} cannot be read: a newer Forward Factor may have made it") from fault
    if manifest.format != FORMAT or manifest.contents.kind not in PAYLOADS:
        raise InvalidBackup(f"{path} was made by a newer Forward Factor ({manifest.program}): use that one")
    return BackupFile(path, manifest)


def _is_whole(file: IO[bytes], progress: Progress) -> bool:
    size = file.seek(0, os.SEEK_END)
    left = size - _SEAL
    file.seek(0)
    digest = sha256()
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
        progress("checking the backup", file.tell(), size)
    return file.read() == digest.hexdigest().encode()


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a new name beside ``path``; what is written there becomes ``path`` at the end, or goes.

    Raises:
        StorageError: ``path`` exists (it is never overwritten), or cannot be written.

    """
    refuse_existing(path)
    with passing(path) as unfinished:
        yield unfinished
        _name(unfinished, path)


@contextmanager
def passing(path: Path) -> Iterator[Path]:
    """Give a new name beside ``path``; what is written there goes at the end.

    Raises:
        StorageError: it cannot be written.

    """
    unfinished = path.with_name(f"{path.name}.{uuid4().hex[:8]}.unfinished")
    try:
        yield unfinished
    except OSError as fault:
        raise StorageError(f"{path} cannot be written: {fault.strerror or fault}") from fault
    finally:
        for leftover in (unfinished, *(Path(f"{unfinished}{suffix}") for suffix in SQLITE_COMPANIONS)):
            if leftover.exists():  # a read-only file system refuses even to remove what is not there
                leftover.unlink()


def refuse_existing(path: Path) -> None:
    """Raise StorageError if there is something at ``path``, or no directory for it."""
    if path.exists() or path.is_symlink():
        raise StorageError(f"{path} exists, and nothing is overwritten: move it away or name another")
    if not path.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no directory {path.parent}")


def _name(unfinished: Path, path: Path) -> None:
    """Give the finished file its name, unless somebody else took it meanwhile."""
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        refuse_existing(path)
        raise
    except OSError:  # a file system without hard links
        refuse_existing(path)
        unfinished.rename(path)
