"""The price stream against a server that misbehaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.core.price_moves import Price
from forward_factor.errors import InvalidSettings
from forward_factor.providers.polygon.stream import PolygonStream, StreamPatience, StreamSettings
from forward_factor.services.ports.market_data import PriceStream
from tests.fakes.stream_server import KEY, Play, StreamServer, aggregates, topics

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
FIRST = aggregates(AT, AAPL=190.0)
PATIENCE = StreamPatience(answer_s=3.0, silent_s=5.0, first_wait_s=0.01, longest_wait_s=0.05, ping_s=5.0)


def stream_of(server: StreamServer, key: str = KEY, **patience: float) -> PolygonStream:
    return PolygonStream(StreamSettings(server.url, key, replace(PATIENCE, **patience)))


async def until(fulfilled: Callable[[], object], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not fulfilled():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def _is_live(stream: PriceStream) -> bool:
    return stream.is_live


async def taken(stream: PriceStream, *tickers: str) -> dict[str, Price]:
    """Take until there is a price of all ``tickers``."""
    found: dict[str, Price] = {}

    def complete() -> bool:
        found.update(stream.take())
        return set(tickers) <= set(found)

    await until(complete)
    return found


@pytest.mark.asyncio
async def test_prices_come_once_and_with_their_instant() -> None:
    async with StreamServer(Play(frames=(FIRST,))) as server, stream_of(server) as stream:
        assert not stream.is_live
        stream.watch(["AAPL"])
        assert await taken(stream, "AAPL") == {"AAPL": Price(190.0, AT)}
        assert _is_live(stream)
        assert stream.take() == {}
        assert stream.refusal is None


@pytest.mark.asyncio
async def test_nothing_is_subscribed_to_before_the_key_is_accepted() -> None:
    async with StreamServer(Play(log_in_after_s=0.15, frames=(FIRST,))) as server, stream_of(server) as stream:
        stream.watch(["AAPL"])
        await taken(stream, "AAPL")
        (talk,) = server.conversations
        assert [message["action"] for message in talk.said] == ["auth", "subscribe"]
        assert talk.log_in_answered_before == 1


@pytest.mark.asyncio
async def test_a_log_in_without_an_answer_is_begun_anew() -> None:
    plays = (Play(log_in=None), Play(log_in="auth_timeout"), Play(frames=(FIRST,)))
    async with StreamServer(*plays) as server, stream_of(server, answer_s=0.3) as stream:
        stream.watch(["AAPL"])
        await taken(stream, "AAPL")
        assert server.attempts >= 3
        assert stream.refusal is None


@pytest.mark.asyncio
async def test_a_wrong_key_is_not_tried_again_and_never_written(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "a-key-nobody-may-see"
    async with StreamServer() as server, stream_of(server, wrong) as stream:
        stream.watch(["AAPL"])
        await until(lambda: stream.refusal)
        await asyncio.sleep(0.1)
        assert server.attempts == 1
        assert not stream.is_live
        assert stream.take() == {}
    assert "POLYGON_API_KEY" in (stream.refusal or "")
    assert wrong not in caplog.text
    assert KEY not in caplog.text
    assert wrong not in repr(StreamSettings("wss://x/stocks", wrong))


@pytest.mark.asyncio
@pytest.mark.parametrize("ending", ["drop", "close"])
async def test_a_lost_connection_is_made_anew_and_all_is_subscribed_to_again(ending: str) -> None:
    later = aggregates(AT + timedelta(seconds=5), AAPL=191.0, MSFT=480.0)
    plays = (Play(frames=(FIRST,), ending=ending), Play(frames=(later,)))  # type: ignore[arg-type]
    async with StreamServer(*plays) as server, stream_of(server) as stream:
        stream.watch(["AAPL", "MSFT"])
        found = await taken(stream, "MSFT")
        assert found["AAPL"].dollars == 191.0
        assert [talk.subscribed for talk in server.conversations] == [topics(["AAPL", "MSFT"])] * 2


@pytest.mark.asyncio
async def test_subscriptions_follow_while_it_runs_and_over_a_reconnection() -> None:
    plays = (Play(frames=(aggregates(AT, AAPL=1, MSFT=2),)), Play())
    async with StreamServer(*plays) as server, stream_of(server) as stream:
        stream.watch(["AAPL", "MSFT"])
        await taken(stream, "AAPL", "MSFT")
        (talk,) = server.conversations
        stream.watch(["MSFT", "NVDA"])
        await until(lambda: talk.subscribed == topics(["MSFT", "NVDA"]))
        await talk.send(aggregates(AT + timedelta(seconds=1), AAPL=5, NVDA=6))
        assert set(await taken(stream, "NVDA")) == {"NVDA"}
        talk.connection.transport.abort()
        await until(lambda: len(server.conversations) == 2 and server.conversations[1].subscribed)
        assert server.conversations[1].subscribed == topics(["MSFT", "NVDA"])
        assert not stream.is_live


@pytest.mark.asyncio
async def test_frames_that_cannot_be_read_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    broken = ("not json", b"\x00\xff", "[{]", '{"ev":"A"}', '[17,{"ev":"A","sym":"AAPL","c":"x"}]', "[]")
    async with StreamServer(Play(frames=(*broken, FIRST))) as server, stream_of(server) as stream:
        stream.watch(["AAPL"])
        await taken(stream, "AAPL")
        assert server.attempts == 1
    assert caplog.text.count("cannot be read") == 1


@pytest.mark.asyncio
async def test_what_was_sent_twice_or_late_is_given_once() -> None:
    earlier = aggregates(AT - timedelta(seconds=9), AAPL=189.0)
    end = aggregates(AT, MSFT=1.0)
    async with StreamServer(Play(frames=(FIRST, FIRST, earlier, end))) as server, stream_of(server) as stream:
        stream.watch(["AAPL", "MSFT"])
        assert (await taken(stream, "MSFT"))["AAPL"] == Price(190.0, AT)
        await server.conversations[0].send(FIRST, earlier, aggregates(AT + timedelta(seconds=1), MSFT=2.0))
        assert set(await taken(stream, "MSFT")) == {"MSFT"}


@pytest.mark.asyncio
async def test_a_connection_that_falls_silent_is_made_anew() -> None:
    plays = (Play(frames=(FIRST,)), Play(frames=(aggregates(AT + timedelta(seconds=5), AAPL=191.0),)))
    async with StreamServer(*plays) as server, stream_of(server, silent_s=0.15) as stream:
        stream.watch(["AAPL"])
        await taken(stream, "AAPL")
        await until(lambda: not stream.is_live)
        assert (await taken(stream, "AAPL"))["AAPL"].dollars == 191.0
        assert server.attempts >= 2


@pytest.mark.asyncio
async def test_a_connection_without_prices_is_not_live() -> None:
    async with StreamServer() as server, stream_of(server) as stream:
        stream.watch(["AAPL"])
        await until(lambda: server.conversations and server.conversations[0].subscribed)
        await asyncio.sleep(0.05)
        assert not stream.is_live
        assert server.attempts == 1


@pytest.mark.asyncio
async def test_a_slow_reader_gets_the_latest_prices_only() -> None:
    frames = tuple(aggregates(AT + timedelta(seconds=second), AAPL=100.0 + second) for second in range(3_000))
    async with StreamServer(Play(frames=(*frames, aggregates(AT, MSFT=1.0)))) as server, stream_of(server) as stream:
        stream.watch(["AAPL", "MSFT"])
        await until(lambda: "MSFT" in stream._fresh)
        assert stream.take()["AAPL"].dollars == 3_099.0


@pytest.mark.asyncio
async def test_another_process_on_the_one_connection_is_waited_for() -> None:
    plays = (Play(log_in="max_connections"), Play(frames=(FIRST,)))
    async with StreamServer(*plays) as server, stream_of(server, longest_wait_s=1.0) as stream:
        stream.watch(["AAPL"])
        await until(lambda: server.attempts == 1)
        await asyncio.sleep(0.1)
        assert server.attempts == 1
        await taken(stream, "AAPL")


@pytest.mark.asyncio
async def test_a_server_that_is_down_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    server = await StreamServer().start()
    port, stream = server.port, stream_of(server)
    await server.stop()
    async with stream:
        stream.watch(["AAPL"])
        await asyncio.sleep(0.2)
        assert not stream.is_live
        again = await StreamServer(Play(http=503), Play(frames=(FIRST,))).start(port)
        try:
            await taken(stream, "AAPL")
            assert caplog.text.count("connecting anew") == 1
        finally:
            await again.stop()


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [401, 403, 404])
async def test_a_refused_handshake_is_not_tried_again(code: int) -> None:
    async with StreamServer(Play(http=code)) as server, stream_of(server) as stream:
        stream.watch(["AAPL"])
        await until(lambda: stream.refusal)
        assert f"HTTP {code}" in (stream.refusal or "")
        assert server.attempts == 1


@pytest.mark.asyncio
async def test_the_key_follows_no_redirect() -> None:
    async with StreamServer() as elsewhere, StreamServer(Play(http=302, location=elsewhere.url)) as server:
        async with stream_of(server) as stream:
            stream.watch(["AAPL"])
            await until(lambda: stream.refusal)
        assert elsewhere.attempts == 0


@pytest.mark.asyncio
async def test_our_names_of_tickers_are_kept_and_indices_left_out() -> None:
    play = Play(frames=(aggregates(AT, **{"BRK.B": 500.0}),))
    async with StreamServer(play) as server, stream_of(server) as stream:
        stream.watch(["BRK-B", "BRK.B", "^SPX"])
        assert set(await taken(stream, "BRK-B")) == {"BRK-B", "BRK.B"}
        assert server.conversations[0].subscribed == {"A.BRK.B"}


@pytest.mark.asyncio
async def test_thousands_of_tickers_are_subscribed_to_in_parts() -> None:
    tickers = [f"T{number:04d}" for number in range(3_000)]
    async with StreamServer() as server, stream_of(server) as stream:
        stream.watch(tickers)
        await until(lambda: server.conversations and server.conversations[0].subscribed == topics(tickers))
        assert max(len(message["params"]) for message in server.conversations[0].said) < 2_000


@pytest.mark.asyncio
async def test_there_is_no_connection_while_nothing_is_watched() -> None:
    async with StreamServer(Play(frames=(FIRST,))) as server, stream_of(server) as stream:
        stream.watch(["^SPX"])
        await asyncio.sleep(0.1)
        assert server.attempts == 0
        stream.watch(["AAPL"])
        await taken(stream, "AAPL")
        stream.watch([])
        await server.conversations[0].send(FIRST)
        await asyncio.sleep(0.1)
        assert (server.attempts, stream.take()) == (1, {})


@pytest.mark.parametrize(
    "url",
    ["https://host/stocks", "wss://user:secret@host/stocks", "wss://", "host", "wss://host/a b", "wss://host:99999/x"],
)
@pytest.mark.asyncio
async def test_an_address_that_cannot_be_one_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidSettings, match="POLYGON_STREAM_URL") as caught:
        PolygonStream(StreamSettings(url, KEY))
    assert "secret" not in str(caught.value)
