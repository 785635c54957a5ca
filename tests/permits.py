"""Writes on a cloud of adapters, each with the permits of the action that it stands for.

``engine.send`` opens permits for actions; tests of the adapters call single verbs, and go through here.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from avd_failover.cloud import Cloud
from avd_failover.domain import ids
from avd_failover.domain.actions import (
    Action,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
)
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.estate import PoolReference, RoleAssignment
from avd_failover.domain.ids import AssignmentId, PrincipalId, ScalingPlanId
from avd_failover.domain.permits import Permit, permits_of, permitted
from avd_failover.domain.route import Route
from avd_failover.engine.confined import Confined
from tests.domain.builders import plan
from tests.recovery_permits import PERMITS

C = TypeVar("C")


def _delete(assignment: AssignmentId) -> Action:
    image = RoleAssignment(
        id=assignment, name=ids.name_of(assignment), scope=ids.Scope("/"), principal_id=PrincipalId(""),
        principal_type="", role_definition_id="",
    )  # fmt: skip
    return RevokeAssignment(assignment=image, reason="")


def _references(plan: ScalingPlanId, references: Sequence[PoolReference]) -> Action:
    return SetPoolReferences(plan=plan, references=tuple(references), before=(), reason="")


WRITES: dict[str, Callable[..., Action]] = {
    "assignments.create": lambda one: GrantAssignment(assignment=one, reason=""),
    "assignments.delete": _delete,
    "hosts.set_logons": lambda host, allowed: SetLogons(host=host, allowed=allowed, before=True, reason=""),
    "sessions.log_off": lambda session: LogOff(session=session, user=None, reason=""),
    "sessions.tell": lambda session, title, body: TellUser(
        session=session, title=title, body=body, reason=""
    ),
    "machines.start": lambda machine: StartMachine(machine=machine, reason=""),
    "machines.deallocate": lambda machine: DeallocateMachine(machine=machine, reason=""),
    "scaling.set_references": _references,
    "scaling.set_floor": lambda schedule, floor: SetScheduleFloor(
        schedule=schedule, floor=floor, before=floor, reason=""
    ),
    "pools.set_start_on_connect": lambda pool, allowed: SetStartOnConnect(
        host_pool=pool, allowed=allowed, before=True, reason=""
    ),
}
"""Every write of the seam, and the action that it carries out."""


def with_permits(cloud: C) -> C:
    """Return the same cloud, whose writes have their permits."""
    return cast("C", _Whole(cloud))


class Unbounded(Confined):
    """A cloud behind a plan without bounds, for tests of what is sent and not of what is kept in."""

    def __init__(self, cloud: object) -> None:
        super().__init__(cast("Cloud", cloud), Confinement.of(Route(plan=plan())))

    def check(self, action: Action) -> None:
        """Let everything pass."""


class _Whole:
    def __init__(self, cloud: object) -> None:
        self._cloud = cloud

    def __getattr__(self, part: str) -> object:
        found = getattr(self._cloud, part)
        parts = {name.partition(".")[0] for name in (*WRITES, *PERMITS)}
        return _Part(found, part) if part in parts else found


class _Part:
    def __init__(self, part: object, name: str) -> None:
        self._part, self._name = part, name

    def __getattr__(self, verb: str) -> object:
        found = getattr(self._part, verb)
        permits_for = _permits_for(f"{self._name}.{verb}")
        if permits_for is None:
            return found

        async def write(*given: Any, **named: Any) -> Any:
            with permitted(permits_for(*given, **named)):
                return await found(*given, **named)

        return write


def _permits_for(verb: str) -> Callable[..., Sequence[Permit]] | None:
    """Return what opens the way for a verb: what is written by hand, or what its action may become."""
    if by_hand := PERMITS.get(verb):
        return lambda *given, **named: (by_hand(*given, **named),)
    if action_for := WRITES.get(verb):
        return lambda *given, **named: permits_of(action_for(*given, **named))
    return None
