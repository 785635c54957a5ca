"""The way out of Azure, wired: programs and addresses with one clock and one environment."""

from collections.abc import Mapping

from avd_failover.cloud import Accepted, Answered, Question
from avd_failover.domain.actions import CallWebhook, RunCommand
from avd_failover.domain.clock import Clock
from avd_failover.outside.addresses import Addresses
from avd_failover.outside.programs import Programs


class Outdoors:
    """Everything that a run can do outside Azure (``cloud.Outside``)."""

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        self._programs = Programs(clock, environment)
        self._addresses = Addresses(clock, environment)

    async def execute(self, command: RunCommand) -> Accepted:
        """Run a program to its end."""
        return await self._programs.execute(command)

    async def post(self, webhook: CallWebhook) -> Accepted:
        """Post to an address."""
        return await self._addresses.post(webhook)

    async def ask(self, question: Question) -> Answered:
        """Read a status address once."""
        return await self._addresses.ask(question)
