"""A Bot API server on 127.0.0.1 that keeps the real one's limits, and misbehaves as it is told.

``with BotApiServer() as telegram:`` runs it in threads; a bot, in this process or another, finds it by
``TELEGRAM_API_BASE=telegram.url`` and ``TELEGRAM_BOT_TOKEN=telegram.token``. People write to the bot through
``telegram.person("Ann")``: ``ann.say("/start")``, ``ann.tap("Place")``, ``ann.messages``.
"""

from __future__ import annotations

import email.parser
import json
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import parse_qsl

from tests.fakes.bot_api_methods import Refused, call
from tests.fakes.bot_api_people import Chat
from tests.fakes.bot_api_world import Call, ChatState, Json, Manner, World

TOKEN = "7000001:AAFakeTokenOfTheTestsDoNotUse_123456789"


class BotApiServer:
    """The server, and all that is in its Telegram."""

    def __init__(self, token: str = TOKEN, username: str = "ff_test_bot") -> None:
        self.world = World(token, int(token.split(":", maxsplit=1)[0]), username)
        self._server = _Server(("127.0.0.1", 0), _handler(self.world))
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True),
            threading.Thread(target=self._push_updates, daemon=True),
        ]

    @property
    def url(self) -> str:
        """Return what TELEGRAM_API_BASE should be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def token(self) -> str:
        """Return what TELEGRAM_BOT_TOKEN should be."""
        return self.world.token

    @property
    def calls(self) -> list[Call]:
        """Return all requests so far."""
        with self.world.changed:
            return list(self.world.calls)

    def calls_of(self, method: str) -> list[Call]:
        """Return all requests for one method so far."""
        return [one for one in self.calls if one.method == method]

    def person(self, name: str = "Ann", chat_id: int | None = None) -> Chat:
        """Return the private chat of somebody who has not written to the bot yet."""
        return self._chat(chat_id or 10_000 + self.world.new_id(), "private", name)

    def group(self, title: str = "Desk", chat_id: int | None = None) -> Chat:
        """Return a group the bot is in."""
        chat = self._chat(chat_id or -10_000 - self.world.new_id(), "group", title)
        self.world.chats[chat.chat_id].has_started = True
        return chat

    def known(self, chat_id: int, name: str = "Ann") -> Chat:
        """Return a private chat the bot may write to, as one is that used the old bot."""
        chat = self._chat(chat_id, "private", name)
        self.world.chats[chat_id].has_started = True
        return chat

    def misbehave(self, method: str, *manners: Manner, chat: Chat | None = None) -> None:
        """Have the next calls of ``method``, to one chat or to any, go wrong one after the other."""
        with self.world.changed:
            self.world.manners[method.lower(), chat.chat_id if chat else None].extend(manners)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self.world.changed:
            self.world.is_stopping = True
            self.world.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _chat(self, chat_id: int, kind: str, title: str) -> Chat:
        with self.world.changed:
            self.world.chats[chat_id] = ChatState(chat_id, kind, title)
        return Chat(self.world, chat_id)

    def _push_updates(self) -> None:
        """Bring updates to the webhook, where there is one, until each is taken."""
        while True:
            with self.world.changed:
                self.world.changed.wait_for(
                    lambda: self.world.is_stopping or (self.world.webhook and self.world.updates)
                )
                if self.world.is_stopping:
                    return
                assert self.world.webhook is not None
                update, hook = self.world.updates[0], dict(self.world.webhook)
            if _posted(hook, update):
                with self.world.changed:
                    self.world.updates = [one for one in self.world.updates if one is not update]
            else:
                time.sleep(0.1)


def _posted(hook: Json, update: Json) -> bool:
    headers = {"Content-Type": "application/json"}
    if hook.get("secret_token"):
        headers["X-Telegram-Bot-Api-Secret-Token"] = hook["secret_token"]
    request = urllib.request.Request(hook["url"], json.dumps(update).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients that hang up are part of the play."""


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given, files = _parameters(self.headers.get("Content-Type", ""), body)
            _, _, token_and_method = self.path.partition("/bot")
            token, _, method = token_and_method.partition("/")
            answer = _answer(world, token, method, given, files)
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            status, payload = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    return Handler


def _answer(world: World, token: str, method: str, given: Json, files: dict[str, bytes]) -> tuple[int, bytes] | None:
    """Return status and body, or None to hang up."""
    if token != world.token:
        status = 401 if ":" in token else 404
        return status, _refusal(Refused(status, "Unauthorized" if status == 401 else "Not Found"))
    at, chat_id = time.time(), Call(method, given, 0, 0).chat_id
    with world.changed:
        manner = world.next_manner(method.lower(), chat_id)
    if manner.seconds:
        time.sleep(manner.seconds)
    with world.changed:
        if manner.is_dropped:
            world.calls.append(Call(method, given, at, 0, "dropped"))
            world.changed.notify_all()
            return None
        status, payload = _done(world, method, given, files, manner)
        description = json.loads(payload).get("description")
        world.calls.append(Call(method, given, at, status, "lost" if manner.is_lost else description))
        world.changed.notify_all()
    if manner.held_s:
        time.sleep(manner.held_s)
    return None if manner.is_lost else (status, payload)


def _done(world: World, method: str, given: Json, files: dict[str, bytes], manner: Manner) -> tuple[int, bytes]:
    if manner.status:
        parameters = {"retry_after": manner.retry_after} if manner.retry_after else {}
        return manner.status, _refusal(Refused(manner.status, manner.description, **parameters))
    try:
        return 200, json.dumps({"ok": True, "result": call(world, method, given, files)}).encode()
    except Refused as refusal:
        return refusal.status, _refusal(refusal)


def _refusal(refusal: Refused) -> bytes:
    more = {"parameters": refusal.parameters} if refusal.parameters else {}
    return json.dumps({"ok": False, "error_code": refusal.status, "description": refusal.description} | more).encode()


def _parameters(content_type: str, body: bytes) -> tuple[Json, dict[str, bytes]]:
    """Return fields and files of a request in any of the three forms the API takes."""
    if content_type.startswith("application/json"):
        return json.loads(body or b"{}"), {}
    if not content_type.startswith("multipart/"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields: Json = {}
    files: dict[str, bytes] = {}
    for part in email.parser.BytesParser().parsebytes(head + body).walk():
        name: Any = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if name is None or not isinstance(payload, bytes):
            continue
        if part.get_filename() is None:
            fields[name] = payload.decode()
        else:
            files[name] = payload
    return fields, files
