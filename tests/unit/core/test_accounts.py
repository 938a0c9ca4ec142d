"""Addresses, passwords and states of accounts."""

from __future__ import annotations

import pytest

from forward_factor.core.accounts import email_key, is_active, is_storable, parse_email, parse_new_password
from forward_factor.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann@Example.com\n", "Ann@Example.com"),
        ("admin@localhost", "admin@localhost"),
        ("ü+tag@пример.example", "ü+tag@пример.example"),
        ("a" * 242 + "@example.com", "a" * 242 + "@example.com"),
    ],
)
def test_space_around_an_address_goes_and_its_case_stays(text: str, email: str) -> None:
    assert parse_email(text) == email


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "ann", "@", "ann@", "@example.com", "a@b@c", "a b@c.de", "a@b\0.de", "a@\x1b[31m.de", "a@\u202eb.de",
        "a@\ud800.de", "a\n@b.de", "a" * 243 + "@example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_one_printable_line(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_email(text)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("left", "right"), [("Ann@X.de", "ann@x.DE"), (" ÜBER@x.de", "über@x.de"), ("e\u0301@x.de", "É@x.de")]
)
def test_spellings_of_one_address_share_a_key(left: str, right: str) -> None:
    assert email_key(left) == email_key(right)


def test_addresses_that_differ_in_more_than_case_do_not() -> None:
    assert len({email_key(email) for email in ("ann@x.de", "an.n@x.de", "ann+a@x.de", "ann@x.d")}) == 4


@pytest.mark.parametrize("password", ["1234567890", "x" * 1024, "  spaces  stay  ", "пароль-пароль", "😀" * 10])
def test_a_new_password_is_kept_to_the_letter(password: str) -> None:
    assert parse_new_password(password) == password


@pytest.mark.parametrize("password", ["", "123456789", "x" * 1025, "secret\0secret", "secret-\ud800-secret"])
def test_other_passwords_are_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(InvalidInput, match="a password ") as raised:
        parse_new_password(password)
    assert "123" not in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "may"),
    [
        (None, True), ("", True), (" ", True), ("active", True), ("Active ", True),
        ("disabled", False), ("inactive", False), ("blocked", False), ("activ", False),
    ],
)  # fmt: skip
def test_active_or_nothing_said_is_active(status: str | None, may: bool) -> None:
    assert is_active(status) is may


def test_what_a_store_refuses_is_known() -> None:
    assert [is_storable(text) for text in ("ü😀", "a\0", "\udfff")] == [True, False, False]
