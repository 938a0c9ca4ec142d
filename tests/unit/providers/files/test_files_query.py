from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.errors import NoSpotPrice, UnreadableChain
from forward_factor.providers.files.query import (
    COLUMNS,
    REQUIRED,
    is_chain_file,
    is_pattern,
    label_files,
    match_columns,
    printable,
    select_files,
    shown,
)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "A.CSV", "a.b.Parquet"])
def test_the_ending_of_its_name_makes_a_chain_file(name: str) -> None:
    assert is_chain_file(Path(name))


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "csv", "a.csv.zip", "parquet"])
def test_other_endings_make_none(name: str) -> None:
    assert not is_chain_file(Path(name))


def test_a_listing_gives_its_chain_files_by_name_without_hidden_ones() -> None:
    listing = [Path("d") / name for name in ("b.csv", "README.md", "._a.csv", "a.parquet")]
    assert select_files(listing) == [Path("d/a.parquet"), Path("d/b.csv")]


@pytest.mark.parametrize(
    ("path", "expected"), [("a*.csv", True), ("a?.csv", True), ("[ab].csv", True), ("a.csv", False)]
)
def test_glob_characters_make_a_pattern(path: str, expected: bool) -> None:
    assert is_pattern(Path(path)) is expected


def test_a_label_is_the_name_or_the_path_where_names_repeat() -> None:
    labels = [file.label for file in label_files([Path("x/a.csv"), Path("y/a.csv"), Path("y/b.csv")])]
    assert labels == ["x/a.csv", "y/a.csv", "b.csv"]


def test_column_names_are_matched_whatever_their_case_and_blanks() -> None:
    found = ["\ufeffAS_OF", " Ticker ", "spot\r", "EXPIRY", "strike", "Right", "note"]
    assert match_columns(found) == dict(zip(REQUIRED, found, strict=False))


def test_missing_columns_are_named_beside_those_found() -> None:
    with pytest.raises(
        UnreadableChain, match=r"lacks the columns expiry, strike, right; it has 'as_of', 'ticker', 'spot'"
    ):
        match_columns(["as_of", "ticker", "spot"])


def test_no_spot_column_means_no_spot_price() -> None:
    with pytest.raises(NoSpotPrice, match="lacks the column spot"):
        match_columns([column for column in COLUMNS if column != "spot"])


def test_spot_missing_among_others_is_an_unreadable_chain() -> None:
    with pytest.raises(UnreadableChain, match="lacks the columns spot, right"):
        match_columns(["as_of", "ticker", "expiry", "strike"])


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UnreadableChain, match="more than one column bid"):
        match_columns([*COLUMNS, "BID "])


def test_only_some_of_many_columns_are_listed() -> None:
    with pytest.raises(UnreadableChain) as caught:
        match_columns([f"column {number}" for number in range(1000)])
    assert "980 more" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_hostile_text_is_escaped_and_cut() -> None:
    assert shown("\x1b[31m\u202e" + "x" * 100) == "'\\x1b[31m\\u202e" + "x" * 34 + "\\u2026'"
    assert printable("data/é.csv") == "data/é.csv"
    assert printable("a\n.csv") == r"'a\n.csv'"
