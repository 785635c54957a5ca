"""No way out of Azure: what a connection has that was given none."""

from avd_failover.cloud import Accepted, Answered, Question
from avd_failover.domain.actions import CallWebhook, RunCommand
from avd_failover.domain.faults import RefusedError


class NoOutside:
    """Refuses programs and addresses (``cloud.Outside``); only what drives a run is given a way out."""

    async def execute(self, command: RunCommand) -> Accepted:
        """Refuse."""
        raise _no_way_out(command.target)

    async def post(self, webhook: CallWebhook) -> Accepted:
        """Refuse."""
        raise _no_way_out(webhook.target)

    async def ask(self, question: Question) -> Answered:
        """Refuse."""
        raise _no_way_out(question.url)


def _no_way_out(target: str) -> RefusedError:
    return RefusedError("nothing outside Azure can be reached from here", code="NoOutside", target=target)
