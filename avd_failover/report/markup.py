"""HTML by construction: text is escaped where it enters, so that nobody can forget it.

``tag`` takes children; a ``Markup`` is one that this module made, anything else is text and goes through
``plain`` (no control characters, no secrets, no addresses of people) and then through HTML escaping.
"""

from html import escape

from avd_failover.report.words import plain

_EMPTY = frozenset({"br", "meta", "line", "rect", "circle", "path"})


class Markup(str):
    """HTML that is safe as it stands."""

    __slots__ = ()


Child = str | None
"""A child of an element; None is left out."""


def text(words: str) -> Markup:
    """Return text as HTML."""
    return words if isinstance(words, Markup) else Markup(escape(plain(words)))


def tag(element: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """Return one element; ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``, None: left out.

    >>> tag("td", "a < b", class_="num")
    '<td class="num">a &lt; b</td>'
    """
    inside = "".join(text(child) for child in children if child is not None)
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{element}{shown}/>" if element in _EMPTY else f"<{element}{shown}>{inside}</{element}>")


def join(*parts: Child) -> Markup:
    """Return elements one after the other."""
    return Markup("".join(text(part) for part in parts if part is not None))


def _value(value: str | float) -> str:
    return (
        text(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, int) else f"{value:.1f}"
    )
