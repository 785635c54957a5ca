"""Putting back what earlier runs changed: the end of a failover is the failback that leaves no residue."""

from collections.abc import Sequence
from typing import ClassVar

from avd_failover.domain.actions import Action, StartMachine
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.plan import End
from avd_failover.operations.base import Memory
from avd_failover.operations.restore import Restore


class PutBack(Restore):
    """Undo at one end what the runs before this one changed, and what this one changed on top of it.

    Both count as our own doing, so that only what somebody else changed is left to them. Machines that this
    run itself started where users return to stay up: users are on them, and autoscale acts there again.
    """

    spec: ClassVar = OperationSpec(
        name="restore.earlier",
        summary="Put back at one end what the failover had changed, from the images in its journal.",
        ends=(End.SOURCE, End.TARGET),
        changes=Restore.spec.changes,
    )

    def _changes(self, memory: Memory) -> Sequence[Action]:
        own = [one for one in memory.changed if not self._keeps(one)]
        return [*memory.inherited, *own]

    def _keeps(self, action: Action) -> bool:
        return self.bound.end is End.TARGET and isinstance(action, StartMachine)
