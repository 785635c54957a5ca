"""Run commands (Microsoft.Compute), by action and managed. A script needs a running machine."""

import hashlib
from collections.abc import Sequence

from avd_failover.simulator import guest
from avd_failover.simulator.core import Core, under
from avd_failover.simulator.machines import COMPUTE, Machines
from avd_failover.simulator.records import Machine, Operation, key
from avd_failover.simulator.records_compute import CommandRun, Guest
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.registration import Registration
from avd_failover.simulator.requests import Part, RequestLog, external


class Commands(Part):
    """Verbs on run commands. An operation succeeds whatever the script's exit code (recorded)."""

    area = "commands"

    def __init__(self, core: Core, log: RequestLog, machines: Machines, registration: Registration) -> None:
        super().__init__(core, log)
        self._machines = machines
        self._registration = registration
        self._busy: dict[str, str] = {}

    @external
    def run(self, actor: str, machine: str, script: str) -> Operation:
        """Begin a script by action. Refused with 409 when the machine does not run, or runs one already."""
        found = self._runnable(machine)
        if key(found.id) in self._busy:
            text = (
                "Run command extension execution is in progress."
                " Please wait for completion before invoking a run command."
            )
            raise ArmRefusal(409, "Conflict", text)
        operation = self._begin(actor, found, script, "")
        self._busy[key(found.id)] = operation.id
        return operation

    @external
    def put(
        self, actor: str, command: str, script: str, *, asynchronous: bool = False, timeout_s: int = 0
    ) -> tuple[bool, CommandRun, Operation]:
        """Create a managed run command, or run one again; the first value tells whether it is new."""
        found = self._runnable(command.rsplit("/", 2)[0])
        present = self.core.find(CommandRun, command)
        name = present.id if present else f"{found.id}/runCommands/{command.rsplit('/', 1)[-1]}"
        operation = self._begin(actor, found, script, name, asynchronous=asynchronous, timeout_s=timeout_s)
        return present is None, self.core.get(CommandRun, name), operation

    @external
    def delete(self, actor: str, command: str) -> CommandRun | None:
        """Remove a managed run command; None when there is none (204)."""
        self._machines.get(command.rsplit("/", 2)[0])
        found = self.core.find(CommandRun, command)
        if found is not None:
            self.core.erase(actor, "delete-run-command", found)
        return found

    def list(self, machine: str) -> Sequence[CommandRun]:
        """Return the managed run commands of a machine."""
        return under(self.core.table(CommandRun).values(), self._machines.get(machine).id)

    def get(self, command: str) -> CommandRun:
        """Return one managed run command. Refused with 404 ``ResourceNotFound``."""
        self._machines.get(command.rsplit("/", 2)[0])
        found = self.core.find(CommandRun, command)
        if found is None:
            parts = command.split("/")
            kind = "Microsoft.Compute/virtualMachines/runCommands"
            raise resource_missing(kind, f"{parts[-3]}/{parts[-1]}", parts[4])
        return found

    def outcome(self, operation: str) -> CommandRun | None:
        """Return what the script of an action did; None when the operation ran none."""
        return self.core.find(CommandRun, operation)

    def _runnable(self, machine: str) -> Machine:
        found = self._machines.get(machine)
        if found.power != "running":
            text = "Cannot modify extensions in the VM when the VM is not running."
            raise ArmRefusal(409, "OperationNotAllowed", text)
        return found

    def _begin(
        self, actor: str, machine: Machine, script: str, command: str,
        *, asynchronous: bool = False, timeout_s: int = 0,
    ) -> Operation:  # fmt: skip
        operation = Operation(
            id=self.core.guid("operation"), verb="runCommand", machine=machine.id, location=machine.location,
            subscription_id=machine.subscription, status="InProgress", start_s=self.core.now_s,
        )  # fmt: skip
        self.core.write(actor, "begin-runCommand", operation)
        run = CommandRun(
            id=command or operation.id, machine=machine.id, location=machine.location,
            digest=hashlib.sha256(script.encode()).hexdigest(), start_s=self.core.now_s,
            operation=operation.id, asynchronous=asynchronous, timeout_s=timeout_s,
        )  # fmt: skip
        self.core.write(actor, "run-command", run)
        delay_s = self.core.draw("run-command", self.core.physics.run_command_s)
        self.core.after(delay_s, lambda: self._finish(operation, run, script))
        return operation

    def _finish(self, operation: Operation, run: CommandRun, script: str) -> None:
        self._busy.pop(key(run.machine), None)
        machine = self.core.find(Machine, run.machine)
        if machine is None or machine.power != "running":
            self._end(operation, "VMAgentStatusCommunicationError", "VM Agent is not reporting its status.")
            return
        host = self._registration.register(machine, [script])
        if host is not None:
            self._machines.agent_starts(machine)
        inside = self.core.find(Guest, f"{machine.id}/guest") or Guest(id="", machine=machine.id)
        said = guest.run(inside, script, registered=host is not None)
        present = self.core.find(CommandRun, run.id)
        if present is not None and present.operation == operation.id:
            self.core.change(
                COMPUTE, "script-ends", present, exit_code=said.exit_code, output=said.output,
                error=said.error, end_s=self.core.now_s,
            )  # fmt: skip
        self._end(operation)

    def _end(self, operation: Operation, code: str = "", message: str = "") -> None:
        self.core.change(
            COMPUTE, "operation-ends", operation, status="Failed" if code else "Succeeded",
            end_s=self.core.now_s, error_code=code, error_message=message,
        )  # fmt: skip
