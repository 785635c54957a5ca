"""``failover check`` and ``failover drills``: what stands in the way of a run; which drills there were."""

import asyncio
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.cli.request import Asked
    from avd_failover.cli.wiring import Wired
    from avd_failover.domain.findings import Finding
    from avd_failover.domain.plan import Plan
    from avd_failover.engine.preview import Preview
    from avd_failover.journal.home import Home
    from avd_failover.report.checked import Checked, Drilled

NO_ANSWER = "no-answer"
"""Code of the finding that Azure, or one region of it, is silent."""

_plan = click.option("--plan", required=True, metavar="NAME|PATH", help="Plan: a path, or a name in plans/.")
_output = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result."
)


@click.command()
@_plan
@click.option("--simulate", metavar="SCENARIO", help="Check against this simulated Azure.")
@_output
def check(plan: str, simulate: str | None, output: str) -> None:
    """Tell whether a run of the plan could begin now, with every finding at once. Only reads.

    Checks the run that would come next: a failover while users are on the primary side, else the way back.

    Exit code 0 when ready, whatever is only a warning; 4 when something would refuse the run. JSON: plan,
    simulated, at, ready, users_are_on, because, findings (code, severity, subject, detail).
    """
    from avd_failover.cli.failures import failures
    from avd_failover.cli.logs import configure
    from avd_failover.report.checked import checked_data, checked_text

    configure()
    with failures(plan):
        found = asyncio.run(_check(plan, simulate))
    click.echo(json.dumps(checked_data(found), indent=2) if output == "json" else checked_text(found))
    if not found.ready:
        raise Quit(ExitCode.REFUSED, "", next_step=_following(found))


def _following(found: "Checked") -> str:
    if found.remedy:
        return found.remedy
    if any(one.code == NO_ANSWER for one in found.blockers):
        return f"failover --plan {found.plan} --mode unplanned    if that region is dark, else the same check"
    return f"failover check --plan {found.plan}    once what blocks is mended"


@click.command()
@_plan
@_output
def drills(plan: str, output: str) -> None:
    """List the drills of a plan on this machine, newest first, and tell whether one is due.

    Drills on a simulated Azure are marked, and do not count. JSON: drills (run, state, because, finished_at,
    simulated), due, why.
    """
    from avd_failover.cli.request import ask_plan
    from avd_failover.journal.home import Home
    from avd_failover.report.checked import drill_due, drills_data, drills_text

    known = ask_plan(plan)
    found = _drills(Home.of(os.environ), known)
    real = tuple(one for one in found if one.simulated is None)
    due = drill_due(real, known.drill_every_s, datetime.now(UTC))
    click.echo(json.dumps(drills_data(found, due), indent=2) if output == "json" else drills_text(found, due))


async def _check(plan: str, simulate: str | None) -> "Checked":
    from avd_failover.cli.request import Wish, ask
    from avd_failover.cli.settings import endpoints
    from avd_failover.cli.standing import following, ledger
    from avd_failover.cli.wiring import wire
    from avd_failover.cli.worlds import looked_at
    from avd_failover.domain.faults import TransientError, UnknownError
    from avd_failover.domain.route import Purpose
    from avd_failover.journal.home import Home
    from avd_failover.report.checked import Checked

    there, back = ask(Wish(plan=plan)), ask(Wish(plan=plan, purpose=Purpose.FAILBACK))
    home = Home.of(os.environ)
    async with wire(endpoints(), looked_at(home, there, simulate)) as wired:
        left = ledger(home, there.route.plan, wired.simulated)
        asked = there = following(there, left)
        try:
            seen = await _look(there, wired)
            if seen.moot is not None and left.away:
                asked = following(back, left)
                seen = await _look(asked, wired)
        except (TransientError, UnknownError) as fault:
            return _silent(asked, home, wired, fault.message)
        standing, remedy = _standing(asked, home, wired)
        return Checked(
            plan=there.route.plan.name,
            simulated=wired.simulated,
            at=wired.clock.now(),
            users_are_on=asked.route.leaving.value if seen.moot is None else asked.route.leaving.other.value,
            because=_said(seen),
            blockers=(*standing, *_blockers(seen)),
            warnings=(*_warnings(home, there.route.plan, wired), *_stale_images(asked, seen, wired)),
            remedy=remedy,
        )


