"""Programs of this machine, run as they stand: an argument list, no shell, no terminal, nothing inherited.

A program gets the variables that its step names and no others, ``/`` as its folder, nothing to read, and a
session of its own, so that it and all that it starts can be ended by one id. What it writes is counted and
hashed, never kept. Needs POSIX: process groups are what makes ending it sure.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

from avd_failover.cloud import Accepted
from avd_failover.domain.actions import RunCommand
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import RefusedError, UnknownError
from avd_failover.outside.environment import given
from avd_failover.outside.output import Digested

GRACE_S = 2.0
"""Seconds for the rest of the output after a program ended, and between asking one to end and ending it. A
guess: enough to close files, short enough not to hold up a failover."""

CHUNK = 65536


class Programs:
    """Runs programs with values from one environment."""

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        self._clock = clock
        self._environment = environment

    async def execute(self, command: RunCommand) -> Accepted:
        """Run a program to its end (``cloud.Outside.execute``)."""
        output = Digested()
        async with self._started(command, output) as (process, reading):
            code = await self._ended(process, command.timeout_s)
            if code is None:
                await self._end(process)
            await self._within(GRACE_S, reading)
        told = output.told("output")
        if code is None:
            raise UnknownError(
                f"did not end within {command.timeout_s:g} s and was killed; {told}", target=command.target
            )
        if code:
            how = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
            raise RefusedError(f"{how}; {told}", code="ExitCode", target=command.target, status=max(code, 0))
        return Accepted(at=self._clock.now(), detail=f"exit code 0, {told}")

    @asynccontextmanager
    async def _started(
        self, command: RunCommand, output: Digested
    ) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.Future[None]]]:
        """Start it, hash what it writes, and leave nothing of it behind, whatever happens."""
        ours, theirs = os.pipe()
        with os.fdopen(ours, "rb", buffering=0) as pipe:
            with os.fdopen(theirs, "wb", buffering=0) as written:
                process = await self._spawn(command, written)
            reading = asyncio.ensure_future(_hash(pipe, output))
            try:
                yield process, reading
            finally:
                if process.returncode is None or not reading.done():
                    _signal(process, signal.SIGKILL)
                reading.cancel()
                await asyncio.gather(reading, process.wait(), return_exceptions=True)

    async def _spawn(self, command: RunCommand, output: BinaryIO) -> asyncio.subprocess.Process:
        environment = given(command.environment, self._environment, command.target)
        try:
            return await asyncio.create_subprocess_exec(
                *command.argv,
                env=environment,
                cwd="/",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except (OSError, ValueError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else "an argument cannot be passed"
            message = f"{command.argv[0]} cannot be started: {why}"
            raise RefusedError(message, code="NotStarted", target=command.target) from fault

    async def _ended(self, process: asyncio.subprocess.Process, within_s: float) -> int | None:
        """Return the exit code, or None when there is none in time."""
        await self._within(within_s, asyncio.ensure_future(process.wait()))
        return process.returncode

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ask the whole group to end, and end it."""
        _signal(process, signal.SIGTERM)
        await self._within(GRACE_S, asyncio.ensure_future(process.wait()))
        _signal(process, signal.SIGKILL)
        await process.wait()

    async def _within(self, seconds: float, waited: asyncio.Future[int] | asyncio.Future[None]) -> None:
        limit = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({waited, limit}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()


def _signal(process: asyncio.subprocess.Process, wanted: signal.Signals) -> None:
    """Send a signal to the program's group, which bears its id; to nobody when all of it ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, wanted)


async def _hash(pipe: BinaryIO, output: Digested) -> None:
    """Read a pipe to its end."""
    reader = asyncio.StreamReader(limit=CHUNK)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    try:
        while part := await reader.read(CHUNK):
            output.add(part)
    finally:
        transport.close()
