"""The sections of the HTML report, each a pure function of the account."""

from collections.abc import Iterable, Iterator

from avd_failover.domain.words import counted, listed
from avd_failover.report.account import Account, PairAccount, StepAccount
from avd_failover.report.account_text import done, outcome, short_name, verdict
from avd_failover.report.html_parts import (
    SHOWN,
    code,
    facts,
    grade_of_measure,
    grade_of_run,
    grade_of_step,
    moment,
    state_word,
    table,
)
from avd_failover.report.lists import day
from avd_failover.report.machines import shown
from avd_failover.report.markup import Child, Markup, join, tag
from avd_failover.report.timeline import in_order
from avd_failover.report.words import duration, endpoints

NAMES_SHOWN = 5
REASONS_SHOWN = 10

_PROOFS = {
    "fence": "fence: people declared the silent source fenced, and nobody saw it empty",
    "physical": "physical: every source host was drained or stopped, and nothing could start one",
    "settle": "settle: the last removed assignment had the time in which it could still open a door",
}


def identity(account: Account) -> Markup:
    """Tell what was run, so exactly that it could be run again."""
    who = account.identity
    return facts(
        "Pinned by the first entry of the journal",
        [
            ("Run", code(who.run)),
            ("Plan", join(f"{who.plan}: {who.plan_summary} ", tag("br"), _hash(who.plan_sha256))),
            ("Runbook", join(f"{who.runbook} ", _hash(who.runbook_sha256))),
            ("Engine", f"avd-failover {who.engine}"),
            ("Kind and scope", f"{who.kind}, {who.mode}, scope {who.scope}"),
            ("From", join(f"{who.source.side}, {who.source.region} ", code(who.source.host_pool))),
            ("To", join(f"{who.target.side}, {who.target.region} ", code(who.target.host_pool))),
            ("Azure", code(endpoints(who.arm_endpoint, who.graph_endpoint))),
            ("Simulated", "no" if who.simulated is None else f"yes, scenario {who.simulated}"),
        ],
    )


def objectives(account: Account) -> Markup:
    """Set what was declared beside what was measured."""
    if not account.objectives:
        return _none("Nobody was moved: there is no recovery time and no access gap to measure.")
    return table(
        "Declared before the run, measured from the journal",
        ["Objective", "Declared", "Measured", "Verdict", "How it is measured"],
        [
            (
                one.name,
                duration(one.declared_s),
                "none" if one.measured_s is None else _spent(one.measured_s, open_=one.open),
                state_word(verdict(one), grade_of_measure(one)),
                one.how,
            )
            for one in account.objectives
        ],
    )


def placement(account: Account) -> Markup:
    """Tell each pair's way."""
    if not account.placement:
        return _none("This run is about nobody's access.")
    return table(
        "Each group's hold on an application group, before and after; times are those of Azure's answers",
        ["Pair", "Before", "After", "Revoked", "Granted", "Restored", "Without access, at most"],
        [
            (
                one.pair,
                one.before,
                _place(one, account),
                moment(one.revoked_at),
                moment(one.granted_at),
                moment(one.restored_at),
                _gap(one),
            )
            for one in account.placement
        ],
    )


def steps(account: Account) -> Markup:
    """Tell each step in the order in which it began."""
    return table(
        "In the order in which they began; a time in which no process drove the run does not count",
        ["Step", "Began", "Ended", "Took", "Result", "Why, and what was done"],
        [
            (
                join(one.id, tag("br"), tag("span", _where(one), class_="how")),
                moment(one.started_at),
                moment(one.ended_at),
                duration(one.duration_s) if one.duration_s is not None else "",
                state_word(one.state, grade_of_step(one.state)),
                join(one.reason, tag("ul", *map(_item, notes)) if (notes := list(_notes(one))) else None),
            )
            for one in in_order(account.steps)
        ],
    )


def barrier(account: Account) -> Markup | None:
    """Tell what proved that the source was empty and closed; None for a runbook without a barrier."""
    stood = account.barrier
    if stood is None:
        return None
    rows: list[tuple[str, Child]] = [
        ("Step", stood.step),
        ("State", state_word(stood.state, grade_of_step(stood.state))),
        ("Proof", _PROOFS.get(stood.proof or "", stood.proof or "none yet")),
        ("Looks without a session", "not recorded" if stood.looks is None else str(stood.looks)),
        ("Ghost sessions", "not recorded" if stood.ghosts is None else str(stood.ghosts)),
        ("In words", stood.sentence or "nothing recorded yet"),
        ("Stood at", moment(stood.proven_at)),
    ]
    told = facts("Nothing is granted on the target before this stands", rows)
    if not stood.waits:
        return told
    lacks = table(
        "What it lacked meanwhile", ["At", "Lacked"], [(moment(w.at), w.because) for w in stood.waits]
    )
    return join(told, lacks)


def checks(account: Account) -> Markup:
    """Hold the order of the entries against the safety case."""
    grades = {True: "good", False: "bad", None: "idle"}
    return table(
        "Computed again from the order of the journal's entries, whatever the engine thought of it",
        ["Rule", "Verdict", "By", "Source"],
        [
            (one.rule, state_word(outcome(one), grades[one.holds]), one.detail, one.source)
            for one in account.checks
        ],
    )


