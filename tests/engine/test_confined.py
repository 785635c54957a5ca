"""What a run may touch: the plan's, as far as readings show it; anything else ends the step, unsent."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain.actions import Action, DeallocateMachine, Moves, StartMachine
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.estate import HostStatus, SessionHost
from avd_failover.domain.faults import OutsidePlanError
from avd_failover.domain.graph import OnFailure
from avd_failover.domain.ids import HostPoolId, MachineId, SessionHostId, session_host_id
from avd_failover.domain.permits import Permit, depart
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus
from avd_failover.engine.confined import Confined
from avd_failover.engine.send import send
from avd_failover.journal.events import Outcome
from avd_failover.operations.base import AfterRefusal, AnyOperation, Bound
from tests.engine.lamps import Lamps, LampsSeen, Stage, SwitchOn, lamp_step, make_graph
from tests.journal.builders import AVD, drain, grant, make_plan

HERE, STRANGE = f"{AVD}/hostPools/hp-we", f"{AVD}/hostPools/hp-of-others"
VM, OTHER = MachineId("vm-1"), MachineId("vm-2")


def host(pool: str, machine: MachineId | None) -> SessionHost:
    return SessionHost(
        id=session_host_id(f"{pool}/sessionHosts/h"),
        machine=machine,
        status=HostStatus.SHUTDOWN,
        allows_new_sessions=True,
    )


class Pools:
    """A cloud whose hosts are known, and which remembers what it was asked to change."""

    def __init__(self, *hosts: SessionHost) -> None:
        self.standing = hosts
        self.asked: list[str] = []

    @property
    def hosts(self) -> "Pools":
        return self

    @property
    def machines(self) -> "Pools":
        return self

    async def list(self, pool: HostPoolId) -> Reading[SessionHost]:
        return Reading(items=self.standing, read_at=datetime(2026, 1, 1, tzinfo=UTC))

    async def get(self, name: SessionHostId) -> SessionHost:
        return next(one for one in self.standing if one.id == name)

    async def start(self, machine: MachineId) -> Accepted:
        depart(Permit(method="POST", resource=f"{machine}/start"))
        self.asked.append(f"start {machine}")
        return Accepted(at=datetime(2026, 1, 1, tzinfo=UTC))

    async def set_logons(self, name: SessionHostId, *, allowed: bool) -> Accepted:
        self.asked.append(f"logons {name}")
        return Accepted(at=datetime(2026, 1, 1, tzinfo=UTC))


def confined(*hosts: SessionHost) -> tuple[Pools, Confined]:
    cloud: Any = Pools(*hosts)
    return cloud, Confined(cloud, Confinement.of(Route(plan=make_plan())))


START, STOP = StartMachine(machine=VM, reason=""), DeallocateMachine(machine=VM, reason="")


@pytest.mark.parametrize("action", [START, STOP], ids=["start", "stop"])
def test_a_machine_belongs_to_the_run_once_a_reading_showed_it(action: Action) -> None:
    _, by_list = confined(host(HERE, VM))
    with pytest.raises(OutsidePlanError, match="no reading shows this machine"):
        by_list.check(action)
    asyncio.run(by_list.cloud.hosts.list(HostPoolId(HERE)))
    by_list.check(action)
    _, by_id = confined(host(HERE, VM))
    asyncio.run(by_id.cloud.hosts.get(host(HERE, VM).id))
    by_id.check(action)


@pytest.mark.parametrize("shown", [host(STRANGE, VM), host(HERE, OTHER), host(HERE, None)])
def test_no_other_reading_makes_it_belong(shown: SessionHost) -> None:
    _, plan = confined(shown)
    asyncio.run(plan.cloud.hosts.list(HostPoolId(HERE)))
    with pytest.raises(OutsidePlanError):
        plan.check(START)


def test_readings_pass_through_unchanged_and_so_do_the_other_parts() -> None:
    cloud, plan = confined(host(HERE, VM))
    assert asyncio.run(plan.cloud.hosts.list(HostPoolId(HERE))).items == cloud.standing
    other: Any = plan.cloud.machines
    assert other is cloud
    asyncio.run(plan.cloud.hosts.set_logons(host(HERE, VM).id, allowed=True))
    assert cloud.asked == [f"logons {host(HERE, VM).id}"]


def test_sending_opens_the_permits_of_the_action_for_as_long_as_it_is_sent() -> None:
    cloud, plan = confined(host(HERE, VM))
    asyncio.run(plan.cloud.hosts.list(HostPoolId(HERE)))
    asyncio.run(send(plan, START))
    assert cloud.asked == [f"start {VM}"]
    with pytest.raises(OutsidePlanError):
        asyncio.run(cloud.start(VM))


def test_what_lies_outside_is_never_handed_to_the_cloud() -> None:
    cloud, plan = confined(host(STRANGE, VM))
    foreign = replace(drain(), host=host(STRANGE, VM).id)
    stray = replace(grant(), assignment=replace(grant().assignment, role_definition_id="/owner"))
    for action in (START, foreign, stray):
        with pytest.raises(OutsidePlanError) as caught:
            asyncio.run(send(plan, action))
        assert (caught.value.code, caught.value.target) == ("OutsidePlan", action.target)
    assert cloud.asked == []


class Trespasser(SwitchOn):
    """A defective operation: besides its own lamp it wants one that it never saw in the plan's pools."""

    def plan(self, seen: LampsSeen) -> Moves:
        moves = super().plan(seen)
        theirs = StartMachine(machine=MachineId("theirs"), reason="a defect")
        return replace(moves, actions=(*moves.actions, theirs))


@pytest.mark.parametrize("tolerate", AfterRefusal)
@pytest.mark.parametrize(
    ("policy", "ends"), [(OnFailure.HOLD, RunStatus.HELD), (OnFailure.STOP, RunStatus.FAILED)]
)
def test_a_defective_operation_ends_its_step_whatever_it_makes_of_refusals(
    tolerate: AfterRefusal, policy: OnFailure, ends: RunStatus
) -> None:
    def defective(bound: Bound) -> AnyOperation:
        return Trespasser(bound, tolerate=tolerate)

    stage = Stage(make_graph(lamp_step("mine", on_failure=policy)))
    stage.operations = defective
    assert stage.drive() is ends
    assert stage.lamps.sent == ["mine"]
    state = stage.state.steps["mine"]
    assert state.because.startswith("OutsidePlan: machine.start on theirs lies outside the plan: no reading")
    assert outcomes(stage) == {"mine": Outcome.APPLIED, "theirs": Outcome.REFUSED}


class Wanderer(Lamps):
    """A defective adapter: whatever it is asked to start, it asks the wire for something else."""

    async def start(self, machine: MachineId) -> Accepted:
        depart(Permit(method="POST", resource=f"{machine}-twin/start"))
        return await super().start(machine)


def test_a_defective_adapter_ends_the_step_and_sends_nothing() -> None:
    stage = Stage(make_graph(lamp_step("mine")), Wanderer())
    assert stage.drive() is RunStatus.HELD
    assert stage.lamps.sent == []
    assert (
        "OutsidePlan: not sent: POST mine-twin/start differs in resource" in stage.state.steps["mine"].because
    )


def test_a_defect_mended_lets_the_run_go_on() -> None:
    stage = Stage(make_graph(lamp_step("mine")))
    stage.operations = Trespasser
    assert stage.drive() is RunStatus.HELD
    stage.operations = SwitchOn
    assert stage.drive() is RunStatus.COMPLETED


def outcomes(stage: Stage) -> dict[str, Outcome | None]:
    return {one.action.target: one.outcome for one in stage.state.attempts.values()}
