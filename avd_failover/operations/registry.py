"""Every operation that a runbook may use, by name."""

from avd_failover.domain.graph import Catalogue
from avd_failover.operations import (
    assignments,
    capacity,
    custom,
    dark,
    drill,
    fence,
    gates,
    hosts,
    images,
    keepalive,
    notices,
    personal_commit,
    personal_extensions,
    personal_failover,
    personal_images,
    personal_owners,
    personal_readiness,
    personal_reprotect,
    personal_source,
    personal_validate,
    pools,
    production,
    profiles,
    put_back,
    reconcile,
    rest,
    restore,
    scaling,
    sessions,
    starting,
)
from avd_failover.operations.base import AnyOperation, Base, Bound
from avd_failover.operations.foreign import foreign_operation
from avd_failover.operations.spared import CLOSES, Spared

KINDS: tuple[type[Base], ...] = (
    dark.ReadinessOfAny,
    scaling.RaiseFloor,
    scaling.Suspend,
    pools.ForbidStartOnConnect,
    hosts.Drain,
    starting.StartHosts,
    keepalive.Wake,
    keepalive.Registered,
    rest.Rest,
    capacity.ProveSeats,
    notices.TellUsers,
    sessions.LogOffAll,
    assignments.Revoke,
    assignments.Grant,
    images.Withdraw,
    images.RestoreImages,
    fence.BarrierOrFence,
    reconcile.Reconcile,
    restore.Restore,
    personal_readiness.PersonalReadiness,
    personal_owners.RecordOwners,
    personal_owners.ProveOwners,
    personal_images.RecordExtensions,
    personal_extensions.ApplyExtensions,
    personal_source.StopSource,
    personal_failover.FailOver,
    personal_validate.Validate,
    personal_commit.Commit,
    personal_source.Open,
    personal_reprotect.Reprotect,
    personal_reprotect.Protected,
    put_back.PutBack,
    profiles.ProfilesConfirmed,
    production.Record,
    production.Prove,
    drill.Hold,
    drill.TellResult,
    custom.Command,
    custom.Webhook,
    gates.Gate,
)

_BY_NAME = {kind.spec.name: kind for kind in KINDS}

CATALOGUE: Catalogue = {kind.spec.name: kind.spec for kind in KINDS}
"""What the runbook loader checks files against."""


def operation_for(bound: Bound) -> AnyOperation:
    """Make the operation that a step uses. KeyError for a name that the loader let pass: our defect."""
    if bound.step.provided_by:
        return foreign_operation(bound)
    kind = _BY_NAME[bound.step.uses]
    if bound.route.partial and bound.step.uses in CLOSES:
        kind = Spared
    made: AnyOperation = kind(bound)  # type: ignore[assignment]
    return made
