"""Whether a desktop works where it came up: its machine runs there, and its session host is Available."""

from collections.abc import Mapping

from avd_failover.domain.desks import Desk
from avd_failover.domain.estate import HostStatus, Machine, PowerState
from avd_failover.domain.ids import MachineId


def unsound_desk(desk: Desk, machines: Mapping[MachineId, Machine], region: str) -> str:
    """Say what is not as it should be; empty when the desktop works."""
    machine = machines.get(desk.host.machine) if desk.host.machine is not None else None
    if machine is None:
        return "no machine stands behind its session host"
    if machine.location.lower() != region.lower():
        return f"its session host still points to a machine in {machine.location}"
    if machine.power is not PowerState.RUNNING:
        return f"its machine is {machine.power.value}"
    if not machine.agent_ready:
        return "Azure's agent inside is not ready"
    if desk.host.status is not HostStatus.AVAILABLE:
        return f"its session host is {desk.host.status.value}"
    return ""
