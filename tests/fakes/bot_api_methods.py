"""The methods of the Bot API, with the limits of the real one and its words where they are broken."""

from __future__ import annotations

import json
import re
import struct
import time
from collections.abc import Callable

from tests.fakes.bot_api_markup import MarkupRefused, Parsed, parse, utf16_length
from tests.fakes.bot_api_world import Button, Json, Message, World

MOST_TEXT, MOST_CAPTION, MOST_ANSWER = 4096, 1024, 200
MOST_CALLBACK_BYTES, MOST_BUTTONS = 64, 100
MOST_PHOTO_BYTES, MOST_PHOTO_SIDES, MOST_PHOTO_RATIO = 10 << 20, 10_000, 20
COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


def call(world: World, method: str, given: Json, files: dict[str, bytes]) -> object:
    """Do what a request asks for and return its result; ``world.changed`` is held."""
    known = METHODS.get(method.lower())
    if known is None:
        raise Refused(404, "Not Found")
    return known(world, given, files)


def get_me(world: World, _given: Json, _files: dict[str, bytes]) -> Json:
    rights = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return world.bot_json() | rights


def get_updates(world: World, given: Json, _files: dict[str, bytes]) -> list[Json]:
    """Confirm what lies before ``offset``, and wait for what comes after; a newer caller ends this one."""
    if world.webhook is not None:
        raise Refused(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    world.poller += 1
    mine, offset = world.poller, int(given.get("offset") or 0)
    world.changed.notify_all()
    if offset > 0:
        world.updates = [one for one in world.updates if one["update_id"] >= offset]
    if offset < 0:
        world.updates = world.updates[offset:]
    world.changed.wait_for(
        lambda: world.updates or world.poller != mine or world.is_stopping, timeout=float(given.get("timeout") or 0)
    )
    if world.poller != mine:
        raise Refused(
            409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
    return world.updates[: int(given.get("limit") or 100)]


def send_message(world: World, given: Json, _files: dict[str, bytes]) -> Json:
    chat_id = _open_chat(world, given)
    text = str(given.get("text", ""))
    parsed = _parsed(text, given, MOST_TEXT, "message is too long")
    if not parsed.text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    return _sent(world, given, chat_id, parsed, text)


def send_photo(world: World, given: Json, files: dict[str, bytes]) -> Json:
    chat_id = _open_chat(world, given)
    photo = next(iter(files.values()), None)
    if photo is None:
        raise Refused(400, "Bad Request: there is no photo in the request")
    _check_photo(photo)
    caption = str(given.get("caption", ""))
    parsed = _parsed(caption, given, MOST_CAPTION, "message caption is too long")
    return _sent(world, given, chat_id, parsed, caption, photo)


def edit_text(world: World, given: Json, _files: dict[str, bytes]) -> Json:
    message = _own_message(world, given)
    text = str(given.get("text", ""))
    parsed, buttons = _parsed(text, given, MOST_TEXT, "MESSAGE_TOO_LONG"), _buttons(given)
    if not parsed.text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if (parsed.text, buttons) == (message.text, message.buttons):
        raise _unchanged()
    message.text, message.entities, message.raw, message.buttons = parsed.text, parsed.entities, text, buttons
    return _edited(world, message)


def edit_markup(world: World, given: Json, _files: dict[str, bytes]) -> Json:
    message, buttons = _own_message(world, given), _buttons(given)
    if buttons == message.buttons:
        raise _unchanged()
    message.buttons = buttons
    return _edited(world, message)


def delete_message(world: World, given: Json, _files: dict[str, bytes]) -> bool:
    message = _own_message(world, given)
    del world.messages[message.chat_id, message.message_id]
    world.order.remove(message)
    return True


def answer_query(world: World, given: Json, _files: dict[str, bytes]) -> bool:
    query = str(given.get("callback_query_id", ""))
    if query not in world.open_queries:
        raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    if utf16_length(str(given.get("text", ""))) > MOST_ANSWER:
        raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
    world.open_queries.discard(query)
    world.answers[query] = given
    world.changed.notify_all()
    return True


def set_commands(world: World, given: Json, _files: dict[str, bytes]) -> bool:
    commands = json.loads(str(given.get("commands", "[]")))
    if len(commands) > 100:
        raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for one in commands:
        if not COMMAND.fullmatch(one["command"]):
            raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(one["description"]) <= 256:
            raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands = commands
    return True


def get_commands(world: World, _given: Json, _files: dict[str, bytes]) -> list[Json]:
    return world.commands


def set_webhook(world: World, given: Json, _files: dict[str, bytes]) -> bool:
    secret = str(given.get("secret_token", ""))
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise Refused(400, "Bad Request: secret token contains unallowed characters")
    world.webhook = dict(given) if given.get("url") else None
    world.changed.notify_all()
    return True


def delete_webhook(world: World, given: Json, _files: dict[str, bytes]) -> bool:
    world.webhook = None
    if str(given.get("drop_pending_updates", "")).lower() == "true":
        world.updates.clear()
    return True


def webhook_info(world: World, _given: Json, _files: dict[str, bytes]) -> Json:
    hook = world.webhook or {}
    return {"url": hook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(world.updates)}


def get_chat(world: World, given: Json, _files: dict[str, bytes]) -> Json:
    return world.chat_json(_open_chat(world, given)) | {"accent_color_id": 0, "max_reaction_count": 11}


def chat_action(world: World, given: Json, _files: dict[str, bytes]) -> bool:
    _open_chat(world, given)
    return True


METHODS: dict[str, Callable[[World, Json, dict[str, bytes]], object]] = {
    "getme": get_me,
    "getupdates": get_updates,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "editmessagetext": edit_text,
    "editmessagereplymarkup": edit_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_query,
    "setmycommands": set_commands,
    "getmycommands": get_commands,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": webhook_info,
    "getchat": get_chat,
    "sendchataction": chat_action,
}


def _open_chat(world: World, given: Json) -> int:
    """Return the chat a request is for, unless the bot may not write to it."""
    text = str(given.get("chat_id", ""))
    if not text:
        raise Refused(400, "Bad Request: chat_id is empty")
    chat = world.chats.get(int(text)) if re.fullmatch(r"-?[0-9]+", text) else None
    if chat is None:
        raise Refused(400, "Bad Request: chat not found")
    if chat.migrated_to is not None:
        raise Refused(
            400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
        )
    if chat.refusal is not None:
        raise Refused(403, chat.refusal)
    if not chat.has_started:
        raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
    return chat.chat_id


def _parsed(text: str, given: Json, most: int, too_long: str) -> Parsed:
    try:
        parsed = parse(text, given.get("parse_mode"))
    except MarkupRefused as refusal:
        raise Refused(400, f"Bad Request: can't parse entities: {refusal}") from None
    if utf16_length(parsed.text.strip()) > most:
        raise Refused(400, f"Bad Request: {too_long}")
    return parsed


def _buttons(given: Json) -> list[list[Button]]:
    markup = json.loads(str(given.get("reply_markup") or "{}"))
    rows = markup.get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button["text"]:
            raise Refused(400, "Bad Request: text buttons are allowed to be non-empty only")
        if not 1 <= len(button.get("callback_data", "").encode()) <= MOST_CALLBACK_BYTES:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise Refused(400, "Bad Request: reply markup is too long")
    return [[Button(one["text"], one["callback_data"]) for one in row] for row in rows]


def _sent(world: World, given: Json, chat_id: int, parsed: Parsed, raw: str, photo: bytes | None = None) -> Json:
    buttons, chat = _buttons(given), world.chats[chat_id]
    reply = json.loads(str(given.get("reply_parameters") or "{}"))
    if reply and (chat_id, reply["message_id"]) not in world.messages and not reply.get("allow_sending_without_reply"):
        raise Refused(400, "Bad Request: message to be replied not found")
    if time.time() - chat.last_sent_at < world.seconds_a_chat:
        raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
    chat.last_sent_at = time.time()
    message = world.new_message(
        chat_id,
        parsed.text,
        is_from_bot=True,
        entities=parsed.entities,
        raw=raw,
        buttons=buttons,
        photo=photo,
        asks_for_reply="force_reply" in json.loads(str(given.get("reply_markup") or "{}")),
        reply_to=reply.get("message_id"),
    )
    return world.message_json(message)


def _own_message(world: World, given: Json) -> Message:
    chat_id = _open_chat(world, given)
    message = world.messages.get((chat_id, int(given.get("message_id") or 0)))
    if message is None:
        raise Refused(400, "Bad Request: message to edit not found")
    if not message.is_from_bot:
        raise Refused(400, "Bad Request: message can't be edited")
    return message


def _edited(world: World, message: Message) -> Json:
    message.edited_at = time.time()
    world.changed.notify_all()
    return world.message_json(message)


def _unchanged() -> Refused:
    return Refused(
        400,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message",
    )


def _check_photo(photo: bytes) -> None:
    if len(photo) > MOST_PHOTO_BYTES:
        raise Refused(413, "Request Entity Too Large")
    if not photo.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", photo[16:24])
    if width + height > MOST_PHOTO_SIDES or max(width, height) > MOST_PHOTO_RATIO * min(width, height):
        raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
