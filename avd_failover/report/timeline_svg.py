"""The time line as inline SVG: a row for each step, the access gap shaded, pauses as breaks.

State is told by a word at each bar as well as by its colour; the table of steps holds the same in text.
"""

from collections.abc import Iterator

from avd_failover.report.account import Account, StepAccount, Turn
from avd_failover.report.lists import clock
from avd_failover.report.markup import Markup, join, tag
from avd_failover.report.timeline import Scale, in_order, scale_of, shades, span
from avd_failover.report.words import duration, stopwatch

LEFT, WIDTH, RIGHT = 196.0, 700.0, 124.0
ROW, TOP, FOOT = 24.0, 40.0, 40.0
LETTERS = 26
"""Of a step's name; the whole stands in the title of its row."""


def timeline_svg(account: Account) -> Markup:
    """Return the drawing."""
    scale, steps = scale_of(account), in_order(account.steps)
    height = TOP + ROW * len(steps) + FOOT
    rows = (_row(step, number, scale) for number, step in enumerate(steps))
    return tag(
        "svg",
        tag("title", f"Time line of the {account.identity.kind}: {len(steps)} steps", id="timeline-name"),
        tag("desc", _description(account), id="timeline-desc"),
        _patterns(),
        join(*_axis(scale, height)),
        join(*_gaps(account, scale, height)),
        join(*_pauses(scale, height)),
        *rows,
        viewBox=f"0 0 {LEFT + WIDTH + RIGHT:.0f} {height:.0f}",
        role="img",
        aria_labelledby="timeline-name timeline-desc",
        class_="timeline",
    )


def _description(account: Account) -> str:
    began = ", ".join(
        f"{step.id} {clock(step.started_at)} {step.state}" for step in in_order(account.steps) if step.turns
    )
    return f"Steps by their start: {began or 'none began'}. The table of steps says the same in words."


def _patterns() -> Markup:
    """Return the hatchings, which tell gap and pause apart without colour."""
    lines = {"gap-hatch": ("M0 8 L8 0", "gap-line"), "pause-hatch": ("M0 0 L8 8 M0 8 L8 0", "pause-line")}
    return tag(
        "defs",
        *(
            tag(
                "pattern",
                tag("path", d=d, class_=line),
                id=name,
                width=8,
                height=8,
                patternUnits="userSpaceOnUse",
            )
            for name, (d, line) in lines.items()
        ),
    )


def _axis(scale: Scale, height: float) -> Iterator[Markup]:
    for place, moment in scale.ticks():
        x = _x(place)
        after = (moment - scale.start).total_seconds()
        yield tag("line", x1=x, x2=x, y1=TOP - 6, y2=height - FOOT, class_="tick")
        yield tag("text", f"+{stopwatch(after)}", x=x, y=TOP - 12, class_="axis")
    for x, moment, anchor in ((LEFT, scale.start, "start"), (LEFT + WIDTH, scale.end, "end")):
        label = f"{clock(moment)} UTC"
        yield tag("text", label, x=x, y=height - 10, class_="axis", text_anchor=anchor)


def _gaps(account: Account, scale: Scale, height: float) -> Iterator[Markup]:
    running = any(pair.gap_open for pair in account.placement)
    for one, (place, share) in zip(account.gaps, shades(account, scale), strict=True):
        left, width = _x(place), max(2.0, share * WIDTH)
        for fill in ("gap-fill", "gap-pattern"):
            yield tag("rect", x=left, y=TOP, width=width, height=height - TOP - FOOT, class_=fill)
        goes_on = " and running" if running and one is account.gaps[-1] else ""
        words = f"access gap {duration(one.seconds)}{goes_on}"
        middle = min(max(left + width / 2, LEFT + 80), LEFT + WIDTH - 80)
        yield tag("text", words, x=middle, y=height - FOOT + 15, class_="gap-label", text_anchor="middle")


def _pauses(scale: Scale, height: float) -> Iterator[Markup]:
    for pause in scale.pauses:
        left, right = _x(scale.at(pause.since)), _x(scale.at(pause.until))
        words = f"no process for {duration(pause.seconds)}"
        yield tag(
            "rect",
            x=left,
            y=TOP,
            width=right - left,
            height=height - TOP - FOOT,
            class_="pause",
        )
        yield tag("text", words, x=(left + right) / 2, y=14, class_="axis", text_anchor="middle")


def _row(step: StepAccount, number: int, scale: Scale) -> Markup:
    y = TOP + ROW * number
    name = step.id if len(step.id) <= LETTERS else step.id[: LETTERS - 1] + "…"
    bars = [_bar(turn, y, scale) for turn in step.turns]
    lasted = f" {duration(step.duration_s)}" if step.duration_s is not None else ""
    label_x = LEFT if not step.turns else max(_x(sum(span(turn, scale))) for turn in step.turns)
    return tag(
        "g",
        tag("title", f"{step.id}: {step.state}{lasted}. {step.reason}"),
        tag("text", name, x=LEFT - 8, y=y + 16, class_="name", text_anchor="end"),
        *bars,
        tag("text", f"{step.state}{lasted}", x=label_x + 5, y=y + 16, class_="word"),
        class_="row",
    )


def _bar(turn: Turn, y: float, scale: Scale) -> Markup:
    left, width = span(turn, scale)
    return tag(
        "rect",
        x=_x(left),
        y=y + 5,
        width=max(2.0, width * WIDTH),
        height=ROW - 10,
        rx=2,
        class_=f"bar {turn.result.replace(' ', '-')}",
    )


def _x(place: float) -> float:
    return LEFT + place * WIDTH
