"""Chain files among the arguments of a command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from forward_factor.providers.files.query import SUFFIXES, is_pattern


def split_files(tickers: Sequence[str], chains: Sequence[Path]) -> tuple[list[str], list[Path]]:
    """Return tickers and files: of ``--chains a.csv b.csv`` the second reaches us as an argument, and is no ticker."""
    files = [text for text in tickers if chains and _looks_like_file(text)]
    return [text for text in tickers if text not in files], [*chains, *map(Path, files)]


def _looks_like_file(text: str) -> bool:
    if text.lower().endswith(SUFFIXES) or "/" in text or is_pattern(Path(text)):
        return True
    return os.path.exists(text)  # noqa: PTH110 - Path.exists raises for what is too long for a name
