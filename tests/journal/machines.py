"""Machines whose clock stands until it is told to go on."""

from avd_failover.journal.machine import Machine


class Hand:
    """The hand of a machine's clock."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def machine(self, boot: str = "boot-1") -> Machine:
        return Machine(boot=boot, monotonic=lambda: self.at_s)