def changes(account: Account) -> Markup:
    """Count what was changed besides access."""
    found = account.changes
    return facts(
        "Counted by thing, not by attempt",
        [
            ("Sessions ended", f"{found.sessions_ended}, proven to be gone"),
            ("Log-offs accepted", f"{found.sessions_unproven} that no proof covers"),
            ("Users told", counted(found.users_told, "session")),
            ("Hosts drained", str(found.hosts_drained)),
            ("Machines", f"{found.machines_started} started, {found.machines_stopped} deallocated"),
        ],
    )


def trouble(account: Account) -> Markup:
    """Tell the attempts that changed nothing."""
    if not account.trouble:
        return _none("Every request was taken at the first attempt.")
    return table(
        "Attempts that changed nothing, alike ones together",
        ["Step", "First at", "Count", "Outcome", "Such as", "Answer"],
        [
            (one.step, moment(one.first_at), str(one.count), one.outcome, one.such_as, one.detail)
            for one in account.trouble
        ],
    )


def unknown(account: Account) -> Markup:
    """Tell the requests whose effect nobody knows."""
    if not account.unknown:
        return _none("Nothing remains unknown: every request has an end.")
    return table(
        "Sent, and nobody knows whether they took effect; a resumed run reads Azure before it sends again",
        ["Attempt", "Step", "Sent", "What", "Answer"],
        [
            (f"#{one.n}", one.step, moment(one.sent_at), one.what, one.detail or "none")
            for one in account.unknown
        ],
    )


def findings(account: Account) -> Markup:
    """Tell what checks found, also what was settled since."""
    if not account.findings:
        return _none("No check found anything.")
    return table(
        "Found by checks",
        ["Code", "Found", "Standing", "Step", "What it concerns", "What is wrong"],
        [
            (
                one.code,
                moment(one.at),
                state_word("stands" if one.stands else "settled", "warn" if one.stands else "good"),
                one.step or "the run",
                tag("span", short_name(one.subject), title=one.subject),
                one.detail,
            )
            for one in account.findings
        ],
    )


def drives(account: Account) -> Markup:
    """Tell which process drove the run when, and how each ended."""
    times = sum(one.how == "resumed" for one in account.drives)
    return table(
        f"Resumed {counted(times, 'time')}",
        ["Process", "How", "From", "Until", "Ended", "Why"],
        [
            (
                f"{one.pid} on {one.host}, epoch {one.epoch}, engine {one.engine}",
                one.how,
                tag("time", day(one.since), datetime=one.since.isoformat()),
                "now" if one.until is None else tag("time", day(one.until), datetime=one.until.isoformat()),
                state_word(one.ended or "running", grade_of_run(one.ended or "running")),
                one.because or ("said no last word" if one.ended == "killed" else ""),
            )
            for one in account.drives
        ],
    )


def decisions(account: Account) -> Markup:
    """Tell what people asked of the run."""
    if not account.decisions:
        return _none("Nobody asked anything of the run while it went on.")
    return table(
        "Taken up in this order; names are as given, and nobody checked them",
        ["Asked", "At", "By", "Step", "Reason"],
        [(one.kind, moment(one.at), one.by, one.step or "the run", one.reason) for one in account.decisions],
    )


def journal(account: Account) -> Markup:
    """Tell how to check that this report is of that journal."""
    found = account.journal
    rows: list[tuple[str, Child]] = [
        ("Entries", str(found.entries)),
        ("Head (SHA-256)", code(found.head)),
        ("Schema", str(found.schema)),
        ("Verify", code(found.verify)),
        ("Export", code(found.export)),
    ]
    if account.resume:
        rows.append(("Go on with the run", code(account.resume)))
    told = facts("The head covers every entry: another head is another journal", rows)
    note = "Keep the head in a second place: it is what shows that nothing was cut off or rewritten later."
    return join(told, tag("p", note, class_="soft"))


def listing(lines: Iterable[str]) -> Markup:
    """Return sentences as a list."""
    return tag("ul", *map(_item, lines))


def _notes(step: StepAccount) -> Iterator[str]:
    yield from (done(deeds) for deeds in step.deeds)
    if figures := [f"{name.replace('_', ' ')} {value}" for name, value in shown(step.facts)]:
        yield "read: " + ", ".join(figures)
    if len(step.left_alone) > REASONS_SHOWN:
        yield f"written down or left alone: {counted(len(step.left_alone), 'thing')}, each with its words"
    for left in step.left_alone if len(step.left_alone) <= REASONS_SHOWN else ():
        names = listed([short_name(target) for target in left.targets], NAMES_SHOWN)
        yield f"left alone: {names} ({left.because})"
    if step.actor:
        yield f"by {step.actor}"
    if len(step.turns) > 1:
        turns = ", ".join(f"{day(turn.started_at)} {turn.result}" for turn in step.turns[:SHOWN])
        yield f"entered {len(step.turns)} times: {turns}"


def _where(step: StepAccount) -> str:
    return step.uses + (f", {step.region}" if step.region else "") + (", way back" if step.back else "")


def _place(pair: PairAccount, account: Account) -> Markup:
    there = "source" if account.moments.turned_at or account.drill is not None else "target"
    grade = "good" if pair.after == there else "idle" if pair.after in {"source", "target"} else "bad"
    return state_word(pair.after, grade)


def _gap(pair: PairAccount) -> str:
    return _spent(pair.gap_s, open_=pair.gap_open) if pair.gap_s is not None else ""


def _spent(seconds: float, *, open_: bool) -> str:
    return duration(seconds) + (" and running" if open_ else "")


def _hash(sha256: str) -> Markup:
    return join("SHA-256 ", code(sha256))


def _item(words: str) -> Markup:
    return tag("li", words)


def _none(words: str) -> Markup:
    return tag("p", words)
