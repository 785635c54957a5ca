"""The evidence of a drill as a section of the HTML report, with room for what people add by hand."""

from collections.abc import Iterator

from avd_failover.domain.words import counted
from avd_failover.report.account import Account
from avd_failover.report.drill_account import Digest, DrillEvidence
from avd_failover.report.html_parts import code, facts, moment, state_word, table
from avd_failover.report.lists import day
from avd_failover.report.markup import Child, Markup, join, tag
from avd_failover.report.words import duration

_RESULTS = {"pass": "good", "fail": "bad", "not ended": "run"}
_HOLDS = {True: ("holds", "good"), False: ("BROKEN", "bad"), None: ("not shown", "warn")}
_BLANK = tag("span", "", class_="blank")


def drill(account: Account) -> Markup | None:
    """Return the whole evidence; None for a run that is no drill."""
    found = account.drill
    if found is None:
        return None
    return join(
        facts("What was tested; lines are for people to fill in", _what(account, found)),
        facts("Switch to the other side, and return", _course(found)),
        _heard(found),
        _invariants(found),
        _production(found),
        _people(found),
        _third_parties(found),
        _files(found),
        _deficiencies(found),
    )


def _what(account: Account, found: DrillEvidence) -> Iterator[tuple[str, Child]]:
    who = account.identity
    yield "Result", join(state_word(found.result, _RESULTS.get(found.result, "warn")), f" {found.notes}")
    yield "Drill", code(who.run)
    yield "Plan", join(f"{who.plan}, SHA-256 ", code(who.plan_sha256))
    yield "Type", found.test_type
    yield "Scope", found.scope
    yield "Scenario", found.scenario or _BLANK
    yield "Severity", found.severity or _BLANK
    yield "Chosen because", found.chosen_because or _BLANK
    yield "Objectives", "fixed by the plan before the run, and set beside what was measured below"
    due = day(found.next_due_at) if found.next_due_at else "now: this one did not succeed"
    yield "Next due", f"{due}, every {duration(found.every_s)}"


def _course(found: DrillEvidence) -> Iterator[tuple[str, Child]]:
    ended = day(found.ended_at) if found.ended_at else "not ended"
    yield "Began, ended", f"{day(found.began_at)}, {ended}; {duration(found.duration_s)}"
    yield "Testers on the other side", moment(found.there_at)
    carried = "it did not" if found.carried_s is None else duration(found.carried_s)
    yield "It carried them for", carried
    yield "Left it", moment(found.left_at)
    yield "Back on their own side", moment(found.returned_at)
    yield "Told what to try", f"testers in {counted(found.testers_told, 'session')}"


def _heard(found: DrillEvidence) -> Markup | None:
    if not found.heard:
        return None
    rows = [(one.item, one.result) for one in found.heard]
    return table("What testers said of the checklist", ["Item", "Result"], rows)


def _invariants(found: DrillEvidence) -> Markup:
    return table(
        "Invariants, from data",
        ["Invariant", "Verdict", "How it was counted"],
        [(one.name, state_word(*_HOLDS[one.holds]), one.counted) for one in found.invariants],
    )


def _production(found: DrillEvidence) -> Markup | None:
    if not found.production:
        return None
    return table(
        "Production before the first change and after the last, by SHA-256",
        ["Kind", "Things", "Verdict", "Before", "After"],
        [
            (
                one.kind,
                str(one.things),
                _same(one),
                code(one.before_sha256 or ""),
                code(one.after_sha256 or ""),
            )
            for one in found.production
        ],
    )


def _same(one: Digest) -> Markup:
    if one.same is None:
        return state_word("not read again", "warn")
    return state_word("the same", "good") if one.same else state_word("differs", "bad")


def _people(found: DrillEvidence) -> Markup:
    rows = [(one.who, one.role, moment(one.at), one.what) for one in found.people]
    return table("People and processes", ["Who", "Role", "At", "What"], rows)


def _third_parties(found: DrillEvidence) -> Markup:
    rows = [(one.name, one.kind) for one in found.third_parties]
    return table("Third parties that took part", ["Name", "Kind"], rows)


def _files(found: DrillEvidence) -> Markup:
    if not found.files:
        return tag("p", "Nobody gave a file of evidence.", class_="soft")
    rows = [(one.name, code(one.sha256), one.by, one.step) for one in found.files]
    return table("Files of evidence; they stay with who gave them", ["File", "SHA-256", "By", "Step"], rows)


def _deficiencies(found: DrillEvidence) -> Markup:
    rows: list[tuple[Child, ...]] = [
        (one.what, one.code, one.where, one.owner or _BLANK, one.due or _BLANK, one.retest or _BLANK)
        for one in found.deficiencies
    ]
    heads = ["Deficiency", "Code", "Where", "Owner", "Due", "Retest"]
    nothing = tag("p", "No deficiency was found.")
    told = table("To be mended", heads, rows) if rows else nothing
    lines = [("Lessons, changes of the plan", _BLANK), ("Signed off by, on", _BLANK)]
    return join(told, facts("Sign-off by management", lines))
