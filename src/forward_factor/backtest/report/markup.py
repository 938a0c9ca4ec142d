"""HTML that is escaped by construction: plain text becomes markup only through here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Markup that is safe as it stands."""

    __slots__ = ()


Content = str | Html


def safe(content: Content) -> Html:
    """Return markup as it is, and plain text escaped."""
    return content if isinstance(content, Html) else Html(escape(content, quote=True))


def join(contents: Iterable[Content], between: str = "") -> Html:
    """Return contents one after the other."""
    return Html(between.join(safe(one) for one in contents))


def element(tag: str, *contents: Content, **attributes: str) -> Html:
    """Return an element; ``_`` in names of attributes stands for ``-``, and one at the end is left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value, quote=True)}"' for name, value in attributes.items()
    )
    return Html(f"<{tag}{told}>{join(contents)}</{tag}>")


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]], *, texts: int = 1, caption: str = "") -> Html:
    """Return a table whose first ``texts`` columns are words and the others numbers."""

    def cells(tag: str, row: Sequence[Content]) -> Html:
        return join(element(tag, one, class_="word" if place < texts else "number") for place, one in enumerate(row))

    title = element("caption", caption) if caption else Html()
    body = join(element("tr", cells("td", row)) for row in rows)
    return element(
        "div",
        element("table", title, element("thead", element("tr", cells("th", head))), element("tbody", body)),
        class_="scroll",
    )


def section(title: str, *contents: Content) -> Html:
    """Return a part of the page under its heading."""
    return element("section", element("h2", title), *contents)


def note(text: Content) -> Html:
    """Return a small remark."""
    return element("p", text, class_="note")
