"""Machines of the direct face: long-running operations are followed to their end."""

from collections.abc import Callable

from msgspec import structs

from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import estate
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.domain.ids import MachineId
from avd_failover.simulator import direct_recovery_values as recovery_values
from avd_failover.simulator import direct_values as values
from avd_failover.simulator.direct_call import Line
from avd_failover.simulator.records import Operation
from avd_failover.simulator.world import World

POLL_EVERY_S = 10.0
DEADLINE_S = 20 * 60.0


class DirectMachines:
    """Virtual machines; ``start`` and ``deallocate`` return when the world is done, not when it began."""

    def __init__(self, line: Line, *, deadline_s: float = DEADLINE_S) -> None:
        self._line = line
        self._deadline_s = deadline_s

    async def get(self, machine: MachineId) -> estate.Machine:
        """Read one machine with its power state."""
        return values.machine(
            await self._line.ask("machines.get", machine, lambda world: world.machines.get(machine))
        )

    async def start(self, machine: MachineId) -> Accepted:
        """Start a machine and follow the operation to its end.

        Refused with the operation's code when it failed; Unknown when it did not end within the deadline.
        """
        actor = self._line.actor
        return await self._run("machines.start", machine, lambda world: world.machines.start(actor, machine))

    async def deallocate(self, machine: MachineId) -> Accepted:
        """Deallocate a machine and follow the operation to its end. Raises the same as ``start``."""
        actor = self._line.actor
        return await self._run(
            "machines.deallocate", machine, lambda world: world.machines.deallocate(actor, machine)
        )

    async def extensions(self, machine: MachineId) -> Reading[InstalledExtension]:
        """List the extensions of a machine, by name."""
        found = await self._line.read_list(
            "extensions.list",
            machine,
            lambda world: world.recovery.extensions.list(machine),
            recovery_values.extension,
        )
        return structs.replace(
            found, items=tuple(sorted(found.items, key=lambda one: one.image.name.lower()))
        )

    async def put_extension(self, machine: MachineId, image: VmExtension, *, location: str) -> Accepted:
        """Install or change an extension and follow the operation to its end. Raises what ``start`` does."""
        del location  # the world knows where a machine stands
        actor, extension = self._line.actor, f"{machine}/extensions/{image.name}"

        def begin(world: World) -> Operation:
            _, _, operation = world.recovery.extensions.put(
                actor,
                extension,
                publisher=image.publisher,
                type=image.type,
                version=image.version,
                auto_upgrade=image.auto_upgrade_minor,
                settings=image.settings,
            )
            return operation

        return await self._run("extensions.create", extension, begin)

    async def _run(self, route: str, target: str, begin: Callable[[World], Operation]) -> Accepted:
        operation, followable = await self._line.begin(route, target, begin)
        if not followable:
            raise _unknown(target, "nothing says where to follow the operation")
        until = self._line.clock.monotonic() + self._deadline_s
        while operation.status == "InProgress":
            left_s = until - self._line.clock.monotonic()
            if left_s <= 0:
                raise _unknown(target, "the operation is still InProgress at its deadline")
            await self._line.clock.sleep(min(POLL_EVERY_S, left_s))
            operation = await self._poll(target, operation)
        if operation.status == "Failed":
            text = f"the operation ended Failed: {operation.error_code}: {operation.error_message}"
            raise RefusedError(text, code=operation.error_code, target=target)
        return Accepted(at=self._line.clock.now(), request_id=operation.id)

    async def _poll(self, target: str, operation: Operation) -> Operation:
        try:
            return await self._line.ask(
                "machines.poll", target, lambda world: world.machines.operation(operation.id)
            )
        except TransientError:
            return operation
        except CloudError as error:
            raise _unknown(target, error.message) from error


def _unknown(target: str, why: str) -> UnknownError:
    text = f"accepted, but its end is not known: {why}"
    return UnknownError(text, code="OperationNotFollowed", target=target)
