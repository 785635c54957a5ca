"""Every file of ``tests/cases``: world and step in, actions, skips and verdict out.

A case that does nothing must say why, by a skip or in its verdict's sentence; one that does not fails.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from avd_failover.domain.actions import Moves, StartMachine, kind_of
from avd_failover.domain.fallbacks import Fallback, FallbackKind, Wave
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import BarrierProof, Capacity, End, Policies, Side
from avd_failover.domain.route import Route
from avd_failover.operations.base import AnyOperation, Blocked, Bound, NotYet, Proven, Verdict
from avd_failover.operations.registry import CATALOGUE, operation_for
from tests.domain.builders import side
from tests.operations.drive import WITH_CASES
from tests.operations.places import REGIONS, machine_of, make_plan
from tests.operations.staging import STEP, Stage
from tests.operations.telling import tell_action, tell_skip, tell_verdict

FOLDER = Path(__file__).parents[1] / "cases"


class PlanChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a case's plan has otherwise than the usual one."""

    seats: int = 10
    minimum_hosts_pct: int = 100
    minimum_success_pct: int = 0
    capacity_threshold_pct: int | None = None
    wave: Wave | None = None
    fallbacks: tuple[str, ...] = ()
    """``spare hosts neu-3`` or ``other other-size neu-a*``: name, kind, and hosts or a prefix."""
    notice: bool = True
    scaling: bool = True
    barrier: BarrierProof = BarrierProof.FASTEST
    accepted: tuple[str, ...] = ()
    """Lines of the verb ``extra``: paths that the plan accepts."""


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One look of a step, and what changed before it."""

    at: float
    change: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """``neu-1 AllocationFailed``: what Azure said since the look before."""


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the last look must lead to. ``skipped`` may be one reason for every skip."""

    actions: tuple[str, ...] = ()
    skipped: tuple[str, ...] | str = ()
    proven: str | None = None
    not_yet: str | None = None
    blocked: str | None = None
    moot: str | None = None
    raises: str | None = None
    findings: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None
    idle: bool | None = None
    again: float | None = None


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row."""

    name: str
    uses: str
    expect: Expected
    end: End | None = None
    leaving: Side = Side.PRIMARY
    groups: tuple[str, ...] | None = None
    """The cohort, when not everything moves."""
    plan: PlanChanges = PlanChanges()
    settings: dict[str, Any] = {}
    """Settings of the step, durations in seconds. It needs the step ``wake`` if it has any."""
    world: tuple[str | tuple[str, ...], ...] = ()
    """Lines, and lists of lines: what several cases have in common."""
    looks: tuple[Look, ...] = (Look(at=1000.0),)


def load(path: Path) -> list[Case]:
    return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), list[Case])


def every_case() -> list[Case]:
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in load(path)]


def route_of(case: Case) -> Route:
    wanted = case.plan
    changes: dict[str, Any] = {
        "capacity": capacity_of(wanted),
        "policies": Policies(barrier=wanted.barrier),
    }
    if not wanted.notice:
        changes["notice"] = None
    if not wanted.scaling:
        for one in Side:
            changes[one.value] = msgspec.structs.replace(side(one, REGIONS[one]), scaling_plan=None)
    if wanted.accepted:
        changes["accepted_paths"] = accepted(wanted.accepted)
    return Route(plan=make_plan(**changes), leaving=case.leaving, groups=case.groups)


def capacity_of(wanted: PlanChanges) -> Capacity:
    return Capacity(
        seats=wanted.seats,
        minimum_hosts_pct=wanted.minimum_hosts_pct,
        minimum_success_pct=wanted.minimum_success_pct,
        capacity_threshold_pct=wanted.capacity_threshold_pct,
        wave=wanted.wave,
        fallbacks=tuple(fallback_of(*line.split()) for line in wanted.fallbacks),
    )


def fallback_of(name: str, kind: str, *hosts: str) -> Fallback:
    prefixes = [one.removesuffix("*") for one in hosts if one.endswith("*")]
    named = () if prefixes else hosts
    return Fallback(
        name=name, kind=FallbackKind(kind), because="Spare.", hosts=named, prefix="".join(prefixes)
    )


def refuse(operation: AnyOperation, line: str) -> None:
    name, code = line.split()
    action = StartMachine(machine=machine_of(name), reason="a case")
    operation.after(action, RefusedError(f"refused with {code}", code=code, target=action.target))


def accepted(lines: tuple[str, ...]) -> tuple[str, ...]:
    stage = Stage(Route(plan=make_plan()))
    stage.change("assign nobody")
    for line in lines:
        stage.change(f"extra {line}")
    return tuple(stage.world.assignments)


def make_operation(case: Case, route: Route) -> AnyOperation:
    needs = ("wake",) if case.settings else ()
    step = Step(id=STEP, uses=case.uses, side=case.end, settings=case.settings, needs=needs)
    return operation_for(Bound(run="run-1", epoch=1, route=route, step=step))


async def play(case: Case) -> tuple[Moves, Verdict, Stage]:
    """Take every look of a case and return what the last one leads to."""
    stage = Stage(route_of(case))
    for lines in case.world:
        for line in (lines,) if isinstance(lines, str) else lines:
            stage.change(line)
    operation, seen, moves = make_operation(case, stage.route), [], Moves()
    for look in case.looks:
        stage.at(look.at)
        for line in look.change:
            stage.change(line)
        for line in look.refused:
            refuse(operation, line)
        seen.append(await operation.observe(stage.estate, stage.memory))
        moves = operation.plan(seen[-1])
        assert moves == operation.plan(seen[-1]), "planned twice from one look, and not the same"
    return moves, operation.prove(seen), stage


CASES = every_case()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.uses}: {case.name}")
async def test_case(case: Case) -> None:
    if case.expect.raises:
        with pytest.raises(CloudError, match=case.expect.raises):
            await play(case)
        return
    moves, verdict, stage = await play(case)
    assert [tell_action(one, stage.route) for one in moves.actions] == list(case.expect.actions)
    check_skips(moves, case.expect)
    check_verdict(verdict, case.expect)
    check_words(case, moves, verdict)
    assert stage.script.sent == [], "an operation wrote"


def check_skips(moves: Moves, expected: Expected) -> None:
    told = [tell_skip(one) for one in moves.skipped]
    if isinstance(expected.skipped, str):
        assert told
        assert {one.because for one in moves.skipped} == {expected.skipped}
    else:
        assert told == list(expected.skipped)


def check_verdict(verdict: Verdict, expected: Expected) -> None:
    kinds = {"proven": expected.proven, "not yet": expected.not_yet}
    kinds |= {"blocked": expected.blocked, "moot": expected.moot}
    wanted = {kind: part for kind, part in kinds.items() if part is not None}
    assert len(wanted) == 1, "a case expects exactly one verdict"
    ((kind, part),) = wanted.items()
    assert tell_verdict(verdict) == kind, verdict
    assert part in verdict.because
    found = verdict.findings if isinstance(verdict, Blocked) else ()
    assert len(found) == len(expected.findings), found
    for one, line in zip(found, expected.findings, strict=True):
        code, _, said = line.partition(": ")
        assert one.code == code
        assert said in f"{one.subject} {one.detail}"
    if expected.facts is not None:
        assert isinstance(verdict, Proven)
        assert verdict.facts == expected.facts
    if expected.idle is not None:
        assert isinstance(verdict, Proven)
        assert verdict.idle is expected.idle
    if expected.again is not None:
        assert isinstance(verdict, NotYet)
        assert verdict.look_again_s == pytest.approx(expected.again)


def check_words(case: Case, moves: Moves, verdict: Verdict) -> None:
    """Whatever a step does or leaves has a reason, and only does what its catalogue entry says."""
    assert all(kind_of(one) in CATALOGUE[case.uses].changes for one in moves.actions)
    assert all(one.reason for one in moves.actions)
    assert all(one.because for one in moves.skipped)
    assert verdict.because
    expected = case.expect
    parts = (expected.proven, expected.not_yet, expected.blocked, expected.moot)
    assert moves.actions or expected.skipped or any(parts), "it does nothing and names no reason"


def names() -> Iterator[tuple[str, str]]:
    return ((case.uses, case.name) for case in CASES)


def test_every_operation_has_cases_and_no_name_is_used_twice() -> None:
    assert {uses for uses, _ in names()} == set(WITH_CASES)
    assert len(set(names())) == len(CASES)
    assert len(CASES) >= 80


def test_every_action_of_the_catalogue_is_planned_by_some_case() -> None:
    planned = {(case.uses, line.split()[0]) for case in CASES for line in case.expect.actions}
    wanted = {(uses, kind) for uses in WITH_CASES for kind in CATALOGUE[uses].changes}
    assert planned == wanted
