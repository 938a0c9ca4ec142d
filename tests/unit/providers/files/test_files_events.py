"""Event files: what can be read is, and every other row is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.events import EventsReading, read_events

HEADER = "ticker,date,kind,timing,confirmed,source,amount,ratio\n"
DAY = date(2026, 6, 24)


def read(tmp_path: Path, text: str, header: str = HEADER) -> EventsReading:
    path = tmp_path / "events.csv"
    path.write_text(header + text)
    return read_events(path)


def test_each_kind_and_the_old_form(tmp_path: Path) -> None:
    rows = [
        "aapl,2026-06-24,earnings,AMC,yes,me,,",
        "AAPL,2026-06-24,,,,,,",
        "AAPL, 2026-06-24 ,Dividend,,,me, 0.24 ,",
        "AAPL,2026-06-24,dividend,,,,,",
        "AAPL,2026-06-24,split,,,,,4",
        "AAPL,2026-06-24,split,,,,,3:2",
        "AAPL,2026-06-24,split,,,,,1:10",
    ]
    found = read(tmp_path, "\n".join(rows))
    assert found.faults == ()
    assert found.earnings == (
        EarningsEvent("AAPL", DAY, Timing.AFTER_CLOSE, is_confirmed=True, source="me"),
        EarningsEvent("AAPL", DAY, Timing.UNKNOWN, is_confirmed=None, source="file"),
    )
    dividend, split = ActionKind
    assert found.actions == (
        CorporateAction("AAPL", dividend, DAY, 0.24, source="me"),
        CorporateAction("AAPL", dividend, DAY, source="file"),
        *(CorporateAction("AAPL", split, DAY, ratio=ratio, source="file") for ratio in (4.0, 1.5, 0.1)),
    )
    old = read(tmp_path, "AAPL,2026-06-24\n", "ticker,date\n")
    assert (old.earnings, old.actions, old.faults) == ((found.earnings[1],), (), ())


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("../etc,2026-06-24,dividend,,,,1,", "ticker"),
        ("AAPL,24.06.2026,dividend,,,,1,", "YYYY-MM-DD"),
        ("AAPL,9999-12-31,,,,,,", "1970 to 2100"),
        ("AAPL,0001-01-01,,bmo,,,,", "1970 to 2100"),
        ("AAPL,2026-06-24,merger,,,,,", "none of earnings, dividend, split"),
        ("AAPL,2026-06-24,dividend,,,,nan,", "no number"),
        ("AAPL,2026-06-24,dividend,,,,1e999,", "no number"),
        ("AAPL,2026-06-24,dividend,,,,free,", "no number"),
        ("AAPL,2026-06-24,dividend,,,,-1,", "above 0"),
        ("AAPL,2026-06-24,dividend,,,,1,2", "no ratio"),
        ("AAPL,2026-06-24,split,,,,,", "has a ratio"),
        ("AAPL,2026-06-24,split,,,,,4:0", "NEW:OLD"),
        ("AAPL,2026-06-24,split,,,,,four", "NEW:OLD"),
        ("AAPL,2026-06-24,split,,,,,nan", "above 0"),
        ("AAPL,2026-06-24,split,,,,,-4", "above 0"),
        ("AAPL,2026-06-24,earnings,noon,,,,", "bmo, amc, unknown"),
        (f"AAPL,2026-06-24,earnings,,,{'x' * 101},,", "source"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str, says: str) -> None:
    found = read(tmp_path, f"AAPL,2026-06-24,,,,,,\n{row}\n")
    assert (len(found.earnings), len(found.actions), len(found.faults)) == (1, 0, 1)
    assert found.faults[0].startswith("events.csv line 3: ")
    assert says in found.faults[0]
    assert found.faults[0].isprintable()


def test_a_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no column ticker or date"):
        read(tmp_path, "1,2\n", "a,b\n")
