"""What is asked of the disk: which files a path means, and which of their columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from forward_factor.errors import NoSpotPrice, UnreadableChain

SUFFIXES = (".csv", ".csv.gz", ".parquet")
COLUMNS = (
    "as_of", "ticker", "spot", "expiry", "strike", "right",
    "bid", "ask", "last", "volume", "open_interest", "iv", "delta",
)  # fmt: skip
REQUIRED = COLUMNS[:6]
_NAMES_SHOWN = 20
_CHARACTERS_SHOWN = 40
_PATH_SHOWN = 400


@dataclass(frozen=True, slots=True)
class ChainFile:
    """A chain file and what to call it in front of a person."""

    path: Path
    label: str


def is_chain_file(path: Path) -> bool:
    """Tell by its name whether ``path`` is of a format this provider reads."""
    return path.name.lower().endswith(SUFFIXES)


def is_pattern(path: Path) -> bool:
    """Tell whether ``path`` holds one of the glob characters ``*``, ``?`` and ``[``."""
    return any(character in str(path) for character in "*?[")


def select_files(found: Iterable[Path]) -> list[Path]:
    """Return the chain files of a listing in the order of their names, hidden ones left out."""
    return sorted(path for path in found if is_chain_file(path) and not path.name.startswith("."))


def label_files(paths: Sequence[Path]) -> list[ChainFile]:
    """Name each of ``paths`` by its last part, or in full where another of them is called the same."""
    namesakes = Counter(path.name for path in paths)
    labels = (path.name if namesakes[path.name] == 1 else str(path) for path in paths)
    return [ChainFile(path, printable(label)) for path, label in zip(paths, labels, strict=True)]


def match_columns(names: Sequence[str]) -> dict[str, str]:
    """Map each canonical column to the name it has among ``names``.

    Case, blanks around a name and a byte order mark don't count.

    Raises:
        NoSpotPrice: all that is missing is the column ``spot``.
        UnreadableChain: other required columns are missing, or one is there twice.

    """
    matched: dict[str, str] = {}
    for name in names:
        column = name.strip("\ufeff \t\r").lower()
        if column in matched:
            raise UnreadableChain(f"has more than one column {column}")
        if column in COLUMNS:
            matched[column] = name
    _require([column for column in REQUIRED if column not in matched], names)
    return matched


def _require(missing: Sequence[str], names: Sequence[str]) -> None:
    if not missing:
        return
    error = NoSpotPrice if list(missing) == ["spot"] else UnreadableChain
    noun = "column" if len(missing) == 1 else "columns"
    raise error(f"lacks the {noun} {', '.join(missing)}; it has {_listed(names)}")


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMES_SHOWN} more"] if len(names) > _NAMES_SHOWN else []
    return ", ".join([shown(name) for name in names[:_NAMES_SHOWN]] + more) or "none"


def shown(text: str) -> str:
    """Return text from a file as it may stand in a message: quoted, escaped and cut."""
    return ascii(text if len(text) <= _CHARACTERS_SHOWN else text[:_CHARACTERS_SHOWN] + "…")


def printable(path: str) -> str:
    """Return a path as it is, or escaped where it holds characters a terminal may act on; an endless one is cut."""
    if len(path) > _PATH_SHOWN:
        path = f"{path[: _PATH_SHOWN // 2]}…{path[-_PATH_SHOWN // 2 :]}"
    return path if path.isprintable() else ascii(path)
