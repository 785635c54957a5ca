"""The section of the HTML report on personal desktops, machine by machine; other runs have none."""

from collections.abc import Sequence

from avd_failover.domain.ids import name_of
from avd_failover.report.account import Account
from avd_failover.report.html_parts import code, moment, state_word, table
from avd_failover.report.machines import MachineAccount, MachineJob, loss, machines_line
from avd_failover.report.markup import Child, Markup, join, tag
from avd_failover.report.words import duration

_GRADES = {"protected": "good", "unprotected": "warn", "not committed": "bad", "stayed": "idle"}
_HEADS = (
    *("Machine", "State", "Recovery point", "Failed over", "Data lost at most", "Works", "Committed"),
    *("Replicated back", "Unprotected"),
)
_NOTE = (
    "Data loss is what lies between the recovery point and the failover, or the moment from which the machine"
    " was known to be stopped. A machine counts as working when its commit was begun: nothing is committed"
    " that was not seen to run, with its session host Available. It is unprotected until it was replicated"
    " back completely for the first time."
)


def machines(account: Account) -> Markup | None:
    """Tell each machine's moments, what it lost, how long it was unprotected, and the jobs behind it."""
    found = account.machines
    if not found:
        return None
    caption = f"{len(found)} in all: {machines_line(found)}. Times are UTC"
    return join(
        table(caption, _HEADS, [_row(one) for one in found]),
        tag("p", _NOTE, class_="soft"),
        _stayed(found),
        _jobs(found),
    )


def _row(one: MachineAccount) -> Sequence[Child]:
    lost: Child = "not measured" if one.loss_s is None else loss(one.loss_s).removeprefix("at most ")
    return (
        one.name,
        state_word(one.state, _GRADES.get(one.state, "idle")),
        moment(one.point_at),
        moment(one.failed_over_at),
        lost if one.failed_over_at else "",
        moment(one.works_at),
        moment(one.committed_at),
        moment(one.reprotected_at),
        _bare(one),
    )


def _bare(one: MachineAccount) -> Child:
    if one.unprotected_s is not None:
        return duration(one.unprotected_s)
    return join("since ", moment(one.works_at)) if one.works_at and one.state == "unprotected" else ""


def _stayed(found: Sequence[MachineAccount]) -> Markup | None:
    noted = [one for one in found if one.notes]
    if not noted:
        return None
    return table(
        "Steps went on without these: what is to be done about each, people decide",
        ["Machine", "Why"],
        [(one.name, join(*(tag("div", note) for note in one.notes))) for one in noted],
    )


def _jobs(found: Sequence[MachineAccount]) -> Markup | None:
    kinds = tuple(dict.fromkeys(job.what for one in found for job in one.jobs))
    if not kinds:
        return None
    return table(
        "Jobs of Site Recovery that the requests became, by the last part of their ids",
        ["Machine", *(kind.capitalize() for kind in kinds)],
        [(one.name, *(_of(one.jobs, kind) for kind in kinds)) for one in found if one.jobs],
    )


def _of(jobs: Sequence[MachineJob], kind: str) -> Markup:
    return join(*(tag("div", code(name_of(job.id))) for job in jobs if job.what == kind))
