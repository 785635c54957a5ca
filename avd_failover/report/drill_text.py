"""The evidence of a drill on a terminal."""

from collections.abc import Iterator

from avd_failover.domain.words import counted
from avd_failover.report.account import Account
from avd_failover.report.drill_account import Deficiency, Digest, DrillEvidence, Held, Person
from avd_failover.report.lists import clock, day
from avd_failover.report.words import duration

OPEN = "____________"
"""Room for what people fill in."""


def drill_lines(account: Account) -> Iterator[str]:
    """Yield the evidence; nothing for a run that is no drill."""
    drill = account.drill
    if drill is None:
        return
    yield from _what(account, drill)
    yield from _course(drill)
    yield from (f"heard      {one.item}: {one.result}" for one in drill.heard)
    yield from (_held(one) for one in drill.invariants)
    yield from (_digest(one) for one in drill.production)
    yield from (f"person     {_person(one)}" for one in drill.people)
    yield from (f"took part  {one.kind}: {one.name}" for one in drill.third_parties)
    for one in drill.files:
        yield f"file       {one.name}  SHA-256 {one.sha256}, by {one.by} at {one.step}"
    yield from _to_mend(drill)
    due = day(drill.next_due_at) if drill.next_due_at else "now: this one did not succeed"
    yield f"next due   {due} (every {duration(drill.every_s)})"


def _what(account: Account, drill: DrillEvidence) -> Iterator[str]:
    who = account.identity
    yield f"result     {drill.result}" + (f": {drill.notes}" if drill.notes else "")
    yield f"drill      {who.run}, plan {who.plan} sha256 {who.plan_sha256}"
    yield f"type       {drill.test_type}"
    chosen = f"severity {drill.severity or OPEN}   chosen because {drill.chosen_because or OPEN}"
    yield f"scenario   {drill.scenario or OPEN}   {chosen}"
    yield "measured   see Objectives: declared in the plan before the run, measured from the journal"


def _course(drill: DrillEvidence) -> Iterator[str]:
    yield f"lasted     {duration(drill.duration_s)}, from {day(drill.began_at)}"
    if drill.carried_s is None:
        yield "carried    the other side carried nobody"
        return
    until = f"until {clock(drill.left_at)}" if drill.left_at else "and still does, as far as is known"
    carried = f"the other side carried the testers for {duration(drill.carried_s)}"
    yield f"carried    {carried}, from {clock(drill.there_at)} {until}"
    told = f"{counted(drill.testers_told, 'session')} of testers told"
    yield f"returned   {clock(drill.returned_at, 'not yet')}; {told}"


def _held(one: Held) -> str:
    verdict = {True: "holds", False: "BROKEN", None: "not shown"}[one.holds]
    return f"invariant  {verdict:<10} {one.name}: {one.counted}"


def _digest(one: Digest) -> str:
    if one.same is None:
        return f"production {one.kind}: {one.things}, before {one.before_sha256}, not read again"
    verdict = "the same" if one.same else "DIFFERS"
    return f"production {one.kind}: {one.things}, {verdict}, {one.before_sha256} -> {one.after_sha256}"


def _person(one: Person) -> str:
    return f"{one.role:<9} {clock(one.at)} {one.who}: {one.what}"


def _to_mend(drill: DrillEvidence) -> Iterator[str]:
    if not drill.deficiencies:
        yield "to mend    nothing found"
    for one in drill.deficiencies:
        yield f"to mend    {one.code} ({one.where}): {one.what}"
        yield f"           {_blanks(one)}"
    yield f"signed off {OPEN} on {OPEN}"


def _blanks(one: Deficiency) -> str:
    return f"owner {one.owner or OPEN}  due {one.due or OPEN}  retest {one.retest or OPEN}"
