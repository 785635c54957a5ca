"""What a scenario, or a person at the simulator, has in store for jobs of Site Recovery.

``on`` is the job's scenario: UnplannedFailover, CommitFailover, ChangePit, SwitchProtection, TestFailover,
UpdateReplicationProtectedItem. ``how``: the job fails with an error, suspends (never ends by itself), stalls
in one task for ever, or is lost: it says Succeeded and the item stays as it was.
"""

from avd_failover.simulator.records import key
from avd_failover.simulator.recovery_records import JobError, Mischief, Mishap, ProtectedItem
from avd_failover.simulator.requests import Part, external

GENERAL_CODE = "170010"
"""Site Recovery was not able to create a failed over virtual machine (Microsoft's troubleshooting page)."""
CAPACITY_CODE = "28031"
"""The same, for want of quota or capacity."""


class Mishaps(Part):
    """Mishaps in store."""

    area = "recovery-mishaps"

    @external
    def arm(
        self, actor: str, item: str, on: str, how: Mischief, *, times: int = 1, code: str = "",
        message: str = "",
    ) -> Mishap:  # fmt: skip
        """Put a mishap in store for the next ``times`` jobs; ``item`` empty: whichever item comes first."""
        return self.put(actor, item, on, how, times=times, code=code, message=message)

    def put(
        self, actor: str, item: str, on: str, how: Mischief, *, times: int, code: str, message: str
    ) -> Mishap:
        """Put a mishap in store, for the world's own use."""
        number = self.core.history.next_sequence
        mishap = Mishap(
            id=f"mishap-{number}", item=item, on=on, how=how, left=times, code=code, message=message
        )
        return self.core.write(actor, "arm", mishap)

    @external
    def set_broken(self, actor: str, item: str, *, broken: bool) -> ProtectedItem:
        """Let the replication of one item stop, or go on, whatever its region does."""
        found = self.core.get(ProtectedItem, item)
        lost_s = None if not broken else found.lost_s if found.lost_s is not None else self.core.now_s
        return self.core.change(actor, "replication", found, broken=broken, lost_s=lost_s)

    def peek(self, subject: str, scenario: str) -> Mischief | None:
        """Tell what would happen to the next job of that scenario."""
        found = self._next(subject, scenario)
        return found.how if found is not None else None

    def take(self, subject: str, scenario: str) -> Mishap | None:
        """Return what happens to this job, and use it up."""
        found = self._next(subject, scenario)
        if found is not None:
            self.core.change("azure:site-recovery", "mishap", found, left=found.left - 1)
        return found

    def _next(self, subject: str, scenario: str) -> Mishap | None:
        for mishap in self.core.table(Mishap).values():
            meant = not mishap.item or key(mishap.item) == key(subject)
            if meant and mishap.left > 0 and mishap.on == scenario:
                return mishap
        return None


def mishap_error(mishap: Mishap, scenario: str, now_s: float) -> JobError | None:
    """Return the error with which a job fails, if that is how it goes."""
    if mishap.how != "fails":
        return None
    return job_error(
        mishap.code or GENERAL_CODE,
        mishap.message or f"Site Recovery was not able to complete the operation '{scenario}'.",
        now_s,
    )


def job_error(code: str, message: str, now_s: float) -> JobError:
    """Return an error as jobs carry it."""
    return JobError(
        code=code,
        message=message,
        causes="See the provider errors for more information.",
        action="Resolve the issue and retry the operation.",
        at_s=now_s,
    )
