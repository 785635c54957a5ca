"""Virtual machines and their long-running operations (Microsoft.Compute), and the agents on them.

Start, power off and deallocate answer at once with an operation; the operation ends later, and the session
host on the machine is shown Available or Shutdown later still (azure-facts sections 6 and 10).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from avd_failover.simulator.capacity import Capacity
from avd_failover.simulator.core import Core, under
from avd_failover.simulator.fates import Fate
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.physics import Between
from avd_failover.simulator.records import Machine, Operation, Power, SessionHost, Status, key
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.requests import Part, RequestLog, external
from avd_failover.simulator.sessions import Sessions

COMPUTE = "azure:compute"
Verb = Literal["start", "deallocate", "powerOff"]

ON_A_HOST: frozenset[Power] = frozenset({"running", "stopping", "stopped"})
"""Powered off is not deallocated: the view still tells what the agent said last (recorded)."""
_UNDER_WAY: dict[Verb, Power] = {"start": "starting", "deallocate": "deallocating", "powerOff": "stopping"}
_DONE: dict[str, Power] = {"start": "running", "deallocate": "deallocated", "powerOff": "stopped"}
_NOTHING_TO_DO: dict[Verb, set[Power]] = {
    "start": {"running"},
    "deallocate": {"deallocated"},
    "powerOff": {"stopped", "deallocated"},
}


NO_CAPACITY = Fate(
    error=(
        "AllocationFailed",
        "Allocation failed. We do not have sufficient capacity for the requested VM size in this region.",
    )
)
"""What becomes of a start where Compute is down."""


class Machines(Part):
    """Verbs on machines. An operation that finds nothing to do succeeds at once."""

    area = "machines"

    def __init__(self, core: Core, log: RequestLog, hosts: Hosts, sessions: Sessions) -> None:
        super().__init__(core, log)
        self._hosts = hosts
        self._sessions = sessions
        self._running: dict[str, str] = {}
        self._lost: dict[str, bool] = {}
        self._capacity = Capacity(core)

    def get(self, machine: str) -> Machine:
        """Return one machine. Refused with 404 ``ResourceNotFound``, or 503 while its region is dark."""
        found = self.core.find(Machine, machine)
        if found is None:
            parts = machine.split("/")
            group = parts[4] if len(parts) > 4 else ""
            raise resource_missing("Microsoft.Compute/virtualMachines", parts[-1], group)
        self.core.require_up(found.location)
        return found

    def list(self, prefix: str) -> Sequence[Machine]:
        """Return the machines below a subscription or resource group."""
        return under(self.core.table(Machine).values(), prefix)

    def operation(self, operation: str) -> Operation:
        """Return an operation by its GUID. Refused with 404 ``NotFound`` when there is none."""
        found = self.core.find(Operation, operation)
        if found is None:
            raise ArmRefusal(404, "NotFound", f"The operation '{operation}' could not be found.")
        self.core.require_up(found.location)
        return found

    @external
    def start(self, actor: str, machine: str) -> Operation:
        """Begin to start a machine; while Compute is down there the operation ends with AllocationFailed."""
        return self.begin(actor, "start", self.get(machine))

    @external
    def deallocate(self, actor: str, machine: str) -> Operation:
        """Begin to deallocate a machine; sessions on it are lost."""
        return self.begin(actor, "deallocate", self.get(machine))

    @external
    def power_off(self, actor: str, machine: str) -> Operation:
        """Begin to power a machine off; sessions on it are lost, and it stays allocated."""
        return self.begin(actor, "powerOff", self.get(machine))

    def begin(self, actor: str, verb: Verb, machine: Machine) -> Operation:
        """Begin an operation, whoever asks. The same one under way is returned, another refused (409)."""
        running = self._running.get(key(machine.id))
        if running is not None:
            return self._join(verb, self.core.get(Operation, running))
        fate = self.core.fate("start-machine" if verb == "start" else "stop-machine", machine.id, actor)
        if fate.refusal is not None:
            raise fate.refusal
        if verb == "start" and machine.power == "deallocated":
            self._capacity.check_size(machine)
        operation = self.core.write(actor, f"begin-{verb}", self._operation(verb, machine))
        if machine.power in _NOTHING_TO_DO[verb]:
            return self._end(operation)
        if verb == "start" and not self.core.is_up(machine.location, "compute"):
            fate = NO_CAPACITY
        lack = self._capacity.lack(machine) if verb == "start" and fate.error is None else None
        if lack is not None:
            fate = Fate(error=lack)
        if fate.error is not None:
            return self._doomed(operation, machine, fate)
        self._running[key(machine.id)] = operation.id
        delay_s = self.core.draw(verb, self._duration(verb, machine))
        self._set_power(actor, machine, _UNDER_WAY[verb])
        if verb != "start":
            self._host_down(machine)
        if not fate.endless:
            self.core.after(delay_s, lambda: self._finish(operation))
        return operation

    def attempt(self, actor: str, verb: Verb, machine: Machine) -> Operation:
        """Begin an operation that Azure itself asks for: nobody is there to be told of a refusal.

        A refused one is an operation that has failed, in the history as such; the machine stays as it was.
        """
        try:
            return self.begin(actor, verb, machine)
        except ArmRefusal as refusal:
            return self.core.write(actor, f"{verb}-refused", self._operation(verb, machine, refused=refusal))

    def lose(self, actor: str, machine: Machine, *, keeps_running: bool) -> None:
        """Take a machine away from the world: without power, or running on where nobody reaches it."""
        if machine.power != "running" or key(machine.id) in self._lost:
            return
        self._lost[key(machine.id)] = keeps_running
        if not keeps_running:
            self._set_power(actor, machine, "stopped")
            host = self._hosts.on_machine(machine.id)
            if host is not None:
                self._sessions.drop_all(host)
        unheard_s = self.core.draw("heartbeat-lost", self.core.physics.heartbeat_lost_s)
        self.core.after(unheard_s, lambda: self._unheard(machine))

    def find_again(self, actor: str, machine: Machine) -> None:
        """Give a lost machine back: it boots unless it ran on, and its agent reports after a while."""
        ran_on = self._lost.pop(key(machine.id), None)
        if ran_on is None or machine.power not in {"running", "stopped"}:
            return
        if not ran_on:
            machine = self._set_power(actor, machine, "running")
        self._await_agent(machine)

    def _unheard(self, machine: Machine) -> None:
        if key(machine.id) in self._lost:
            self._status(machine, "Unavailable")

    def _doomed(self, operation: Operation, machine: Machine, fate: Fate) -> Operation:
        code, message = fate.error or ("", "")
        delay_s = self.core.draw("allocation", self.core.physics.start_s)
        self.core.after(delay_s, lambda: self._fail(operation, code, message))
        if fate.late_success_s is not None:
            self.core.after(delay_s + fate.late_success_s, lambda: self._succeed_late(operation, machine.id))
        return operation

    def _succeed_late(self, operation: Operation, machine: str) -> None:
        found = self.core.get(Machine, machine)
        if found.power in {"stopped", "deallocated"}:
            self._set_power(COMPUTE, found, "running")
            self._await_agent(self.core.get(Machine, machine))
        failed = self.core.get(Operation, operation.id)
        self.core.change(
            COMPUTE, "operation-flips", failed, status="Succeeded", end_s=self.core.now_s,
            error_code="", error_message="",
        )  # fmt: skip

    def _operation(self, verb: Verb, machine: Machine, refused: ArmRefusal | None = None) -> Operation:
        now_s = self.core.now_s
        begun = Operation(
            id=self.core.guid("operation"), verb=verb, machine=machine.id, location=machine.location,
            subscription_id=machine.subscription, status="InProgress", start_s=now_s,
        )  # fmt: skip
        if refused is None:
            return begun
        return replace(
            begun, status="Failed", end_s=now_s, error_code=refused.code, error_message=refused.message
        )

    def _join(self, verb: Verb, running: Operation) -> Operation:
        if running.verb == verb:
            return running
        text = f"Operation '{verb}' is not allowed on VM while operation '{running.verb}' is in progress."
        raise ArmRefusal(409, "Conflict", text)

    def _duration(self, verb: Verb, machine: Machine) -> Between:
        physics = self.core.physics
        if verb == "start":
            return physics.start_stopped_s if machine.power == "stopped" else physics.start_s
        return physics.deallocate_s if verb == "deallocate" else physics.power_off_s

    def _finish(self, operation: Operation) -> None:
        machine = self.core.get(Machine, operation.machine)
        self._running.pop(key(machine.id), None)
        if operation.verb == "start" and not self.core.is_up(machine.location, "compute"):
            self._set_power(COMPUTE, machine, "deallocated")
            self._fail(operation, *(NO_CAPACITY.error or ("", "")))
            return
        machine = self._set_power(COMPUTE, machine, _DONE[operation.verb])
        self._end(operation)
        since_s = machine.power_since_s
        if operation.verb == "start":
            self._await_agent(machine)
        else:
            delay_s = self.core.draw("shutdown-shown", self.core.physics.shutdown_shown_s)
            self.core.after(delay_s, lambda: self._report(machine.id, since_s, "Shutdown"))

    def _end(self, operation: Operation) -> Operation:
        return self.core.change(
            COMPUTE, "operation-ends", operation, status="Succeeded", end_s=self.core.now_s
        )

    def _fail(self, operation: Operation, code: str, message: str) -> None:
        self.core.change(
            COMPUTE, "operation-ends", operation, status="Failed", end_s=self.core.now_s,
            error_code=code, error_message=message,
        )  # fmt: skip

    def _await_agent(self, machine: Machine) -> None:
        """The machine runs: its host is Unavailable until the agent on it reports."""
        self._status(machine, "Unavailable")
        if self.core.fate("agent-reports", machine.id, COMPUTE).silent:
            return
        since_s = machine.power_since_s
        self.core.after(self._agent_takes_s(), lambda: self._report(machine.id, since_s, "Available"))

    def _agent_takes_s(self) -> float:
        physics = self.core.physics
        slow = self.core.chance("agent-slow").random() < physics.agent_slow_share
        return self.core.draw("agent", physics.agent_slow_s if slow else physics.agent_s)

    def _set_power(self, actor: str, machine: Machine, power: Power) -> Machine:
        return self.core.change(actor, f"power-{power}", machine, power=power, power_since_s=self.core.now_s)

    def _host_down(self, machine: Machine) -> None:
        host = self._hosts.on_machine(machine.id)
        if host is not None:
            self._renew_token(machine, host)
            self._status(machine, "Unavailable")
            self._sessions.drop_all(host)

    def _renew_token(self, machine: Machine, host: SessionHost) -> None:
        """Renew the agent's token when its machine, as it was until now, ran long enough for that."""
        ran_s = self.core.now_s - machine.power_since_s
        long_enough = ran_s >= self.core.physics.token_renew_s
        if machine.power == "running" and host.status != "Unavailable" and long_enough:
            self.core.change("azure:agent", "renew-token", host, token_s=self.core.now_s)

    def boot(self, actor: str, machine: str) -> None:
        """Let a machine run that Azure itself made or started anew; its agent reports when it has started."""
        running = self.core.change(
            actor, "boot", self.core.get(Machine, machine), power="running", power_since_s=self.core.now_s
        )
        self._status(running, "Unavailable")
        self.agent_starts(running)

    def agent_starts(self, machine: Machine) -> None:
        """Let the agent of a running machine start anew: its host is Available when it has."""
        self.core.after(
            self._agent_takes_s(), lambda: self._report(machine.id, machine.power_since_s, "Available")
        )

    def _report(self, machine: str, since_s: float, status: Status) -> None:
        found = self.core.get(Machine, machine)
        host = self._hosts.on_machine(machine)
        refused = status == "Available" and host is not None and not self._hosts.token_works(host)
        if found.power_since_s != since_s or refused:
            return
        ailing = status == "Available" and host is not None and bool(host.failing_checks)
        self._status(found, "NeedsAssistance" if ailing else status)

    def _status(self, machine: Machine, status: Status) -> None:
        host = self._hosts.on_machine(machine.id)
        if host is None or host.status == status:
            return
        now_s = self.core.now_s
        heartbeat_s = now_s if status == "Available" else self._hosts.heartbeat_s(host)
        self.core.change(
            "azure:agent", "status", host, status=status, status_since_s=now_s, last_heartbeat_s=heartbeat_s
        )
