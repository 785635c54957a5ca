"""The account of a run on a terminal: section by section, every line without what a terminal would act on."""

from collections.abc import Iterable, Iterator, Sequence

from avd_failover.domain.words import counted, listed
from avd_failover.report.account import (
    Account,
    Check,
    Decision,
    Deeds,
    Drive,
    Ending,
    Measure,
    PairAccount,
    StepAccount,
    Trouble,
)
from avd_failover.report.chapters_text import aim_lines, chapters, owed_line
from avd_failover.report.drill_text import drill_lines
from avd_failover.report.lists import clock, day
from avd_failover.report.machines import machines_text
from avd_failover.report.words import duration, endpoints, marked, plain

SHOWN = 10
"""Of each list that may be long; the JSON form has them all."""

NAMES_SHOWN = 3


def account_text(account: Account) -> str:
    """Return the account for people; every line says SIMULATED where the Azure was simulated."""
    lines = [plain(line.rstrip()) for line in _lines(account)]
    return marked("\n".join(lines), account.identity.simulated)


def headline(account: Account) -> str:
    """Return what happened in a few words: ``COMPLETED: failover of pooled-eu``."""
    ending, who = account.ending, account.identity
    word = ending.state.upper()
    if ending.idle:
        word = "NOTHING TO DO"
    return f"{word}{' (SO FAR)' if ending.so_far else ''}: {who.kind} of {who.plan}"


def verdict(measure: Measure) -> str:
    """Say whether an objective was kept."""
    if measure.measured_s is None:
        return "not measured"
    if measure.kept is None:
        return "still running"
    if measure.kept:
        return "kept"
    return f"MISSED by {duration(measure.measured_s - measure.declared_s)}"


def outcome(check: Check) -> str:
    """Say what became of a rule."""
    return {True: "holds", False: "BROKEN", None: "does not apply"}[check.holds]


def done(deeds: Deeds) -> str:
    """Count what became of one kind of action: ``44 of 45 log-offs accepted, 1 unknown``."""
    ends = (
        ("refused", deeds.refused),
        ("not taken", deeds.transient),
        ("read back as not done", deeds.void),
        ("unknown", deeds.unknown),
    )
    rest = [f"{number} {word}" for word, number in ends if number]
    if deeds.retries:
        rest.append(f"{counted(deeds.retries, 'further attempt')}")
    whole = counted(deeds.targets, deeds.request)
    told = whole if deeds.applied == deeds.targets else f"{deeds.applied} of {whole}"
    return ", ".join([f"{told} accepted", *rest])


def short_name(target: str) -> str:
    """Name a thing by the last part of its id, a session host without its domain."""
    head, _, last = target.rpartition("/")
    return last.split(".", 1)[0] if head.endswith("sessionhosts") else last


def _lines(account: Account) -> Iterator[str]:
    yield headline(account)
    yield from _identity(account)
    if account.drill is not None:
        yield from _section("Evidence of the drill", drill_lines(account))
    yield from _section("Objectives", (_measure(one) for one in account.objectives))
    if account.placement or not account.machines:
        yield from _section("Placement", (_pair(one) for one in account.placement))
    for title, lines in chapters(account):
        yield from _section(title, lines)
    if account.machines:
        yield from _section("Desktops", machines_text(account.machines))
    yield from _section("Steps", (line for step in account.steps for line in _step(step)))
    yield from _section("Barrier", _barrier(account))
    yield from _section("Held against the safety case", (_check(one) for one in account.checks))
    yield from _section("Changed besides access", _changes(account))
    yield from _section("Did not work at first", _cut([_trouble(one) for one in account.trouble]))
    yield from _section("Owed", (owed_line(one) for one in account.owed))
    yield from _section("Unknown", _unknown(account))
    yield from _section("Findings", _findings(account))
    yield from _section("Driven by", (_drive(one) for one in account.drives))
    yield from _section("Asked by people", (_decision(one) for one in account.decisions))
    yield from _section("Not in the journal", account.missing)
    yield from _section("Rests on", account.assumptions)
    yield from _section("Journal", _journal(account))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    told = False
    for line in lines:
        told = True
        yield f"  {line}"
    if not told:
        yield "  none"


