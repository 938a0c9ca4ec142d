"""Deliveries on every store: in order, many chats at once, each message once."""

from __future__ import annotations

from datetime import timedelta

from forward_factor.clock import FixedClock
from forward_factor.errors import ChatMoved, ChatUnreachable, MessageRefused
from forward_factor.services.deliver_messages import CLAIM
from forward_factor.services.ports.deliveries import ClaimedDelivery
from forward_factor.services.retry_deliveries import retry_deliveries
from forward_factor.storage.store import Store
from tests.fakes.notifier import ScriptedNotifier
from tests.integration.storage.accounts import NOW
from tests.integration.storage.mail import LATER, delivering, newcomer, owe, states, until


async def claim(store: Store, seconds: float = 60, most: int = 10, busy: tuple[str, ...] = ()) -> list[ClaimedDelivery]:
    """Claim what is due a minute from now, or so many seconds."""
    now = NOW + timedelta(seconds=seconds)
    async with store.unit_of_work() as work:
        claimed = await work.deliveries.claim(now, now + CLAIM, most, busy)
        await work.commit()
        return list(claimed)


async def test_messages_go_out_in_order_to_every_chat(store: Store) -> None:
    ann, bob = await newcomer(store, "1"), await newcomer(store, "2")
    await owe(store, ann.user.id, ["1"], "a", "b", "c")
    await owe(store, bob.user.id, ["2"], "x", "y")
    notifier = ScriptedNotifier(seconds=0.01)
    async with delivering(store, notifier, FixedClock(LATER)):
        await until(lambda: len(notifier.sent["1"]) == 3 and len(notifier.sent["2"]) == 2)
    assert notifier.sent == {"1": ["a", "b", "c"], "2": ["x", "y"]}
    assert notifier.repeats == []
    assert notifier.overlaps == set()
    assert await states(store, "1") == [("sent", 1)] * 3
    assert await store.deliveries.count_by_state() == {"sent": 5}


async def test_one_message_a_chat_is_claimed_and_many_chats_at_once(store: Store) -> None:
    for number in range(8):
        one = await newcomer(store, str(number))
        await owe(store, one.user.id, [str(number)], "a", "b")
    first = await claim(store, most=5)
    second = await claim(store, most=5, busy=("7",))
    assert [len(first), len(second)] == [5, 2]
    assert sorted(one.chat_id for one in [*first, *second]) == [str(number) for number in range(7)]
    assert [one.chat_id for one in await claim(store)] == ["7"]
    assert {one.facts.text for one in [*first, *second] if one.facts} == {"a"}  # type: ignore[union-attr]
    assert await claim(store) == []


async def test_a_claim_that_ended_is_taken_again_and_said_to_be_a_repeat(store: Store) -> None:
    ann = await newcomer(store, "1")
    await owe(store, ann.user.id, ["1"], "a", "b")
    (lost,) = await claim(store)
    assert await claim(store, seconds=89) == []
    (found,) = await claim(store, seconds=91)
    assert (found.notification_id, found.may_repeat, found.attempts) == (lost.notification_id, True, 2)
    async with store.unit_of_work() as work:
        assert not await work.deliveries.mark_sent(lost, LATER, "1")
        assert await work.deliveries.mark_sent(found, LATER, "2")
        await work.commit()
    (after,) = await claim(store, seconds=92)
    assert (after.may_repeat, after.attempts) == (False, 1)


async def test_a_chat_that_blocked_the_bot_is_left_alone(store: Store) -> None:
    ann = await newcomer(store, "1")
    await owe(store, ann.user.id, ["1"], "a", "b")
    notifier = ScriptedNotifier()
    notifier.script["1"] = [ChatUnreachable("bot was blocked by the user")]
    async with delivering(store, notifier, FixedClock(LATER)):
        await until(lambda: not notifier.script["1"])
    assert notifier.sent["1"] == []
    assert await states(store, "1") == [("failed", 1), ("failed", 0)]
    async with store.reading() as work:
        chat = await work.chats.find("1")
    assert chat is not None
    assert not chat.chat.is_active
    assert {one.error for one in await store.deliveries.dead_letters()} == {"bot was blocked by the user"}


async def test_what_is_refused_is_given_up_and_can_be_tried_again(store: Store) -> None:
    ann, clock = await newcomer(store, "1"), FixedClock(LATER)
    bad, _ = await owe(store, ann.user.id, ["1"], "a", "b")
    notifier = ScriptedNotifier()
    notifier.script["1"] = [MessageRefused("can't parse entities")]
    async with delivering(store, notifier, clock):
        await until(lambda: notifier.sent["1"] == ["b"])
    (letter,) = await store.deliveries.dead_letters()
    assert (letter.notification_id, letter.chat_id, letter.user_id) == (bad, "1", ann.user.id)
    assert (letter.error, letter.attempts, letter.failed_at) == ("refused: can't parse entities", 1, LATER)
    assert await retry_deliveries(store, clock, bad, "2") == 0
    assert await retry_deliveries(store, clock, bad) == 1
    async with delivering(store, notifier, clock):
        await until(lambda: notifier.sent["1"] == ["b", "a"])
    assert await store.deliveries.dead_letters() == []


async def test_a_group_is_followed_to_its_new_number(store: Store) -> None:
    ann = await newcomer(store, "-1")
    await owe(store, ann.user.id, ["-1"], "a", "b")
    notifier = ScriptedNotifier()
    notifier.script["-1"] = [ChatMoved("moved", "-1001")]
    async with delivering(store, notifier, FixedClock(LATER)):
        await until(lambda: len(notifier.sent["-1001"]) == 2)
    assert notifier.sent == {"-1001": ["a", "b"]}
    async with store.reading() as work:
        moved = await work.chats.find("-1001")
        assert await work.chats.find("-1") is None
    assert moved is not None
    assert (moved.user.id, moved.user.telegram_chat_id) == (ann.user.id, "-1001")


async def test_many_chats_are_served_at_once_and_none_twice(store: Store) -> None:
    for number in range(30):
        one = await newcomer(store, str(number))
        await owe(store, one.user.id, [str(number)], "a", "b")
    first, second = ScriptedNotifier(seconds=0.05), ScriptedNotifier(seconds=0.05)
    async with delivering(store, first, FixedClock(LATER)), delivering(store, second, FixedClock(LATER)):
        await until(lambda: sum(map(len, [*first.sent.values(), *second.sent.values()])) >= 60)
    for number in range(30):
        assert sorted(first.sent[str(number)] + second.sent[str(number)]) == ["a", "b"]
    assert first.overlaps == second.overlaps == set()
    assert first.most_at_once > 5
    assert first.repeats == second.repeats == []
