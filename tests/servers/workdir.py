"""Temporary folders of test servers, and the removal of those a killed run left behind."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_LOCK = "owner.lock"
_LONGEST_SOCKET_FOLDER = 60


class WorkDir:
    """A fresh folder, held by a lock that the system releases when this process ends."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=_parent()))
        # Renamed once it is held, so nobody can find it free in between.
        unheld = self.path / f"{_LOCK}.new"
        self._lock = unheld.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unheld.rename(self.path / _LOCK)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def abandoned(prefix: str) -> Iterator[Path]:
    """Yield each folder whose owner has died; the caller ends its server, then it is removed."""
    for lock_path in _parent().glob(f"{prefix}*/{_LOCK}"):
        if lock_path.parent.stat().st_uid != os.geteuid():
            continue
        with lock_path.open("w") as lock:
            if _try_lock(lock):
                yield lock_path.parent
                shutil.rmtree(lock_path.parent, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` as a lock file between processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a server's log, for an error message."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return f"({log.name} was not written)"
    return "\n".join(lines[-count:])


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parent() -> Path:
    """The system's folder for temporary files, unless a socket's path in it would be too long."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= _LONGEST_SOCKET_FOLDER else "/tmp")