def _cut(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"and {len(lines) - SHOWN} more: failover report --output json"


def _identity(account: Account) -> Iterator[str]:
    who = account.identity
    yield f"  run        {who.run}"
    yield f"  way        {who.source.side} ({who.source.region}) -> {who.target.side} ({who.target.region})"
    yield f"  manner     {who.mode}, scope {who.scope}"
    yield from (f"  {line}" for line in aim_lines(account))
    yield f"  plan       {who.plan}  sha256 {who.plan_sha256}"
    yield f"  runbook    {who.runbook}  sha256 {who.runbook_sha256}"
    yield f"  engine     {who.engine}"
    yield f"  Azure      {endpoints(who.arm_endpoint, who.graph_endpoint)}" + (
        f" (simulated: {who.simulated})" if who.simulated is not None else ""
    )
    yield f"  began      {day(account.ending.started_at)}"
    yield f"  {_until(account.ending)}"
    if account.ending.because:
        yield f"  because    {account.ending.because}"


def _until(ending: Ending) -> str:
    word = "as of" if ending.ended_at is None else "ended"
    return f"{word:<10} {day(ending.as_of)}, after {duration(ending.lasted_s)}"


def _measure(measure: Measure) -> str:
    if measure.measured_s is None:
        return f"{measure.name:<22} {duration(measure.declared_s)} declared; {measure.how}"
    sign = " and running" if measure.open else ""
    words = f"{duration(measure.measured_s)}{sign} of {duration(measure.declared_s)}: {verdict(measure)}"
    return f"{measure.name:<22} {words} ({measure.how})"


def _pair(pair: PairAccount) -> str:
    spent = ""
    if pair.gap_s is not None:
        spent = f", without access {duration(pair.gap_s)}" + (" and RUNNING" if pair.gap_open else " at most")
    restored = f", restored {clock(pair.restored_at)}" if pair.restored_at else ""
    times = f"revoked {clock(pair.revoked_at)}, granted {clock(pair.granted_at)}{restored}{spent}"
    return f"{pair.pair:<24} {pair.before} -> {pair.after:<10} {times}"


def _step(step: StepAccount) -> Iterator[str]:
    lasted = duration(step.duration_s) if step.duration_s is not None else "-"
    yield f"{clock(step.started_at, '--:--:--')}  {step.id:<26} {step.state:<8} {lasted:>12}  {step.reason}"
    for deeds in step.deeds:
        yield f"{'':<10}{done(deeds)}"
    if len(step.left_alone) > SHOWN:
        many = counted(len(step.left_alone), "thing")
        yield f"{'':<10}written down or left alone: {many}, each with its words"
    for left in step.left_alone if len(step.left_alone) <= SHOWN else ():
        names = listed([short_name(target) for target in left.targets], NAMES_SHOWN)
        yield f"{'':<10}left alone: {names} ({left.because})"
    if len(step.turns) > 1:
        turns = ", ".join(f"{clock(turn.started_at)} {turn.result}" for turn in step.turns)
        yield f"{'':<10}entered {len(step.turns)} times: {turns}"


def _barrier(account: Account) -> Iterator[str]:
    stood = account.barrier
    if stood is None:
        yield "the runbook has none"
        return
    if stood.proven_at is None:
        yield f"does not stand ({stood.state})" + (f": {stood.sentence}" if stood.sentence else "")
    else:
        yield f"stood at {clock(stood.proven_at)}: {stood.sentence}"
        yield f"proof {stood.proof}, looks {stood.looks}, ghost sessions {stood.ghosts}"
    yield from _cut([f"{clock(wait.at)} lacked: {wait.because}" for wait in stood.waits])


def _check(check: Check) -> str:
    return f"{outcome(check):<14} {check.rule} ({check.source}): {check.detail}"


def _changes(account: Account) -> Iterator[str]:
    changes = account.changes
    yield f"{changes.sessions_ended} sessions ended (proven)"
    if changes.sessions_unproven:
        yield f"{changes.sessions_unproven} log-offs accepted and not proven"
    yield f"{counted(changes.users_told, 'session')} told, {counted(changes.hosts_drained, 'host')} drained"
    yield f"{counted(changes.machines_started, 'machine')} started, {changes.machines_stopped} deallocated"


def _trouble(trouble: Trouble) -> str:
    why = f": {trouble.detail}" if trouble.detail else ""
    return (
        f"{clock(trouble.first_at)} {trouble.step}: {trouble.count} {trouble.outcome}"
        f", such as {trouble.such_as}{why}"
    )


def _unknown(account: Account) -> Iterator[str]:
    yield from _cut(
        [f"{clock(one.sent_at)} {one.step} #{one.n} {one.what}: no known end" for one in account.unknown]
    )
    if account.unknown:
        yield "a resumed run reads Azure before it sends any of these again"


def _findings(account: Account) -> Iterator[str]:
    yield from _cut(
        [
            f"{one.code}  {short_name(one.subject)}: {one.detail}"
            + ("" if one.stands else " (settled since)")
            for one in account.findings
        ]
    )


def _drive(drive: Drive) -> str:
    end = {"": "drives it now", "killed": "ended without a word"}.get(drive.ended, drive.ended)
    why = f": {drive.because}" if drive.because else ""
    return (
        f"process {drive.pid} on {drive.host} (epoch {drive.epoch}, engine {drive.engine}) {drive.how}"
        f" {day(drive.since)}, {end} {clock(drive.until, '')}".rstrip()
        + why
    )


def _decision(one: Decision) -> str:
    what = f"{one.kind} {one.step}" if one.step else one.kind
    return f"{clock(one.at)} {what}, by {one.by}" + (f": {one.reason}" if one.reason else "")


def _journal(account: Account) -> Iterator[str]:
    yield f"{account.journal.entries} entries, schema {account.journal.schema}"
    yield f"head       {account.journal.head}"
    yield f"verify     {account.journal.verify}"
    yield f"export     {account.journal.export}"
    if account.resume:
        yield f"go on      {account.resume}"
