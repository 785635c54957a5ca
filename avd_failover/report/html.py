"""The account of a run as one HTML file: it stands alone, runs no script, and asks nobody for anything.

The page forbids by its own policy whatever a browser might load. Everything that is told goes through
``markup``, which escapes it.
"""

from collections.abc import Callable, Iterator

from avd_failover.report import html_chapters as chapters
from avd_failover.report import html_sections as sections
from avd_failover.report.account import Account
from avd_failover.report.account_text import headline, verdict
from avd_failover.report.html_drill import drill
from avd_failover.report.html_machines import machines
from avd_failover.report.html_parts import grade_of_measure, grade_of_run, state_word
from avd_failover.report.lists import day
from avd_failover.report.markup import Markup, tag
from avd_failover.report.style import CSS, SIMULATED_PAGES
from avd_failover.report.timeline_svg import timeline_svg
from avd_failover.report.words import SIMULATED, duration

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_SECTIONS: tuple[tuple[str, str, Callable[[Account], Markup | None]], ...] = (
    ("aim", "What it was for", chapters.aim),
    ("drill", "Evidence of the drill", drill),
    ("identity", "What was run", sections.identity),
    ("objectives", "Objectives and what was measured", sections.objectives),
    ("timeline", "Time line", lambda account: tag("div", timeline_svg(account), class_="scroll")),
    ("machines", "Desktops, machine by machine", machines),
    ("placement", "Who has access where", sections.placement),
    ("matrix", "Who is where afterwards", chapters.matrix),
    ("gates", "What waits, or waited, for people", chapters.gates),
    ("fence", "Fence: people's word for a silent source", chapters.fence),
    ("steps", "Steps", sections.steps),
    ("barrier", "Barrier: why access could be granted", sections.barrier),
    ("checks", "Held against the safety case", sections.checks),
    ("changes", "Changed besides access", sections.changes),
    ("trouble", "What did not work at first", sections.trouble),
    ("owed", "Owed", chapters.owed),
    ("settled", "Debts that this run was to pay", chapters.settled),
    ("items", "Things of steps, one by one", chapters.items),
    ("unknown", "Unknown", sections.unknown),
    ("findings", "Findings", sections.findings),
    ("drives", "Who drove it, interruptions and resumes", sections.drives),
    ("decisions", "What people asked of it", sections.decisions),
    ("missing", "Not in the journal", lambda account: sections.listing(account.missing)),
    ("assumptions", "What this rests on", lambda account: sections.listing(account.assumptions)),
    ("journal", "The journal behind this report", sections.journal),
)


def page(account: Account) -> str:
    """Return the whole file; equal accounts give equal bytes."""
    simulated = account.identity.simulated is not None
    mark = f"{SIMULATED} " if simulated else ""
    style = Markup(CSS + (SIMULATED_PAGES if simulated else ""))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"{mark}{headline(account)} · {account.identity.run}"),
        tag("style", style),
    )
    body = tag("body", *_body(account, simulated=simulated))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _body(account: Account, *, simulated: bool) -> Iterator[Markup]:
    if simulated:
        yield _banner(account)
    yield tag("header", *_head(account))
    yield tag(
        "main",
        *(
            _section(name, title, drawn, simulated=simulated)
            for name, title, draw in _SECTIONS
            if (drawn := draw(account)) is not None
        ),
    )
    yield tag("footer", *_foot(account, simulated=simulated))


def _banner(account: Account) -> Markup:
    scenario = account.identity.simulated
    words = f"{SIMULATED}: no real Azure was touched. Scenario {scenario}; all times are simulated."
    return tag("div", words, class_="simulated", role="note")


