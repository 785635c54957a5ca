"""What is measured of personal desktops beside their plan's objectives; nobody's access changes."""

from collections.abc import Sequence

from avd_failover.report.account import Measure
from avd_failover.report.machines import MachineAccount, worst_loss_s

RPO = "recovery point (RPO)"


def recovery_point(machines: Sequence[MachineAccount], rpo_s: float) -> Measure:
    """Return the loss of the machine that lost most, beside what the plan allows."""
    lost_s = worst_loss_s(machines)
    told = sum(one.loss_s is not None for one in machines)
    how = f"the most that any of {told} desktops may have lost: see each of them"
    return Measure(
        name=RPO,
        declared_s=rpo_s,
        measured_s=lost_s,
        open=False,
        kept=None if lost_s is None else lost_s <= rpo_s,
        how=how if told else "not measured: no desktop was moved",
    )
