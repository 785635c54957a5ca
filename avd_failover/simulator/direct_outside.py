"""What lies outside Azure, in a rehearsal: nothing is run, nothing is called, and every outcome says so."""

from avd_failover.cloud import Accepted, Answered, Question
from avd_failover.domain.actions import CallWebhook, RunCommand
from avd_failover.domain.clock import Clock


class RehearsedOutside:
    """Programs and addresses that are left alone (``cloud.Outside``): a rehearsal changes nothing real."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def execute(self, command: RunCommand) -> Accepted:
        """Accept without starting anything."""
        return self._noted("simulated: not run")

    async def post(self, webhook: CallWebhook) -> Accepted:
        """Accept without sending anything."""
        return self._noted("simulated: not called")

    async def ask(self, question: Question) -> Answered:
        """Say that it is as wanted, without asking anybody."""
        return Answered(matches=True, found="simulated: not asked")

    def _noted(self, detail: str) -> Accepted:
        return Accepted(at=self._clock.now(), detail=detail)
