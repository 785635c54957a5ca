"""Microsoft.ComputeSchedule: start or deallocate many machines with one request.

The service answers at once with one operation for each machine, begins each when it is due, and repeats what
Compute refused or failed, as often and as long as the request's retry policy says. A machine that it cannot
take on has an error code in the answer, which is 200 all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from avd_failover.simulator.core import Core
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.records import Machine, Operation, key
from avd_failover.simulator.records_compute import BulkOperation, BulkVerb
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Part, RequestLog, external

ACTOR = "azure:compute-schedule"
LEAD_S = 300.0
"""How long before a CompleteBy deadline the service begins: an assumption, the service does not say."""
RETRY_S = 30.0
OVER = {"Succeeded", "Failed", "Cancelled"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One machine's line of an answer: an operation, or why there is none."""

    machine: str
    held: BulkOperation | None = None
    error_code: str = ""
    error_details: str = ""


class Bulk(Part):
    """Verbs on bulk operations."""

    area = "bulk"

    def __init__(self, core: Core, log: RequestLog, machines: Machines) -> None:
        super().__init__(core, log)
        self._machines = machines
        self._following: dict[str, str] = {}
        core.watch(Operation, self._operation_changed)

    @external
    def submit(
        self, actor: str, location: str, verb: BulkVerb, machines: Sequence[str], *,
        deadline_s: float | None = None, deadline_type: Literal["InitiateAt", "CompleteBy"] = "InitiateAt",
        time_zone: str = "UTC", retries: int = 0, window_min: int = 0,
    ) -> list[Entry]:  # fmt: skip
        """Take on machines, now or for a deadline; one entry for each, in the order of the request.

        Refused with 400 ``BadRequest`` for more machines than one request may hold.
        """
        most = self.core.physics.bulk_machines
        if not 1 <= len(machines) <= most:
            raise ArmRefusal(400, "BadRequest", f"The number of resources must be from 1 to {most}.")
        due_s = self.core.now_s if deadline_s is None else deadline_s
        begins_s = due_s - LEAD_S if deadline_type == "CompleteBy" else due_s
        plain = BulkOperation(
            id="", machine="", verb=verb, actor=actor, deadline_s=due_s, deadline_type=deadline_type,
            state="Scheduled" if begins_s > self.core.now_s else "PendingExecution",
            time_zone=time_zone, retries=retries, window_min=window_min,
            begun_s=max(begins_s, self.core.now_s),
        )  # fmt: skip
        return [self._take_on(location, machine, plain) for machine in machines]

    @external
    def cancel(self, actor: str, operations: Sequence[str]) -> list[Entry]:
        """Cancel what has not begun; anything else stays as it is and says so."""
        return [self._cancel(actor, operation) for operation in operations]

    def status(self, operations: Sequence[str]) -> list[Entry]:
        """Return how operations stand; one that does not exist has an error code."""
        return [self._entry(operation) for operation in operations]

    def _take_on(self, location: str, machine: str, plain: BulkOperation) -> Entry:
        found = self.core.find(Machine, machine)
        if found is None:
            return Entry(
                machine=machine, error_code="ResourceNotFound", error_details="The resource was not found."
            )
        if key(found.location) != key(location):
            text = f"The resource is in '{found.location}', not in '{location}'."
            return Entry(machine=machine, error_code="InvalidResourceLocation", error_details=text)
        made = _with(plain, id=self.core.guid("bulk"), machine=found.id)
        self.core.write(plain.actor, f"submit-{plain.verb.lower()}", made)
        self.core.after(max(0.0, plain.begun_s - self.core.now_s), lambda: self._begin(made.id))
        return Entry(machine=machine, held=made)

    def _begin(self, operation: str) -> None:
        held = self.core.find(BulkOperation, operation)
        if held is None or held.state not in {"Scheduled", "PendingExecution"}:
            return
        held = self.core.change(ACTOR, "begin", held, state="Executing", attempts=held.attempts + 1)
        try:
            begun = self._machines.begin(
                held.actor,
                "start" if held.verb == "Start" else "deallocate",
                self.core.get(Machine, held.machine),
            )
        except ArmRefusal as refusal:
            self._failed(held, refusal.code, refusal.message)
            return
        self._following[key(begun.id)] = held.id
        self.core.change(ACTOR, "follow", held, operation=begun.id)
        self._operation_changed(None, self.core.get(Operation, begun.id))

    def _operation_changed(self, _before: Operation | None, after: Operation | None) -> None:
        if after is None or after.status == "InProgress" or key(after.id) not in self._following:
            return
        held = self.core.get(BulkOperation, self._following.pop(key(after.id)))
        if after.status == "Succeeded":
            self.core.change(ACTOR, "succeeded", held, state="Succeeded", completed_s=self.core.now_s)
        else:
            self._failed(held, after.error_code, after.error_message)

    def _failed(self, held: BulkOperation, code: str, details: str) -> None:
        in_time = self.core.now_s + RETRY_S <= held.begun_s + held.window_min * 60
        if held.attempts <= held.retries and in_time:
            again = self.core.change(
                ACTOR, "retry", held, state="PendingExecution", error_code=code, error_details=details
            )
            self.core.after(RETRY_S, lambda: self._begin(again.id))
            return
        self.core.change(
            ACTOR, "failed", held, state="Failed", error_code=code, error_details=details,
            completed_s=self.core.now_s,
        )  # fmt: skip

    def _cancel(self, actor: str, operation: str) -> Entry:
        entry = self._entry(operation)
        if entry.held is None:
            return entry
        if entry.held.state not in {"Scheduled", "PendingExecution"}:
            text = f"The operation is {entry.held.state} and cannot be cancelled."
            return Entry(
                machine=entry.machine,
                held=entry.held,
                error_code="OperationCannotBeCancelled",
                error_details=text,
            )
        gone = self.core.change(actor, "cancel", entry.held, state="Cancelled", completed_s=self.core.now_s)
        return Entry(machine=entry.machine, held=gone)

    def _entry(self, operation: str) -> Entry:
        held = self.core.find(BulkOperation, operation)
        if held is None:
            text = f"The operation '{operation}' was not found."
            return Entry(machine="", error_code="OperationNotFound", error_details=text)
        return Entry(machine=held.machine, held=held)


def _with(plain: BulkOperation, *, id: str, machine: str) -> BulkOperation:  # noqa: A002 - the record's own word
    return replace(plain, id=id, machine=machine)
