"""Pieces that several sections of the HTML report share: tables, state words, grades."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from avd_failover.report.account import Measure
from avd_failover.report.lists import clock, day
from avd_failover.report.markup import Child, Markup, tag

SHOWN = 50
"""Rows of a table that may be long; the JSON form has them all."""

_MARKS = {"good": "✓", "bad": "✗", "warn": "!", "run": "▶", "idle": "–"}  # noqa: RUF001 - a dash as a mark
"""Beside the word and the colour, so that neither is the only signal."""

_RUNS = {"completed": "good", "rolled back": "warn", "held": "warn", "interrupted": "warn", "running": "run"}
_STEPS = {"done": "good", "skipped": "idle", "pending": "idle", "running": "run", "debt": "warn"}


def grade_of_run(state: str) -> str:
    """Return the grade of a run's state: good, bad, warn or run."""
    return _RUNS.get(state, "bad")


def grade_of_step(state: str) -> str:
    """Return the grade of a step's state or of a turn's result."""
    return _STEPS.get(state, "bad")


def grade_of_measure(measure: Measure) -> str:
    """Return the grade of an objective."""
    if measure.measured_s is None:
        return "idle"
    if measure.kept is None:
        return "run"
    return "good" if measure.kept else "bad"


def state_word(word: str, grade: str) -> Markup:
    """Return a state as a mark and a word, in its colour."""
    mark = tag("span", _MARKS[grade], aria_hidden="true")
    return tag("span", mark, f" {word.upper()}", class_=f"state {grade}")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Child]]) -> Markup:
    """Return a table whose rows begin with their own heading; cells that are no Markup are text."""
    whole = [list(row) for row in rows]
    body = [tag("tr", tag("th", row[0], scope="row"), *map(_cell, row[1:])) for row in whole[:SHOWN]]
    if len(whole) > SHOWN:
        more = f"and {len(whole) - SHOWN} more: failover report --output json has them all"
        body.append(tag("tr", tag("td", more, colspan=str(len(heads)))))
    columns = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    drawn = tag("table", tag("caption", caption), columns, tag("tbody", *body))
    return tag("div", drawn, class_="scroll")


def facts(caption: str, rows: Iterable[tuple[str, Child]]) -> Markup:
    """Return a table of names and values."""
    body = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in rows]
    return tag("table", tag("caption", caption), tag("tbody", *body), class_="facts")


def moment(at: datetime | None) -> Markup:
    """Return a time of day that machines can read too; a dash for none."""
    if at is None:
        return tag("span", "–", class_="soft")  # noqa: RUF001 - a dash
    return tag("time", clock(at), datetime=at.isoformat(), title=day(at))


def code(words: str) -> Markup:
    """Return something to be typed or compared letter by letter."""
    return tag("code", words)


def _cell(child: Child) -> Markup:
    number = (
        isinstance(child, str) and not isinstance(child, Markup) and child[:1].isdigit() and len(child) < 14
    )
    time = isinstance(child, Markup) and child.startswith("<time")
    return tag("td", child, class_="num" if number else "time" if time else None)
