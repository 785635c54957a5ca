"""Somebody else's test failover of a desktop, however it shows: by item, by twin, or by a job (contract 125).

Never begun here, and looked for at every look: a machine that is tested runs twice, as one session host. Only
what concerns the pool's own desktops is told; a vault may replicate servers that may well be tested.
"""

from collections.abc import Iterator

from avd_failover.domain.findings import Finding
from avd_failover.domain.ids import name_of
from avd_failover.domain.replication import ProtectedItem
from avd_failover.operations.desks import Desks

WHY_NOT = (
    "a test failover brings up a second machine that is the same session host: both would call the control"
    " plane, and users would land on either. Clean it up in the vault, then go on"
)
"""Why there is no run beside a test failover."""


def tests_begun(seen: Desks) -> tuple[Finding, ...]:
    """Return a finding for each desktop under a test failover, by name."""
    return tuple(
        Finding(code="test-failover", subject=name, detail=f"is under a test failover: {WHY_NOT}")
        for name in sorted(set(_tested(seen)))
    )


def _tested(seen: Desks) -> Iterator[str]:
    machines = {desk.host.machine for desk in seen.desks if desk.host.machine is not None}
    ours = [one for one in seen.items.items if machines & {one.machine, one.recovered, one.twin}]
    yield from (_name(one) for one in ours if one.under_test)
    running = [job for job in seen.jobs.items if job.tests and not job.state.ended]
    for job in running:
        yield from (_name(one) for one in ours if job.about(one))
        if job.target_kind == "RecoveryPlan":
            yield f"recovery plan {job.target_name}"


def _name(item: ProtectedItem) -> str:
    return name_of(item.machine or item.id)
