"""How the simulated Azure says no.

    ArmRefusal       status, code and message as the wire shows them
    └── Throttled    429, with the seconds of its Retry-After
    AnswerLost       nothing was said, or nothing that arrived

Codes are as recorded: the status as a string where the AVD provider answers, a word where ARM does.
"""

from collections.abc import Mapping


class ArmRefusal(Exception):  # noqa: N818 - an answer of Azure, not an error of ours
    """Azure understood the request and refused it."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class AnswerLost(Exception):  # noqa: N818 - what happened to an answer, not an error of ours
    """The caller holds no answer, and cannot know whether anything was done."""


class Throttled(ArmRefusal):
    """Too many requests; a request sent before ``retry_after_s`` has passed is refused again."""

    def __init__(self, retry_after_s: int, message: str, *, code: str = "TooManyRequests") -> None:
        super().__init__(429, code, message)
        self.retry_after_s = retry_after_s


def resource_missing(kind: str, name: str, resource_group: str) -> ArmRefusal:
    """The refusal that ARM's gateway gives for a resource that does not exist, with the recorded text."""
    return ArmRefusal(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{resource_group}' was not found."
        " For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def avd_refusal(status: int, text: str) -> ArmRefusal:
    """The refusal that the AVD provider gives: the code is the status, as a string."""
    return ArmRefusal(status, str(status), text)
