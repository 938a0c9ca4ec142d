"""Instants and days against plain ``datetime``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.storage.transfer import instants
from forward_factor.storage.transfer.instants import Refusal
from forward_factor.storage.transfer.values import EPOCH, EPOCH_DAY

MICROSECOND = timedelta(microseconds=1)
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # UTC without saying so
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def microseconds(moment: datetime) -> int:
    """Return what a server would hold of a moment in UTC."""
    return (moment.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


@given(st.lists(moments, min_size=1))
def test_plain_spellings_are_read_and_given_back(some: list[datetime]) -> None:
    texts = [moment.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0") for moment in some]
    assert instants.fits(texts, instants.FULL)
    read = instants.read_instants(texts)
    assert read is not None
    assert read.tolist() == [microseconds(moment) for moment in some]
    assert instants.instant_texts(read, always_full=True) == texts
    sparse = [text.removesuffix(".000000") for text in texts]
    assert instants.instant_texts(read, always_full=False) == sparse
    assert [instants.read_instant(text) for text in sparse] == read.tolist()


@given(moments, offsets, st.sampled_from(" T"), st.sampled_from(["+HH:MM", "+HHMM"]))
def test_offsets_are_taken_off(moment: datetime, zone: timezone, between: str, form: str) -> None:
    spelled = moment.replace(tzinfo=zone).isoformat(sep=between)
    if form == "+HHMM":
        spelled = spelled[:-3] + spelled[-2:]
    offset = zone.utcoffset(None)
    assert instants.read_instant(spelled) == (moment.replace(tzinfo=UTC) - offset - EPOCH) // MICROSECOND


@given(st.dates())
def test_days_are_read_and_given_back(day: date) -> None:
    number = (day - EPOCH_DAY).days
    assert instants.read_day(day.isoformat()) == number
    assert instants.day_texts(np.array([number])) == [day.isoformat()]
    read = instants.read_days([day.isoformat()])
    assert read is not None
    assert read.tolist() == [number]


@given(st.text(alphabet="0123456789-:. TZ+", max_size=30))
def test_whatever_is_read_means_that(text: str) -> None:
    """What ``datetime`` understands in another way, or not at all, is refused."""
    try:
        read = instants.read_instant(text)
    except Refusal:
        return
    padded = text if text[19:20] != "." else text[:20] + text[20:].rstrip("0Z").ljust(6, "0")[:6]
    moment = datetime.fromisoformat(padded.strip() if "+" in text[10:] or "-" in text[10:] else padded)
    assert read == ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2025-02-30", "2025-02-29 00:00:00", "2025-13-01", "0000-01-01", "2025-1-1", "25-01-01",
        "2025-01-01 24:00:00",
        "2025-01-01 10:00:60", "2025-01-01 10", "2025-01-01 10:00:00 PM", "02.09.2025 10:00", "2025-W01-1", "20250102",
        "2025-01-01 10:00:00.1234567", "2025-01-01  10:00:00", " 2025-01-01", "2025-01-01\n", "٢٠٢٥-01-01",
        "2025-01-01 10:00:00 EST",
        "2025-01-01 10:00:00+25:00", "NaT", "infinity",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        instants.read_instant(text)


@pytest.mark.parametrize("number", [0, 1, 20_250_101, 631_151_999, 10**15, -1, 2**62, True])
def test_numbers_that_are_no_certain_date_are_refused(number: int) -> None:
    with pytest.raises(Refusal):
        instants.read_instant(number)


@given(st.integers(631_152_000_000, 4_102_444_799_999))
def test_seconds_and_milliseconds_are_told_apart(milliseconds: int) -> None:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    assert instants.read_instant(milliseconds) == (moment - EPOCH) // MICROSECOND
    whole = moment.replace(microsecond=0)
    assert instants.read_instant(milliseconds // 1000) == (whole - EPOCH) // MICROSECOND
