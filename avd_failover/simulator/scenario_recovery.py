"""Personal desktops and Site Recovery as a scenario describes them; see ``scenario`` for the whole file."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from avd_failover.runbook.yaml_file import FileModel

if TYPE_CHECKING:
    from avd_failover.simulator.scenario import Scenario

ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._()\-]{0,89}$")]


class PersonalPoolSpec(FileModel):
    """A host pool whose desktops belong to one user each."""

    pool: ResourceName = Field(description="Name of the host pool.")
    assignment: Literal["Direct", "Automatic"] = Field(
        default="Direct", description="How desktops find their users."
    )
    groups: tuple[str, ...] = Field(
        min_length=1, description="Groups whose users own the desktops, in order, one each."
    )


class ExtensionSpec(FileModel):
    """An extension that is on every machine of a protected pool, and that no failover takes along."""

    name: ResourceName = Field(description="Name of the extension.")
    publisher: str = Field(description="Publisher of the extension.")
    type: str = Field(description="Type of the extension.")
    version: str = Field(default="1.0", description="Version of its handler.")
    auto_upgrade: bool = Field(default=True, description="Whether minor versions are installed.")
    settings: dict[str, str | int | bool] = Field(default={}, description="Its public settings.")


class FabricSpec(FileModel):
    """A region as a vault sees it, with one protection container."""

    name: ResourceName = Field(description="Name of the fabric.")
    region: ResourceName = Field(description="Its region.")
    container: ResourceName = Field(description="Name of its protection container.")


class PolicySpec(FileModel):
    """A replication policy."""

    name: ResourceName = Field(description="Name of the policy.")
    history_minutes: int = Field(default=1_440, ge=120, le=21_600, description="How far points reach back.")
    app_consistent_minutes: int = Field(
        default=60, ge=60, le=720, description="How often an app-consistent point is made."
    )


class ExceptionSpec(FileModel):
    """A desktop that does not stand as the others do."""

    desktop: ResourceName = Field(description="Name of the session host.")
    state: Literal["protected", "initial", "commit-pending", "committed", "tested", "unprotected"] = Field(
        default="protected",
        description="Where its replication stands; unprotected: no item at all; tested: the twin of"
        " somebody's test failover runs beside it.",
    )
    broken: bool = Field(default=False, description="Whether replication has been broken for an hour.")
    no_reservation: bool = Field(default=False, description="Whether its item names no reservation group.")


class ProtectionSpec(FileModel):
    """Every machine of a pool, replicated from one fabric to another."""

    pool: ResourceName = Field(description="Name of the host pool.")
    source: ResourceName = Field(description="Name of the fabric that it replicates from.")
    target: ResourceName = Field(description="Name of the fabric that it replicates to.")
    recovery_resource_group: ResourceName = Field(description="Resource group of the recovery machines.")
    staging_account: ResourceName = Field(
        default="stasrcache", description="Cache storage account, in the machines' resource group."
    )
    reservation_group: ResourceName | None = Field(
        default=None, description="Capacity reservation group of the recovery machines."
    )
    extensions: tuple[ExtensionSpec, ...] = Field(default=(), description="Extensions of every machine.")
    exceptions: tuple[ExceptionSpec, ...] = Field(default=(), description="Desktops that stand otherwise.")


class RecoveryPlanSpec(FileModel):
    """A recovery plan over desktops of one protected pool."""

    name: ResourceName = Field(description="Name of the plan.")
    pool: ResourceName = Field(description="Name of the host pool.")
    groups: tuple[tuple[ResourceName, ...], ...] = Field(
        default=(), description="Session hosts of each group; one group of all when empty."
    )


class ReservationSpec(FileModel):
    """A capacity reservation; one for each size and zone."""

    name: ResourceName = Field(description="Name of the reservation.")
    size: str = Field(description="Size of the machines.")
    capacity: int = Field(ge=0, description="How many of them have a place kept.")
    zone: Literal["1", "2", "3"] | None = Field(default=None, description="Availability zone.")


class ReservationGroupSpec(FileModel):
    """A capacity reservation group."""

    name: ResourceName = Field(description="Name of the group.")
    resource_group: ResourceName = Field(description="Its resource group.")
    region: ResourceName = Field(description="Its region.")
    reservations: tuple[ReservationSpec, ...] = Field(default=(), description="Its reservations.")


class MishapSpec(FileModel):
    """Something in store for jobs of Site Recovery; see ``recovery_mishaps``."""

    desktop: ResourceName | None = Field(
        default=None, description="Session host; the first that comes, if absent."
    )
    on: Literal[
        "UnplannedFailover",
        "CommitFailover",
        "ChangePit",
        "SwitchProtection",
        "TestFailover",
        "UpdateReplicationProtectedItem",
    ] = Field(description="Scenario of the job.")
    how: Literal["fails", "suspends", "stalls", "lost"] = Field(description="What becomes of it.")
    times: int = Field(default=1, ge=1, description="How many jobs it strikes.")
    code: str = Field(default="", description="Error code of a job that fails.")
    message: str = Field(default="", description="Error text of a job that fails.")


class RecoverySpec(FileModel):
    """One Recovery Services vault and everything in it."""

    vault: ResourceName = Field(description="Name of the vault.")
    resource_group: ResourceName = Field(description="Its resource group.")
    region: ResourceName = Field(description="Its region; best the one that machines recover to.")
    failback_direction: Literal["PrimaryToRecovery", "RecoveryToPrimary"] = Field(
        default="PrimaryToRecovery",
        description="What failoverDirection a failover back must say; Azure's word is not verified.",
    )
    fabrics: tuple[FabricSpec, ...] = Field(min_length=2, description="Its fabrics.")
    policy: PolicySpec = Field(description="Its replication policy.")
    reverse_mapping: bool = Field(
        default=True, description="Whether the mapping back exists, without which nothing is reprotected."
    )
    protects: tuple[ProtectionSpec, ...] = Field(default=(), description="Pools that it protects.")
    plans: tuple[RecoveryPlanSpec, ...] = Field(default=(), description="Its recovery plans.")
    reservation_groups: tuple[ReservationGroupSpec, ...] = Field(
        default=(), description="Capacity reservation groups."
    )
    mishaps: tuple[MishapSpec, ...] = Field(default=(), description="What goes wrong with its jobs.")


def recovery_faults(scenario: "Scenario") -> Iterator[str]:
    """Yield what is wrong with personal pools and the vault, in sentences."""
    pools = {pool.name: pool for pool in scenario.host_pools}
    groups = {group.name for group in scenario.groups}
    for personal in scenario.personal:
        yield from _unknown("host pool", (personal.pool,), pools)
        yield from _unknown("group", personal.groups, groups)
    if scenario.recovery is not None:
        yield from _vault_faults(scenario, scenario.recovery)


def _vault_faults(scenario: "Scenario", spec: RecoverySpec) -> Iterator[str]:
    hosts = {
        pool.name: {f"{pool.hosts.prefix}{number}" for number in range(pool.hosts.count)}
        for pool in scenario.host_pools
    }
    regions = {region.name for region in scenario.regions}
    protected = {one.pool for one in spec.protects}
    places = (spec.region, *(f.region for f in spec.fabrics), *(g.region for g in spec.reservation_groups))
    yield from _unknown("region", places, regions)
    yield from _unknown("host pool", protected, hosts)
    for one in spec.protects:
        yield from _unknown("fabric", (one.source, one.target), {f.name for f in spec.fabrics})
        wanted = (one.reservation_group,) if one.reservation_group else ()
        yield from _unknown("reservation group", wanted, {g.name for g in spec.reservation_groups})
        names = hosts.get(one.pool, set())
        yield from _unknown("session host", (e.desktop for e in one.exceptions), names)
    for plan in spec.plans:
        yield from _unknown("protected pool", (plan.pool,), protected)
        named = (name for group in plan.groups for name in group)
        yield from _unknown("session host", named, hosts.get(plan.pool, set()))
    struck = (mishap.desktop for mishap in spec.mishaps if mishap.desktop)
    yield from _unknown("session host", struck, set().union(*hosts.values()))


def _unknown(what: str, used: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    names = sorted(known)
    for name in dict.fromkeys(used):
        if name not in names:
            yield f"no {what} is called {name!r}; there are {', '.join(names[:20]) or 'none'}"