def _silent(asked: "Asked", home: "Home", wired: "Wired", told: str) -> "Checked":
    """Say that somebody did not answer; which side that is, and whether it matters, people decide."""
    from avd_failover.domain.findings import Finding
    from avd_failover.report.checked import Checked

    standing, remedy = _standing(asked, home, wired)
    return Checked(
        plan=asked.route.plan.name,
        simulated=wired.simulated,
        at=wired.clock.now(),
        users_are_on="a side nobody knows",
        because="not everything could be read, and silence is never taken for an empty list",
        blockers=(*standing, Finding(code=NO_ANSWER, subject="Azure", detail=told)),
        warnings=(),
        remedy=remedy,
    )


async def _look(asked: "Asked", wired: "Wired") -> "Preview":
    """Look at the steps that a run begins with and that change nothing: they decide whether it may begin."""
    from msgspec.structs import replace

    from avd_failover.cli.request import this_process
    from avd_failover.engine.preview import preview
    from avd_failover.engine.stop import StopSignal
    from avd_failover.operations.registry import CATALOGUE, operation_for

    own = [step for step in asked.graph.steps if not step.provided_by]
    first = tuple(step for step in own if not step.needs and not CATALOGUE[step.uses].changes)
    asked = replace(asked, graph=replace(asked.graph, steps=first))
    pinned = asked.pin("check", wired.where, wired.simulated, this_process())
    return await preview(
        pinned, cloud=wired.cloud, clock=wired.clock, operations=operation_for, stop=StopSignal()
    )


def _said(seen: "Preview") -> str:
    verdicts = [one.verdict for one in seen.steps if one.verdict is not None]
    return "; ".join(verdict.because for verdict in verdicts)


def _blockers(seen: "Preview") -> "tuple[Finding, ...]":
    from avd_failover.domain.findings import Finding
    from avd_failover.operations.base import Blocked, NotYet

    found: list[Finding] = []
    for one in seen.steps:
        match one.verdict:
            case Blocked(findings=findings):
                found += findings
            case NotYet(because=because):
                found.append(Finding(code="not-proven", subject=one.step.id, detail=because))
    return tuple(found)


def _standing(asked: "Asked", home: "Home", wired: "Wired") -> "tuple[tuple[Finding, ...], str]":
    """Return what of earlier runs stands in the way, and what to type about it."""
    from avd_failover.cli.standing import ledger, may_begin
    from avd_failover.domain.findings import Finding

    try:
        may_begin(asked, ledger(home, asked.route.plan, wired.simulated), wired.clock.now())
    except Quit as refusal:
        found = Finding(code="stands-in-the-way", subject="earlier run", detail=refusal.message)
        return (found,), refusal.next_step
    return (), ""


def _warnings(home: "Home", plan: "Plan", wired: "Wired") -> "tuple[Finding, ...]":
    from avd_failover.report.checked import drill_due

    if plan.test_group is None:
        return ()
    same = tuple(one for one in _drills(home, plan) if one.simulated == wired.simulated)
    due = drill_due(same, plan.drill_every_s, wired.clock.now())
    return () if due is None else (due,)


def _stale_images(asked: "Asked", seen: "Preview", wired: "Wired") -> "tuple[Finding, ...]":
    """Warn of desktops whose extensions nobody wrote down lately; which there are, the look has just seen."""
    from avd_failover.domain.desk_images import images_in, stale
    from avd_failover.operations.base import Proven

    personal, now = asked.route.plan.personal, wired.clock.now()
    if personal is None:
        return ()
    verdicts = [one.verdict for one in seen.steps if isinstance(one.verdict, Proven)]
    hosts = sorted(image.host for verdict in verdicts for image in images_in(verdict.facts, now))
    found = stale(
        hosts,
        asked.images,
        now=now,
        within_s=personal.images_within_s,
        mend=f"failover run personal-images --plan {asked.route.plan.name}, every night",
    )
    return () if found is None else (found,)


def _drills(home: "Home", plan: "Plan") -> "tuple[Drilled, ...]":
    from avd_failover.cli.standing import states
    from avd_failover.domain.route import Purpose
    from avd_failover.report.checked import Drilled

    return tuple(
        Drilled(
            run=state.run,
            state=state.status.value,
            because=state.because,
            finished_at=state.finished_at,
            simulated=state.pinned.simulated,
        )
        for state in states(home)
        if state.route.purpose is Purpose.DRILL and state.route.plan.name == plan.name
    )
