"""Frames of Polygon's stream, without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from forward_factor.core.price_moves import Price
from forward_factor.providers.polygon.stream_parse import (
    SYMBOLS_A_MESSAGE,
    Frame,
    log_in_message,
    parse_frame,
    subscription_messages,
)

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
END_MS = int(AT.timestamp() * 1000)
# as in the vendor's documentation
AGGREGATE = {
    "ev": "A", "sym": "SPCE", "v": 200, "av": 8642007, "op": 25.66, "vw": 25.3981, "o": 25.39, "c": 25.41, "h": 25.42,
    "l": 25.38, "a": 25.3714, "z": 50, "s": END_MS - 1000, "e": END_MS,
}  # fmt: skip


def test_an_aggregate_is_a_price_at_its_end() -> None:
    assert parse_frame(json.dumps([AGGREGATE])) == Frame((), (("SPCE", Price(25.41, AT)),), 0)


def test_statuses_and_prices_come_in_their_order() -> None:
    events = [{"ev": "status", "status": "connected", "message": "Connected Successfully"}, AGGREGATE]
    events.append({"ev": "status", "status": "success", "message": "subscribed to: A.SPCE"})
    frame = parse_frame(json.dumps(events).encode())
    assert frame.statuses == ("connected", "success")
    assert len(frame.prices) == 1


def test_other_kinds_are_passed_over() -> None:
    assert parse_frame('[{"ev":"T","sym":"A","p":1.0,"c":[12],"t":1}, {"ev":"Q","sym":"A"}]') == Frame((), (), 0)


@pytest.mark.parametrize(
    "broken",
    [
        {"ev": "A", "sym": "A", "c": "25", "e": END_MS},
        {"ev": "A", "sym": "A", "c": None, "e": END_MS},
        {"ev": "A", "sym": "A", "c": 0, "e": END_MS},
        {"ev": "A", "sym": "A", "c": 5.0},
        {"ev": "A", "sym": "A", "c": 5.0, "e": 1e300},
        {"ev": "A", "c": 5.0, "e": END_MS},
        {"ev": "A", "sym": 7, "c": 5.0, "e": END_MS},
        {"sym": "A"},
        17,
    ],
)
def test_a_broken_event_costs_itself_only(broken: object) -> None:
    frame = parse_frame(json.dumps([AGGREGATE, broken]))
    assert (len(frame.prices), frame.malformed) == (1, 1)


@pytest.mark.parametrize("frame", ["", "pong", "{}", '{"ev":"status"}', "[", b"\xff\xfe", "null", "[" * 100_000])
def test_what_is_no_frame_is_counted(frame: str | bytes) -> None:
    assert parse_frame(frame) == Frame((), (), 1)


def test_a_status_that_is_no_word_is_not_repeated() -> None:
    assert parse_frame('[{"ev":"status","status":"key SECRET is wrong"},{"ev":"status"}]').statuses == (
        "unknown",
        "unknown",
    )


def test_messages_are_what_the_vendor_takes() -> None:
    assert log_in_message('k"ey') == '{"action":"auth","params":"k\\"ey"}'
    assert list(subscription_messages("subscribe", {"B", "A"})) == ['{"action":"subscribe","params":"A.A,A.B"}']
    assert list(subscription_messages("unsubscribe", ())) == []


def test_many_symbols_take_many_messages() -> None:
    messages = list(subscription_messages("subscribe", [f"T{number:04d}" for number in range(SYMBOLS_A_MESSAGE + 1)]))
    assert [message.count("A.T") for message in messages] == [SYMBOLS_A_MESSAGE, 1]
