"""Faults of the cloud, told apart by what happens next.

    CloudError
    ├── TransientError   nothing was changed: the same request again, after ``wait_s``
    ├── RefusedError     never again as it stands: a person or another action is needed
    │   └── OutsidePlanError   refused by ourselves: a defect of ours, and nothing was sent
    └── UnknownError     sent, answer lost: observe before deciding anything

Adapters raise these and nothing else, with the library's error as cause. The fourth kind of trouble,
accepted but not come true, is no fault of a request: it is ``Unproven``, a verdict of an operation.
"""


class CloudError(Exception):
    """A request to the cloud did not do what it was sent for."""

    def __init__(self, message: str, *, code: str = "", target: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.target = target
        self.status = status

    @property
    def brief(self) -> str:
        """The fault by Azure's own code, where it gave one; the whole message otherwise."""
        return f"{self.status or ''} {self.code}".strip() if self.code else self.message


class TransientError(CloudError):
    """The cloud did not take the request (throttled, busy, not reachable); nothing was changed.

    ``wait_s`` is what the cloud asked for, or 0 where it asked for nothing.
    """

    def __init__(
        self, message: str, *, wait_s: float = 0.0, code: str = "", target: str = "", status: int = 0
    ) -> None:
        super().__init__(message, code=code, target=target, status=status)
        self.wait_s = wait_s


class RefusedError(CloudError):
    """The cloud understood and said no; sending the same again is useless.

    ``status`` 401 and 403 mean that the engine's own identity lacks a right: the message says which.
    """


class OutsidePlanError(RefusedError):
    """Our own gate said no: what was to be sent lies outside the approved plan, and was not sent (S12).

    A defect of ours, so no operation is asked what it means: the step ends and a person must look.
    """

    def __init__(self, message: str, *, target: str = "") -> None:
        super().__init__(message, code="OutsidePlan", target=target)


class UnknownError(CloudError):
    """The request was sent and its answer lost. It may still take effect for a while (safety S21)."""