def _head(account: Account) -> Iterator[Markup]:
    who, ending = account.identity, account.ending
    yield tag("h1", f"{who.kind.capitalize()} of {who.plan}")
    yield tag(
        "p",
        state_word(ending.state, grade_of_run(ending.state)),
        f": {ending.because}" if ending.because else None,
    )
    yield tag("p", tag("strong", _first_upper(account.aim.sentence)))
    yield tag(
        "p",
        f"{who.source.side} ({who.source.region}) → {who.target.side} ({who.target.region}), {who.mode},"
        f" scope {who.scope}. {_when(account)}",
        class_="soft",
    )
    yield tag("dl", *_cards(account), class_="cards")


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _when(account: Account) -> str:
    ending = account.ending
    lasted = duration(ending.lasted_s)
    if ending.ended_at is None:
        return f"Began {day(ending.started_at)}; told as of {day(ending.as_of)}, {lasted} later."
    so_far = " It may go on: this is its story so far." if ending.so_far else ""
    return f"Began {day(ending.started_at)}, ended {day(ending.as_of)}, after {lasted}.{so_far}"


def _cards(account: Account) -> Iterator[Markup]:
    for measure in account.objectives[:2]:
        shown = duration(measure.measured_s) if measure.measured_s is not None else "none"
        told = f"{verdict(measure)}, {duration(measure.declared_s)} allowed"
        yield _card(measure.name.split(" (")[0].capitalize(), shown, told, grade_of_measure(measure))
    if account.placement:
        yield _placed(account)
    if account.machines:
        yield _moved(account)
    if account.drill is not None and account.drill.carried_s is not None:
        yield _card("Other side carried", duration(account.drill.carried_s), "the testers", "idle")
    changes = account.changes
    yield _card("Sessions ended", str(changes.sessions_ended), "proven to be gone", "idle")
    yield _card("Machines started", str(changes.machines_started), "on the target", "idle")
    unpaid = sum(one.paid_by is None for one in account.owed)
    for name, number in (("Owed", unpaid), ("Unknown", len(account.unknown))):
        paid = "paid since" if name == "Owed" and account.owed else "nothing"
        told = "to be settled" if number else paid
        yield _card(name, str(number), told, "warn" if number else "good")


def _placed(account: Account) -> Markup:
    """Count the pairs that are where the run was to bring them: on the target, after a drill at home."""
    wanted = "source" if account.drill is not None or account.moments.turned_at else "target"
    there, whole = sum(pair.after == wanted for pair in account.placement), len(account.placement)
    grade = "good" if there == whole else "warn" if account.ending.changed else "idle"
    return _card(f"On the {wanted}", f"{there} of {whole}", "group assignments", grade)


def _moved(account: Account) -> Markup:
    """Count the desktops that were moved and kept; those that are not protected again are no success yet."""
    kept = [one for one in account.machines if one.state in {"protected", "unprotected"}]
    bare = sum(one.state == "unprotected" for one in kept)
    told = f"{bare} not protected yet" if bare else "all protected again"
    grade = "good" if len(kept) == len(account.machines) and not bare else "warn"
    what = "replicated back" if account.aim.purpose == "settle" else "moved"
    return _card(f"Desktops {what}", f"{len(kept)} of {len(account.machines)}", told, grade)


def _card(name: str, shown: str, told: str, grade: str) -> Markup:
    return tag(
        "div", tag("dt", name), tag("dd", shown, tag("span", told, class_="how")), class_=f"card {grade}"
    )


def _section(name: str, title: str, content: Markup, *, simulated: bool) -> Markup:
    badge = tag("span", SIMULATED, class_="sim") if simulated else None
    heading = tag("h2", title, badge, id=f"{name}-title")
    return tag("section", heading, content, id=name, aria_labelledby=f"{name}-title")


def _foot(account: Account, *, simulated: bool) -> Iterator[Markup]:
    yield tag(
        "p",
        f"Drawn from {account.journal.entries} journal entries and from nothing else. Times are UTC"
        f"{', on the clock of the simulated Azure' if simulated else ''}.",
    )
    if simulated:
        yield tag("p", tag("strong", f"{SIMULATED}: this is no evidence of a failover of a real Azure."))
