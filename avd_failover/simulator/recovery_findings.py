"""What Site Recovery finds wrong with an item: replication that is behind, and a test that was never run."""

from dataclasses import dataclass

from avd_failover.simulator.recovery_points import health
from avd_failover.simulator.recovery_records import ProtectedItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One health error. A missing test failover is one as well: session hosts have it for ever."""

    category: str
    level: str
    code: str
    text: str


def findings(item: ProtectedItem, now_s: float) -> list[Finding]:
    """Return what is wrong with an item now, the gravest first."""
    condition, found = health(item, now_s), []
    if condition != "Normal":
        text = f"No crash consistent recovery point available for the VM '{item.name}' lately."
        found.append(Finding(category="Replication", level=condition, code="153007", text=text))
    if item.tested_s is None:
        text = f"No successful test failover has been done on the virtual machine '{item.name}'."
        found.append(Finding(category="TestFailover", level="Warning", code="161011", text=text))
    return found
