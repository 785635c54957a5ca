"""What may be done to a protected item when, as tables. Nothing here changes anything.

Sources: azure-facts section 7, recordings of Site Recovery. The word for a failover or a commit under way
is not recorded anywhere: callers wait on words they do not know.
"""

from avd_failover.simulator.recovery_records import Phase, ProtectedItem
from avd_failover.simulator.refusals import ArmRefusal

SHOWN: dict[Phase, tuple[str, str]] = {
    "initial": ("InitialReplicationInProgress", "Initial replication is in progress"),
    "protected": ("Protected", "Protected"),
    "failing-over": ("UnplannedFailoverInProgress", "Failover is in progress"),
    "commit-pending": ("UnplannedFailoverCommitPendingStatesBegin", "Failover completed"),
    "committing": ("CommitFailoverInProgress", "Commit is in progress"),
    "committed": ("UnplannedFailoverCommitted", "Failover committed"),
    "failover-failed": ("UnplannedFailoverFailed", "Failover failed"),
}
"""``protectionState`` and its description, by phase."""

ALLOWED: dict[Phase, tuple[str, ...]] = {
    "initial": ("DisableProtection",),
    "protected": ("UnplannedFailover", "DisableProtection", "TestFailover"),
    "failing-over": (),
    "commit-pending": ("Commit", "ChangePit", "DisableProtection"),
    "committing": (),
    "committed": ("ReverseReplicate", "SwitchProtection", "DisableProtection"),
    "failover-failed": ("UnplannedFailover", "DisableProtection"),
}
"""``allowedOperations`` by phase. What A2A lists after the commit is not recorded: both words stand there."""

RECOVERED: frozenset[Phase] = frozenset({"commit-pending", "committing", "committed"})
"""Phases in which the recovery machine is the active one."""

_BEFORE_CLEANUP = {"UnplannedFailover", "TestFailover"}


def allowed(item: ProtectedItem, *, healthy: bool = True) -> tuple[str, ...]:
    """Return ``allowedOperations``: nothing while a job works on it, no failover beside a test failover."""
    if item.job:
        return ()
    operations = ALLOWED[item.phase]
    if item.test_state != "None":
        operations = (*(name for name in operations if name not in _BEFORE_CLEANUP), "TestFailoverCleanup")
    return operations if healthy else (*operations, "RepairReplication")


def require(item: ProtectedItem, operation: str) -> None:
    """Refuse with 409 ``OperationNotAllowed`` what the item's state does not allow.

    No recording of such a refusal is known; status and code are an assumption.
    """
    if operation in allowed(item):
        return
    if item.job:
        why = f"another operation is in progress (job '{item.job.rsplit('/', 1)[-1]}')"
    else:
        why = f"its protection state is '{SHOWN[item.phase][0]}'"
        why += ", and a test failover was not cleaned up" if item.test_state != "None" else ""
    text = f"The operation '{operation}' is not allowed on the replicated item '{item.name}': {why}."
    raise ArmRefusal(409, "OperationNotAllowed", text)
