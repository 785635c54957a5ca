"""S12: what an engine may touch, as a table from kind of record to the test of one."""

from collections.abc import Callable
from dataclasses import fields, replace

from avd_failover.simulator.audit_picture import Picture
from avd_failover.simulator.history import Change
from avd_failover.simulator.records import (
    ApplicationGroup,
    Group,
    HostPool,
    Machine,
    Message,
    Operation,
    PooledSchedule,
    PoolReference,
    Record,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    SessionHost,
    UserSession,
    Workspace,
    key,
)
from avd_failover.simulator.recovery_records import Extension, Job, ProtectedItem, RecoveryPlan
from avd_failover.simulator.workload import Workload


class Confinement:
    """Tells whether a change stays within the workload."""

    def __init__(self, workload: Workload, picture: Picture) -> None:
        self._picture = picture
        self._groups = set(map(key, workload.groups))
        self._scopes = set(map(key, workload.application_groups))
        self._role = key(workload.role)
        self._tests: dict[type[Record], Callable[[Change], bool]] = {
            HostPool: lambda change: change.target in picture.pools,
            SessionHost: self._below_a_pool,
            UserSession: self._below_a_pool,
            Message: self._below_a_pool,
            Machine: lambda change: change.target in picture.machines(),
            Operation: self._operation,
            ScalingPlan: self._scaling_plan,
            PooledSchedule: self._schedule,
            RoleAssignment: self._assignment,
            Extension: lambda change: change.target.rsplit("/", 2)[0] in picture.machines(),
            ProtectedItem: self._protected_item,
            Job: self._recovery_job,
        }

    def trespass(self, change: Change) -> str:
        """Say how a change leaves the workload; empty when it does not."""
        test = self._tests.get(change.kind)
        if test is None:
            return f"no engine may change a {change.kind.__name__}"
        return _edits(change) if test(change) else f"this {change.kind.__name__} is not the workload's"

    def is_bystander(self, record: Record) -> bool:
        """Tell whether a record is of a kind that engines change, and none of theirs."""
        change = Change(
            at_s=0.0, sequence=0, actor="", verb="", kind=type(record), target=key(record.id),
            before=record, after=record,
        )  # fmt: skip
        return bool(self.trespass(change)) and isinstance(record, _WORTH_COUNTING)

    def _below_a_pool(self, change: Change) -> bool:
        return any(change.target.startswith(pool + "/") for pool in self._picture.pools)

    def _operation(self, change: Change) -> bool:
        record = change.after or change.before
        return isinstance(record, Operation) and key(record.machine) in self._picture.machines()

    def _protected_item(self, change: Change) -> bool:
        record = change.after or change.before
        return isinstance(record, ProtectedItem) and key(record.machine) in self._picture.machines()

    def _recovery_job(self, change: Change) -> bool:
        record = change.after or change.before
        if not isinstance(record, Job) or record.scenario == "TestFailover":
            return False
        items = self._picture.table(ProtectedItem)
        plan = self._picture.table(RecoveryPlan).get(key(record.subject))
        subjects = plan.items if isinstance(plan, RecoveryPlan) else (record.subject,)
        found = [items.get(key(subject)) for subject in subjects]
        return all(isinstance(i, ProtectedItem) and key(i.machine) in self._picture.machines() for i in found)

    def _schedule(self, change: Change) -> bool:
        return change.target.rsplit("/", 2)[0] in self._picture.plans_on(self._picture.pools)

    def _scaling_plan(self, change: Change) -> bool:
        before, after = change.before, change.after
        if not isinstance(before, ScalingPlan) or not isinstance(after, ScalingPlan):
            return False
        if change.target not in self._picture.plans_on(self._picture.pools):
            return False
        same_but_references = replace(before, references=after.references) == after
        return same_but_references and self._foreign(before) == self._foreign(after)

    def _foreign(self, plan: ScalingPlan) -> list[PoolReference]:
        return [ref for ref in plan.references if key(ref.host_pool) not in self._picture.pools]

    def _assignment(self, change: Change) -> bool:
        records = [record for record in (change.before, change.after) if isinstance(record, RoleAssignment)]
        return all(self._ours(record) for record in records)

    def _ours(self, record: RoleAssignment) -> bool:
        role = key(record.role_definition_id.rsplit("/", 1)[-1])
        scope, principal = key(record.scope), key(record.principal_id)
        return scope in self._scopes and principal in self._groups and role == self._role


_FIELDS: dict[type[Record], frozenset[str]] = {
    HostPool: frozenset({"start_vm_on_connect"}),
    SessionHost: frozenset({"allow_new_session", "drained_by_autoscale", "modified_s"}),
    Machine: frozenset({"power", "power_since_s"}),
    PooledSchedule: frozenset(
        {
            "ramp_up_minimum_hosts_pct", "ramp_up_capacity_threshold_pct",
            "ramp_down_minimum_hosts_pct", "ramp_down_capacity_threshold_pct",
        }
    ),
}  # fmt: skip
"""What of the workload's own an engine may change: these fields and no others, and it makes none."""
_WORTH_COUNTING = (
    ApplicationGroup, Group, HostPool, Machine, PooledSchedule, RoleAssignment, RoleDefinition, ScalingPlan,
    SessionHost, Workspace,
)  # fmt: skip


def _edits(change: Change) -> str:
    """Say which fields were changed that no engine changes."""
    before, after = change.before, change.after
    if change.kind is RoleAssignment and before is not None and after is not None:
        edited = [name for name in _changed(before, after) if name not in {"revision", "updated_s"}]
        return f"changed {', '.join(edited)} of an assignment" if edited else ""
    allowed = _FIELDS.get(change.kind)
    if allowed is None:
        return ""
    if before is None or after is None:
        return f"no engine makes or deletes a {change.kind.__name__}"
    beyond = [name for name in _changed(before, after) if name not in allowed]
    return f"changed {', '.join(beyond)}" if beyond else ""


def _changed(before: Record, after: Record) -> list[str]:
    return [f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)]
