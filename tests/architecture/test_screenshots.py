"""The pictures of the pages: one of each in light and dark, small enough to be kept beside the code."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.web.pages import PLAIN, pages

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "docs" / "screenshots"
EACH_BYTES, ALL_BYTES = 150_000, 3_000_000


def test_every_page_is_pictured_in_both_colours() -> None:
    wanted = {f"{one.name}-{scheme}.png" for one in (*PLAIN, *pages("", "", "a")) for scheme in ("light", "dark")}
    assert {one.name for one in FOLDER.iterdir()} == wanted


def test_pictures_are_small() -> None:
    sizes = [one.stat().st_size for one in FOLDER.iterdir()]
    assert max(sizes) <= EACH_BYTES
    assert sum(sizes) <= ALL_BYTES


def test_the_readme_shows_three() -> None:
    shown = re.findall(r"\]\((docs/screenshots/[^)]+\.png)\)", (REPOSITORY / "README.md").read_text())
    assert len(shown) == 3
    assert all((REPOSITORY / one).is_file() for one in shown)
