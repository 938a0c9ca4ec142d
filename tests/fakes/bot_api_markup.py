"""Telegram's markup as its server reads it: plain text and entities out, or a refusal in its words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.entities import html5

SUPPORTED_TAGS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
KNOWN_NAMES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
RESERVED = set("_*[]()~`>#+-=|{}.!")
MARKS = {
    "||": "Spoiler",
    "__": "Underline",
    "```": "PreCode",
    "*": "Bold",
    "_": "Italic",
    "~": "Strikethrough",
    "`": "Code",
}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));?")
_ATTRIBUTE = re.compile(r"""\s*([^\s=>"']+)\s*(?:=\s*("[^"]*"|'[^']*'|[A-Za-z0-9.-]+))?""")
assert all(html5[f"{name};"] == text for name, text in KNOWN_NAMES.items())


class MarkupRefused(Exception):
    """Markup that Telegram would not read; the message is its own."""


@dataclass(slots=True)
class Parsed:
    """A text without its markup; offsets and lengths in UTF-16 units."""

    text: str = ""
    entities: list[dict[str, object]] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.text += text

    @property
    def end(self) -> int:
        return utf16_length(self.text)

    def mark(self, kind: str, start: int, **more: object) -> None:
        if self.end > start:
            self.entities.append({"type": kind, "offset": start, "length": self.end - start} | more)


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    start: int
    attributes: dict[str, str]


def utf16_length(text: str) -> int:
    """Return how long Telegram says ``text`` is."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(text: str, mode: str | None) -> Parsed:
    """Return what a message of ``text`` shows."""
    if not mode:
        return Parsed(text)
    if mode.lower() == "html":
        return parse_html(text)
    if mode.lower() == "markdownv2":
        return parse_markdown(text)
    raise MarkupRefused(f"unsupported parse_mode {mode}")


def parse_html(text: str) -> Parsed:
    """Read Telegram's HTML: few tags, each closed by its own name, and four named references."""
    parsed, opened, place = Parsed(), list[_Tag](), 0
    while place < len(text):
        if text[place] == "&":
            shown, place = _reference(text, place)
            parsed.add(shown)
        elif text.startswith("</", place):
            place = _end_tag(text, place, parsed, opened)
        elif text[place] == "<":
            tag, place = _start_tag(text, place, parsed.end)
            opened.append(tag)
        else:
            parsed.add(text[place])
            place += 1
    if opened:
        raise MarkupRefused(f'Can\'t find end tag corresponding to start tag "{opened[-1].name}"')
    return parsed


def _reference(text: str, place: int) -> tuple[str, int]:
    found = _REFERENCE.match(text, place)
    if found is None:
        return "&", place + 1
    hexadecimal, decimal, name = found.groups()
    if name is not None:
        return (KNOWN_NAMES[name], found.end()) if name in KNOWN_NAMES else ("&", place + 1)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return (chr(code), found.end()) if 0 < code < 0x110000 else ("&", place + 1)


def _start_tag(text: str, place: int, start: int) -> tuple[_Tag, int]:
    at = _bytes_before(text, place)
    head = re.compile(r"<([^\s>]*)").match(text, place)
    assert head is not None
    name, after = head[1].lower(), head.end()
    if after >= len(text):
        raise MarkupRefused(f"Unclosed start tag at byte offset {at}")
    if name not in SUPPORTED_TAGS:
        raise MarkupRefused(f'Unsupported start tag "{name}" at byte offset {at}')
    attributes: dict[str, str] = {}
    while (rest := text[after:].lstrip()) and not rest.startswith(">"):
        found = _ATTRIBUTE.match(text, after)
        if found is None:
            raise MarkupRefused(f'Empty attribute name in the tag "{name}" at byte offset {at}')
        if found[2] is None and (name, found[1]) != ("blockquote", "expandable"):
            raise MarkupRefused(f'Expected equal sign in declaration of an attribute of the tag "{name}"')
        attributes[found[1].lower()] = (found[2] or "").strip("\"'")
        after = found.end()
    if not rest:
        raise MarkupRefused(f'Unclosed start tag "{name}" at byte offset {at}')
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise MarkupRefused(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    return _Tag(name, start, attributes), text.index(">", after) + 1


def _end_tag(text: str, place: int, parsed: Parsed, opened: list[_Tag]) -> int:
    at = _bytes_before(text, place)
    if not opened:
        raise MarkupRefused(f"Unexpected end tag at byte offset {at}")
    end = text.find(">", place)
    if end < 0:
        raise MarkupRefused(f"Unclosed end tag at byte offset {at}")
    name, tag = text[place + 2 : end].strip().lower(), opened.pop()
    if name and name != tag.name:
        raise MarkupRefused(f'Unmatched end tag at byte offset {at}, expected "</{tag.name}>", found "</{name}>"')
    more = {"url": tag.attributes["href"]} if "href" in tag.attributes else {}
    parsed.mark(SUPPORTED_TAGS[tag.name], tag.start, **more)
    return end + 1


def parse_markdown(text: str) -> Parsed:
    """Read MarkdownV2: marks in pairs, links, and every other reserved character escaped."""
    parsed, opened, place = Parsed(), list[tuple[str, int, int]](), 0
    while place < len(text):
        inside_code = bool(opened) and opened[-1][0] in ("`", "```")
        if text[place] == "\\" and place + 1 < len(text) and ord(text[place + 1]) < 127:
            parsed.add(text[place + 1])
            place += 2
            continue
        mark = next((one for one in MARKS if text.startswith(one, place)), None)
        if mark and (not inside_code or mark == opened[-1][0]):
            _toggle(mark, place, parsed, opened, text)
            place += len(mark)
        elif text[place] in RESERVED and not inside_code:
            place = _link_or_refusal(text, place, parsed)
        else:
            parsed.add(text[place])
            place += 1
    if opened:
        mark, start, _ = opened[-1]
        raise MarkupRefused(f"Can't find end of {MARKS[mark]} entity at byte offset {_bytes_before(text, start)}")
    return parsed


def _toggle(mark: str, place: int, parsed: Parsed, opened: list[tuple[str, int, int]], text: str) -> None:
    if opened and opened[-1][0] == mark:
        parsed.mark(MARKS[mark].lower(), opened.pop()[2])
    elif mark in {one for one, _, _ in opened}:
        raise MarkupRefused(f"Can't find end of {MARKS[opened[-1][0]]} entity at byte offset {opened[-1][1]}")
    else:
        opened.append((mark, place, parsed.end))


def _link_or_refusal(text: str, place: int, parsed: Parsed) -> int:
    if text[place] == ">" and (place == 0 or text[place - 1] == "\n"):
        return place + 1
    link = re.compile(r"\[((?:[^\]\\]|\\.)+)\]\(((?:[^)\\]|\\.)*)\)").match(text, place)
    if link is None:
        raise MarkupRefused(f"Character '{text[place]}' is reserved and must be escaped with the preceding '\\'")
    start = parsed.end
    parsed.add(parse_markdown(link[1]).text)
    parsed.mark("text_link", start, url=link[2])
    return link.end()


def _bytes_before(text: str, place: int) -> int:
    return len(text[:place].encode("utf-8", "surrogatepass"))
