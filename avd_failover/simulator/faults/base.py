"""The kinds of fault: what each one has in common, as closed models a scenario file can hold.

    FaultSpec
    ├── RequestFault   strikes requests that match: changes how they are answered
    ├── ConnectionFault strikes new connections, before anything is sent on them
    ├── FateFault      strikes events inside the world, whoever caused them
    ├── Weather        changes durations of the world for a while
    └── Deed           does something to the world: at a time, again and again, or after a request

A fault is a frozen value; ``desk`` keeps count and time for it. Times count from the scenario's beginning,
or from the moment a fault was added while it ran.
"""

import random
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints

from avd_failover.runbook.durations import Duration
from avd_failover.runbook.yaml_file import FileModel
from avd_failover.simulator.fates import Fate
from avd_failover.simulator.faults.names import Stage, check_pattern, check_region, check_route
from avd_failover.simulator.faults.obstacles import Obstacle
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.records import key

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

SIGN_IN = "token.issue"
"""The request for a token: the only one that nobody in particular sends."""
FaultId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.\-]{0,60}$")]


def called(name: str) -> Any:  # noqa: ANN401 - the default of a field
    """Return the field that tells one kind of fault from the others."""
    return Field(default=name, description=f"`{name}`.")


class FaultSpec(FileModel):
    """What every fault has."""

    fault: str = Field(description="Which fault: a name of the catalogue.")
    id: FaultId | None = Field(
        default=None, description="Name to take it away by; made from the fault's name when absent."
    )
    starts: Duration = Field(
        default=0.0, description="When it begins: since the start, or since it was added."
    )

    def check(self, world: "World") -> None:
        """Find out whether what it names exists. Raises ``ValueError`` when not."""

    @property
    def ends_after_s(self) -> float | None:
        """How long it lasts once begun; None for ever."""
        return None


class Triggered(FaultSpec):
    """A fault that strikes some of what it meets: the n-th, so many, by chance, within a window, or all."""

    lasts: Duration | None = Field(default=None, description="How long it can strike; for ever when absent.")
    nth: int = Field(default=1, ge=1, description="The first match that is struck, counted from 1.")
    times: int | None = Field(
        default=None, ge=1, description="How many are struck; all of them when absent, unless nth is given."
    )
    p: float = Field(default=1.0, ge=0, le=1, description="Chance that a match is struck.")

    @property
    def ends_after_s(self) -> float | None:
        """How long it can strike."""
        return self.lasts

    @property
    def first(self) -> int:
        """The first match that is struck, counted from 1."""
        return self.nth

    @property
    def most(self) -> int | None:
        """How many are struck: a single one where ``nth`` alone was given."""
        return 1 if self.times is None and "nth" in self.model_fields_set else self.times


class Selecting(Triggered):
    """A fault that strikes what matches: patterns take ``*`` and ``?``, in any casing."""

    region: str = Field(default="*", description="Region of the resource.")
    target: str = Field(default="*", description="Id of the resource, or a part of it between asterisks.")
    actor: str = Field(
        default="engine:*", description="Who asks: `engine:*`, `admin:*`, `autoscale:*`, `azure:*` or `*`."
    )

    def matches(self, sent: Sent) -> bool:
        """Tell whether region, resource and caller fit."""
        return (
            fnmatchcase(sent.actor.lower(), self.actor.lower())
            and fnmatchcase(sent.region, self.region.lower())
            and fnmatchcase(sent.target, _folded(self.target))
        )

    def check(self, world: "World") -> None:
        """Find out whether the region exists and the patterns are patterns."""
        check_region(world, self.region)
        check_pattern(self.target)


class RequestFault(Selecting):
    """Strikes requests."""

    route: str = Field(default="*", description="Which requests, such as `assignments.delete` or `hosts.*`.")

    def matches(self, sent: Sent) -> bool:
        """Tell whether a request is one it can strike."""
        return fnmatchcase(sent.route, self.route) and super().matches(sent)

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Say what happens to a request that it strikes."""
        raise NotImplementedError

    def check(self, world: "World") -> None:
        """Find out whether any request is called so."""
        super().check(world)
        check_route(self.route)
        if self.route == SIGN_IN and self.actor.startswith("engine:"):
            raise ValueError(f"{self.fault}: who asks for a token is nobody yet: write actor '*'")


class ConnectionFault(Triggered):
    """Strikes new connections to Azure, before a request is sent on them."""

    def obstacle(self) -> Obstacle:
        """Say what stands in the way of a connection that it strikes."""
        raise NotImplementedError


class FateFault(Selecting):
    """Strikes events inside the world."""

    actor: str = Field(default="*", description="Who causes it: `engine:*`, `autoscale:*`, `azure:*` or `*`.")

    @property
    def events(self) -> tuple[str, ...]:
        """Which events it strikes, as ``fates`` names them."""
        raise NotImplementedError

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Say how an event goes that it strikes."""
        raise NotImplementedError


class Weather(FaultSpec):
    """Changes durations of the world for a while."""

    lasts: Duration | None = Field(default=None, description="How long; for ever when absent.")

    @property
    def ends_after_s(self) -> float | None:
        """How long the durations are different."""
        return self.lasts

    def physics(self) -> dict[str, Any]:
        """Return the fields of ``Physics`` that are different meanwhile."""
        raise NotImplementedError


class Deed(FaultSpec):
    """Does something to the world, and perhaps undoes it."""

    on: str | None = Field(
        default=None, description="After a request of an engine instead of at a time: a pattern of routes."
    )
    nth: int = Field(default=1, ge=1, description="After which such request, counted from 1.")
    delay: Duration = Field(default=0.0, description="How long after that request.")
    every: Duration | None = Field(default=None, description="Again after that long, without `on`.")
    times: int = Field(
        default=1, ge=1, description="How often in all; with `on`, after each further request."
    )

    def act(self, stage: Stage) -> None:
        """Do it."""
        raise NotImplementedError

    def undo(self, stage: Stage) -> None:
        """Take it back; called once ``ends_after_s`` has passed, or when the fault is taken away."""

    def wanted(self, sent: Sent) -> bool:
        """Tell whether a request is one that it waits for."""
        return self.on is not None and fnmatchcase(sent.route, self.on) and sent.actor.startswith("engine:")

    def check(self, world: "World") -> None:
        """Find out whether any request is called so."""
        if self.on is not None:
            check_route(self.on)
        elif "nth" in self.model_fields_set or "delay" in self.model_fields_set:
            raise ValueError(f"{self.fault}: nth and delay go with on: after which request?")
        if self.every is None and self.on is None and self.times > 1:
            raise ValueError(f"{self.fault}: times goes with every or on: how often, and when?")


class LastingDeed(Deed):
    """A deed that is taken back after a while."""

    lasts: Duration | None = Field(default=None, description="How long it lasts; for ever when absent.")

    @property
    def ends_after_s(self) -> float | None:
        """How long it lasts."""
        return self.lasts


def _folded(pattern: str) -> str:
    return key(pattern) if pattern.startswith("/") else pattern.lower()
