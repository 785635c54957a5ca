"""Chapters of an account on a terminal that only some runs have: title and lines."""

from collections.abc import Iterator

from avd_failover.domain.words import counted, listed
from avd_failover.report.account import Account, Owed
from avd_failover.report.chapters import Fence, Gate, Item, Matrix, Settled, Word
from avd_failover.report.lists import clock, day

Chapter = tuple[str, list[str]]


def chapters(account: Account) -> Iterator[Chapter]:
    """Yield the chapters that this run has, in the order in which they are told."""
    told = (
        ("Who is where afterwards", _matrix(account.matrix)),
        ("Waits for people", (line for gate in account.gates for line in gate_lines(gate))),
        ("Fence", _fence(account.fence)),
        ("Settled debts", (_settled(one) for one in account.settled)),
        ("Things of steps", (_item(one) for one in account.items)),
        ("Course", _course(account)),
    )
    for title, lines in told:
        if found := list(lines):
            yield title, found


def aim_lines(account: Account) -> Iterator[str]:
    """Yield what the run was for, who asked, and what it follows."""
    aim = account.aim
    yield f"purpose    {aim.purpose}: {aim.sentence}"
    if aim.initiator:
        yield f"asked by   {aim.initiator}" + (f", under the run key {aim.run_key}" if aim.run_key else "")
    if aim.forced:
        yield f"forced     {aim.forced}"
    if aim.follows:
        yield f"follows    {', '.join(aim.follows)}"


def gate_lines(gate: Gate) -> Iterator[str]:
    """Yield a gate: what is lacking with the command, then each thing that was said."""
    lacking = f", {gate.lacking} missing" if gate.lacking else ""
    yield f"{gate.step} ({gate.state}): {counted(gate.needed, 'approval')} needed{lacking}"
    yield from (f"  {_word(one)}" for one in gate.said)
    yield from (f"  not counted: {one}" for one in gate.ignored)
    if gate.command:
        yield f"  type: {gate.command}"


def owed_line(one: Owed) -> str:
    """Say what is owed, and who settles it or did."""
    where = f" in {one.region}" if one.region else ""
    if one.paid_by:
        return f"{one.step}{where}: paid by {one.paid_by} {clock(one.paid_at, '')}".rstrip()
    return f"{one.step}{where}: {one.because}" + (f"; type: {one.settle}" if one.settle else "")


def _word(one: Word) -> str:
    said = "approves" if one.verdict == "approve" else "rejects"
    reason = f": {one.reason}" if one.reason else ""
    file = f" (evidence {one.evidence_name}, SHA-256 {one.evidence_sha256})" if one.evidence_sha256 else ""
    return f"{clock(one.at)} {one.by} {said}{reason}{file}"


def _fence(fence: Fence | None) -> Iterator[str]:
    if fence is None:
        return
    yield f"declared by {listed(fence.by)} at {clock(fence.declared_at)} ({fence.step})"
    yield f"evidence   {fence.evidence}"
    yield from (f"silent     {one}" for one in fence.unanswered)
    yield f"hosts      not proven empty: {fence.hosts_not_proven}"
    yield f"ways in    not read again: {fence.ways_in_unread}"
    yield f"expires    {fence.expires}"


def _settled(one: Settled) -> str:
    step = f"{one.step}: " if one.step else ""
    return f"{'paid' if one.paid else 'not paid yet'}  {one.run}  {step}{one.because}"


def _item(one: Item) -> str:
    return f"{one.step}  {one.item}: {one.state}" + (f"; asked: {one.asked}" if one.asked else "")


def _course(account: Account) -> Iterator[str]:
    for switch in account.switches:
        yield f"{clock(switch.at)} {switch.mode} from here on: {switch.because}"
    for taken in account.take_overs:
        yield f"{clock(taken.at)} taken over (epoch {taken.epoch}); nothing was sent until {day(taken.until)}"


def _matrix(matrix: Matrix | None) -> Iterator[str]:
    if matrix is None:
        return
    rows = [("", *matrix.application_groups)]
    rows += [(one.group, *(side or "-" for side in one.sides)) for one in matrix.holdings]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if matrix.back:
        yield matrix.back
