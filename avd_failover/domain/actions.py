"""Actions: the smallest side effects, one mutating request each, as frozen values.

An action says what it changes (``target``), from what (``before``) to what, why, and what would undo it.
It is planned by an operation, made durable as an intent, and only then sent, through one function
(``engine.send``). The tags are written to journals and stay readable for ever.
"""

from msgspec import Struct

from avd_failover.domain.estate import PoolReference, RoleAssignment, ScheduleFloor
from avd_failover.domain.ids import (
    HostPoolId,
    MachineId,
    ScalingPlanId,
    ScheduleId,
    SessionHostId,
    UserId,
    UserSessionId,
)
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan


class RevokeAssignment(Struct, frozen=True, kw_only=True, tag="assignment.revoke"):
    """Delete one role assignment; the assignment itself is the image to restore it from."""

    assignment: RoleAssignment
    reason: str

    @property
    def target(self) -> str:
        """Id of the assignment."""
        return self.assignment.id

    def inverse(self) -> "Action":
        """Create the assignment again, field by field, under its own name."""
        return GrantAssignment(assignment=self.assignment, reason=f"undo: {self.reason}")


class GrantAssignment(Struct, frozen=True, kw_only=True, tag="assignment.grant"):
    """Create one role assignment under a name chosen beforehand, so that sending it twice is harmless."""

    assignment: RoleAssignment
    reason: str

    @property
    def target(self) -> str:
        """Id that the assignment will have."""
        return self.assignment.id

    def inverse(self) -> "Action":
        """Delete the assignment that this action created."""
        return RevokeAssignment(assignment=self.assignment, reason=f"undo: {self.reason}")


class SetLogons(Struct, frozen=True, kw_only=True, tag="host.logons"):
    """Allow or refuse new sessions on one host; open sessions stay (drain mode)."""

    host: SessionHostId
    allowed: bool
    before: bool
    reason: str

    @property
    def target(self) -> str:
        """Id of the session host."""
        return self.host

    def inverse(self) -> "Action":
        """Put the drain flag back as it was."""
        return SetLogons(
            host=self.host, allowed=self.before, before=self.allowed, reason=f"undo: {self.reason}"
        )


class LogOff(Struct, frozen=True, kw_only=True, tag="session.logoff"):
    """End one user session for good. Disconnecting is never enough: the profile stays locked."""

    session: UserSessionId
    user: UserId | None
    reason: str

    @property
    def target(self) -> str:
        """Id of the user session."""
        return self.session

    def inverse(self) -> None:
        """Nothing brings a session back; the user signs in again."""


class TellUser(Struct, frozen=True, kw_only=True, tag="session.message"):
    """Show a message in one user session."""

    session: UserSessionId
    title: str
    body: str
    reason: str
    user: UserId | None = None
    """Whose session it is, where that is known."""

    @property
    def target(self) -> str:
        """Id of the user session."""
        return self.session

    def inverse(self) -> None:
        """A message cannot be unsaid."""


class StartMachine(Struct, frozen=True, kw_only=True, tag="machine.start"):
    """Start one virtual machine."""

    machine: MachineId
    reason: str

    @property
    def target(self) -> str:
        """Id of the virtual machine."""
        return self.machine

    def inverse(self) -> "Action":
        """Deallocate the machine again."""
        return DeallocateMachine(machine=self.machine, reason=f"undo: {self.reason}")


class DeallocateMachine(Struct, frozen=True, kw_only=True, tag="machine.deallocate"):
    """Stop one virtual machine and give its capacity back."""

    machine: MachineId
    reason: str

    @property
    def target(self) -> str:
        """Id of the virtual machine."""
        return self.machine

    def inverse(self) -> "Action":
        """Start the machine again."""
        return StartMachine(machine=self.machine, reason=f"undo: {self.reason}")


class SetPoolReferences(Struct, frozen=True, kw_only=True, tag="autoscale.pools"):
    """Replace a scaling plan's whole list of host pools, so that autoscale starts or stops acting on one."""

    plan: ScalingPlanId
    references: tuple[PoolReference, ...]
    before: tuple[PoolReference, ...]
    reason: str

    @property
    def target(self) -> str:
        """Id of the scaling plan."""
        return self.plan

    def inverse(self) -> "Action":
        """Put the list back as it was."""
        return SetPoolReferences(
            plan=self.plan, references=self.before, before=self.references, reason=f"undo: {self.reason}"
        )


