"""Single answers: a resource that can be read, or an acceptance with an id to ask Microsoft about."""

from collections.abc import Callable
from typing import Any, TypeVar

from azure.core.pipeline import PipelineResponse

from avd_failover.azure.faults import UnreadableAnswerError
from avd_failover.cloud import Accepted
from avd_failover.domain.clock import Clock

T = TypeVar("T")

Raw = Any
"""A model of an SDK. Its annotations are wrong (read-only fields are typed None), so parsers check it."""

_REQUEST_IDS = ("x-ms-correlation-request-id", "x-ms-request-id", "x-ms-client-request-id")


def accepted(response: PipelineResponse[Any, Any], clock: Clock) -> Accepted:
    """Return the acceptance that an answer to a write is."""
    headers = response.http_response.headers
    ids = (headers.get(name, "") for name in _REQUEST_IDS)
    return Accepted(at=clock.now(), request_id=next(filter(None, ids), ""))


class Receipt:
    """The ``cls`` argument of an SDK call: keeps what the answer to a write says about its acceptance."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accepted: Accepted | None = None

    def __call__(self, response: PipelineResponse[Any, Any], *_: object) -> None:
        """Keep the answer's acceptance."""
        self._accepted = accepted(response, self._clock)

    @property
    def accepted(self) -> Accepted:
        """The acceptance; raises ``UnreadableAnswerError`` where no answer came."""
        if self._accepted is None:
            raise UnreadableAnswerError("the write ended without an answer")
        return self._accepted


def read_one(raw: Raw, parse: Callable[[Raw], T]) -> T:
    """Parse the model of one resource; raises ``UnreadableAnswerError`` where it is not as promised."""
    try:
        return parse(raw)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableAnswerError(f"a resource that could not be read: {error}") from error
