"""One action of each kind on replicated machines, for tables that must cover every kind."""

from datetime import UTC, datetime

from avd_failover.domain import ids
from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    RecoveryAction,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction, PlanMember
from avd_failover.domain.replication import Direction, Reversal, ReversedDisk

GROUP = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0011/resourcegroups/rg-weu"
VAULT = ids.vault_id(f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/rsv")
HERE, THERE = (
    ids.container_id(f"{VAULT}/replicationFabrics/{name}/replicationProtectionContainers/pc")
    for name in ("neu", "weu")
)
ITEM = ids.protected_item_id(f"{HERE}/replicationProtectedItems/vm-1")
POINT = ids.recovery_point_id(f"{ITEM}/recoveryPoints/11111111-0000-4000-8000-000000000001")
POLICY = ids.replication_policy_id(f"{VAULT}/replicationPolicies/p")
MACHINE = ids.machine_in(GROUP, "vm-1")
AT = datetime(2026, 3, 9, 9, 10, tzinfo=UTC)
MONITOR = VmExtension(name="Monitor", publisher="Microsoft.Azure.Monitor", type="Agent", version="1.0")
REVERSAL = Reversal(
    name="vm-1",
    recovery_container=HERE,
    policy=POLICY,
    recovery_group=GROUP,
    disks=(ReversedDisk(disk=f"{GROUP}/disks/d", staging_account=f"{GROUP}/st", recovery_group=GROUP),),
    recovery_zone="1",
)
FAIL_OVER = FailOverMachine(
    item=ITEM, machine=MACHINE, direction=Direction.PRIMARY_TO_RECOVERY, point=POINT, point_at=AT, reason="r"
)
CHANGE = ChangeRecoveryPoint(item=ITEM, machine=MACHINE, point=POINT, point_at=AT, reason="r")
COMMIT = CommitFailover(item=ITEM, machine=MACHINE, point_at=AT, failed_over_at=AT, reason="r")
REPROTECT = ReprotectMachine(item=ITEM, machine=MACHINE, reversal=REVERSAL, reason="r")
INSTALL = InstallExtension(
    id=f"{MACHINE}/extensions/monitor",
    machine=MACHINE,
    location="westeurope",
    extension=MONITOR,
    reason="r",
)
PLAN = ids.recovery_plan_id(f"{VAULT}/replicationRecoveryPlans/rp")
TOGETHER = FailOverPlan(
    plan=PLAN,
    members=(PlanMember(item=ITEM, machine=MACHINE),),
    direction=Direction.PRIMARY_TO_RECOVERY,
    point=PointPolicy.LATEST_PROCESSED,
    reason="r",
)
COMMIT_TOGETHER = CommitPlan(
    plan=PLAN,
    members=(PlanMember(item=ITEM, machine=MACHINE, point_at=AT, failed_over_at=AT),),
    reason="r",
)

RECOVERY_ACTIONS: list[tuple[str, str, RecoveryAction | PlanAction, str]] = [
    ("machine.failover", ITEM, FAIL_OVER, "recovery.fail_over"),
    ("machine.change-point", ITEM, CHANGE, "recovery.change_recovery_point"),
    ("machine.commit", ITEM, COMMIT, "recovery.commit_failover"),
    ("machine.reprotect", ITEM, REPROTECT, "recovery.switch_protection"),
    ("machine.extension", f"{MACHINE}/extensions/monitor", INSTALL, "machines.put_extension"),
    ("plan.failover", PLAN, TOGETHER, "recovery.fail_over_plan"),
    ("plan.commit", PLAN, COMMIT_TOGETHER, "recovery.commit_plan"),
]
"""Tag, target, action, and the verb that it becomes."""
