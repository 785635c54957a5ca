"""HTML by construction."""

import doctest
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.report import markup
from avd_failover.report.markup import Markup, join, tag, text
from avd_failover.report.words import plain


class Reader(HTMLParser):
    """Keeps what a browser would see: elements with attributes, and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@given(st.text())
def test_no_text_becomes_an_element_or_leaves_its_attribute(words: str) -> None:
    seen = read(tag("p", words, title=words))
    (element,) = seen.elements
    assert element == ("p", {"title": plain(words)})
    assert seen.words == plain(words)


@pytest.mark.parametrize(
    ("made", "html"),
    [
        (tag("td", "a < b", class_="num"), '<td class="num">a &lt; b</td>'),
        (tag("p", tag("b", "x"), " & y"), "<p><b>x</b> &amp; y</p>"),
        (tag("p", None, title=None), "<p></p>"),
        (tag("rect", x=1.25, rx=2), '<rect x="1.2" rx="2"/>'),
        (tag("meta", name="n", http_equiv="h"), '<meta name="n" http-equiv="h"/>'),
        (
            tag("i", 'say "hi"', title='"><script>'),
            '<i title="&quot;&gt;&lt;script&gt;">say &quot;hi&quot;</i>',
        ),
        (join("a", None, tag("br"), "<"), "a<br/>&lt;"),
        (text("\x1b[31m\n"), r"\x1b[31m\n"),
    ],
)
def test_elements_are_written_like_this(made: Markup, html: str) -> None:
    assert made == html


def test_the_docstrings_are_true() -> None:
    assert doctest.testmod(markup).failed == 0