class SetScheduleFloor(Struct, frozen=True, kw_only=True, tag="autoscale.floor"):
    """Change how many hosts one schedule keeps up."""

    schedule: ScheduleId
    floor: ScheduleFloor
    before: ScheduleFloor
    reason: str

    @property
    def target(self) -> str:
        """Id of the pooled schedule."""
        return self.schedule

    def inverse(self) -> "Action":
        """Put the percentages back as they were."""
        return SetScheduleFloor(
            schedule=self.schedule, floor=self.before, before=self.floor, reason=f"undo: {self.reason}"
        )


class SetStartOnConnect(Struct, frozen=True, kw_only=True, tag="pool.start-on-connect"):
    """Allow or forbid that a connecting user starts a stopped host of the pool."""

    host_pool: HostPoolId
    allowed: bool
    before: bool
    reason: str

    @property
    def target(self) -> str:
        """Id of the host pool."""
        return self.host_pool

    def inverse(self) -> "Action":
        """Put the setting back as it was."""
        return SetStartOnConnect(
            host_pool=self.host_pool, allowed=self.before, before=self.allowed, reason=f"undo: {self.reason}"
        )


class RunCommand(Struct, frozen=True, kw_only=True, tag="command.run"):
    """Run one program outside Azure, as it stands: an argument list and no shell.

    ``environment`` are names of variables that it is given; their values are in no record. ``number`` tells
    the attempts of a step apart, because no reading can say whether one of them ran.
    """

    step: str
    number: int
    argv: tuple[str, ...]
    environment: tuple[str, ...] = ()
    timeout_s: float
    reason: str

    @property
    def target(self) -> str:
        """The step, and which attempt of it."""
        return _numbered(self.step, self.number)

    def inverse(self) -> None:
        """Nobody knows what would undo a program."""


class CallWebhook(Struct, frozen=True, kw_only=True, tag="webhook.call"):
    """Post one JSON text to one address outside Azure.

    ``key`` is the same whenever the same attempt is sent again. ``bearer_from`` and ``query_from`` name
    environment variables whose values go along and are in no record.
    """

    step: str
    number: int
    url: str
    body: str
    key: str
    bearer_from: str = ""
    query_from: str = ""
    timeout_s: float
    reason: str

    @property
    def target(self) -> str:
        """The step, and which attempt of it."""
        return _numbered(self.step, self.number)

    def inverse(self) -> None:
        """A call cannot be taken back."""


def _numbered(step: str, number: int) -> str:
    return step if number == 1 else f"{step} (attempt {number})"


Action = (
    RevokeAssignment
    | GrantAssignment
    | SetLogons
    | LogOff
    | TellUser
    | StartMachine
    | DeallocateMachine
    | SetPoolReferences
    | SetScheduleFloor
    | SetStartOnConnect
    | RunCommand
    | CallWebhook
    | FailOverMachine
    | ChangeRecoveryPoint
    | CommitFailover
    | ReprotectMachine
    | InstallExtension
    | FailOverPlan
    | CommitPlan
)


def kind_of(action: Action) -> str:
    """Return the action's tag, as journals and reports write it."""
    return str(action.__struct_config__.tag)


def subject_of(action: Action) -> tuple[str, str]:
    """Return what makes two actions attempts at the same thing.

    A grant carries a new name in every epoch (safety S14), and is the same grant under each of them.
    """
    if isinstance(action, GrantAssignment):
        one = action.assignment
        return kind_of(action), f"{one.scope} {one.principal_id} {one.role}"
    return kind_of(action), action.target


class Skipped(Struct, frozen=True, kw_only=True):
    """Something that a step looked at and left alone, because it is already as wanted."""

    target: str
    because: str


class Moves(Struct, frozen=True, kw_only=True):
    """What a step wants to do about what it saw: actions in a stated order, and what it leaves alone."""

    actions: tuple[Action, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    whole: bool = True
    """Whether everything was seen, so that what is not among the actions needs none."""
