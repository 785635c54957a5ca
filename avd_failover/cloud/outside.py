"""What lies outside Azure: programs of the machine, and addresses."""

from typing import Protocol

from msgspec import Struct

from avd_failover.cloud.answers import Accepted
from avd_failover.domain.actions import CallWebhook, RunCommand


class Question(Struct, frozen=True, kw_only=True):
    """What a status address outside Azure is asked: whether a field of its JSON has a value.

    ``field`` is a path of keys with dots between; the variables named are those of ``CallWebhook``.
    """

    url: str
    field: str
    wanted: str
    bearer_from: str = ""
    query_from: str = ""
    timeout_s: float = 30.0


class Answered(Struct, frozen=True, kw_only=True):
    """Whether the field has the value, and in few words what it has instead."""

    matches: bool
    found: str = ""


class OutsideReads(Protocol):
    """What lies outside Azure: asking."""

    async def ask(self, question: Question) -> Answered:
        """Read a status address once. Redirects are refused."""
        ...


class Outside(OutsideReads, Protocol):
    """The same, and doing. What was sent leaves no trace that could be read: the answer is all there is."""

    async def execute(self, command: RunCommand) -> Accepted:
        """Run a program to its end; accepted is exit code 0.

        Raises:
            RefusedError: It ended with another exit code (``status``), or cannot be started as it stands.
            UnknownError: It did not end in time, and was killed with all that it started.
        """
        ...

    async def post(self, webhook: CallWebhook) -> Accepted:
        """Post to an address; accepted is an answer 2xx. Redirects are refused.

        Raises:
            TransientError: Not connected, or the answer says that it was not taken (429, 503).
            RefusedError: Another answer below 500, or a variable that lacks.
            UnknownError: Sent, and no answer, or one that says nothing (other 5xx).
        """
        ...
