"""Faults of Azure's answers: errors, and storms of 429."""

import random
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.faults.base import RequestFault, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.limits import TokenBucket
from avd_failover.simulator.refusals import ArmRefusal

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

RetryAfter = Literal["seconds", "http-date", "absent", "negative", "huge"]
HUGE_S = 1_000_000_000

CODES = {
    400: "BadRequest",
    401: "AuthenticationFailed",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    408: "RequestTimeout",
    409: "Conflict",
    412: "PreconditionFailed",
    423: "Locked",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
"""The code that an answer of a status carries where a fault names none."""


def retry_after(form: RetryAfter, wait_s: float, world: "World") -> dict[str, str]:
    """Return the header in one of the forms that clients meet; a date is by Azure's clock."""
    match form:
        case "absent":
            return {}
        case "negative":
            return {"Retry-After": "-30"}
        case "huge":
            return {"Retry-After": str(HUGE_S)}
        case "http-date":
            until = world.faults.azure_time() + timedelta(seconds=wait_s)
            return {"Retry-After": format_datetime(until, usegmt=True)}
    return {"Retry-After": str(max(1, round(wait_s)))}


class HttpError(RequestFault):
    """Azure answers with an error."""

    fault: Literal["http-error"] = called("http-error")
    status: Literal[400, 401, 403, 404, 408, 409, 412, 423, 429, 500, 502, 503, 504] = Field(
        default=503, description="The status."
    )
    code: str | None = Field(default=None, description="The error's code; a usual one when absent.")
    message: str = Field(default="A simulated fault.", description="The error's text.")
    retry_after: Duration | None = Field(
        default=None, description="What Retry-After asks for; none if absent."
    )
    form: RetryAfter = Field(default="seconds", description="Form of Retry-After, if it is asked for.")
    applied: bool = Field(default=False, description="Whether the request took effect all the same.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer with the error, before or after."""
        asked = self.retry_after
        heads = {} if asked is None else retry_after(self.form, asked, stage.world)
        code = CODES[self.status] if self.code is None else self.code
        error = ArmRefusal(self.status, code, self.message, headers=heads)
        return Ruling(answer=error) if self.applied else Ruling(refusal=error)


class DirectoryDown(RequestFault):
    """Microsoft Graph answers 503 to every question about groups."""

    fault: Literal["directory-down"] = called("directory-down")
    route: str = Field(default="members.*", description="Which requests.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer 503, in Graph's words."""
        return Ruling(refusal=ArmRefusal(503, "serviceNotAvailable", "The service is unavailable."))


class ThrottleStorm(RequestFault):
    """A bucket much smaller than documented: what does not fit is answered 429, and early callers wait on."""

    fault: Literal["throttle-storm"] = called("throttle-storm")
    bucket: float = Field(default=5.0, ge=1, description="Requests at once.")
    refill: float = Field(default=0.5, gt=0, description="Requests per second.")
    retry_after: RetryAfter = Field(default="seconds", description="Form of the header.")
    growth: float = Field(
        default=1.0, ge=1, description="Factor on the wait for each 429 in a row, up to 15 minutes."
    )

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Take a token for the caller's kind of request, or say how long to wait."""
        core = stage.world.core
        buckets = stage.memory.setdefault("buckets", {})
        bucket = buckets.setdefault(sent.actor, TokenBucket(self.bucket, self.refill, core.now_s))
        wait_s = bucket.wait_s(core.now_s)
        if not wait_s:
            bucket.take(core.now_s)
            stage.memory["row"] = 0
            return Ruling()
        row = stage.memory["row"] = stage.memory.get("row", 0) + 1
        told_s = min(900.0, wait_s * self.growth ** (row - 1))
        text = f"The request is throttled. Please try again after {round(told_s)} seconds."
        return Ruling(
            refusal=ArmRefusal(
                429, "TooManyRequests", text, headers=retry_after(self.retry_after, told_s, stage.world)
            )
        )
