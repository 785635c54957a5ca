"""Errors of the libraries below, told apart by what the caller does next: one table, one context manager.

    what happened                                     read               mutation
    ------------------------------------------------  -----------------  -----------------
    not connected: nothing was sent                    Transient          Transient
    sent, answer lost, cut short or not readable       Transient          Unknown
    429, or 503 that says it was not taken             Transient (wait)   Transient (wait)
    other 5xx, 408, or a 2xx outside the contract      Transient          Unknown
    409 that says another operation is in the way      Transient (wait)   Transient (wait)
    401, 403, any other answer, no token               Refused            Refused

A read is harmless to repeat, a mutation is not. "Says it was not taken" means a ``Retry-After`` or one of
the codes in ``_BUSY``. The library's error is always the cause. Messages carry no user names (safety J11).
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TypedDict

import aiohttp
import httpx
import msgspec
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    IncompleteReadError,
    SerializationError,
    ServiceRequestError,
)
from kiota_abstractions.api_error import APIError

from avd_failover.azure.retry_after import asked_wait_s
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError


class UnreadableAnswerError(Exception):
    """The cloud answered success with a body that is not what the API promises."""


class _Kind(Enum):
    NOT_SENT = "could not connect"
    LOST = "answer lost"
    UNREADABLE = "answer not readable"
    TOKENLESS = "no token"
    ANSWER = "answer"


class _Where(TypedDict):
    code: str
    target: str
    status: int


_TABLE: dict[type[BaseException], _Kind] = {
    # Transport. aiohttp's errors also arrive inside ServiceRequestError, whatever was sent: see _kind.
    aiohttp.ClientConnectorError: _Kind.NOT_SENT,
    aiohttp.ConnectionTimeoutError: _Kind.NOT_SENT,
    aiohttp.ClientError: _Kind.LOST,
    httpx.ConnectError: _Kind.NOT_SENT,
    httpx.ConnectTimeout: _Kind.NOT_SENT,
    httpx.PoolTimeout: _Kind.NOT_SENT,
    httpx.HTTPError: _Kind.LOST,
    TimeoutError: _Kind.LOST,
    ConnectionError: _Kind.LOST,
    # azure-core.
    ServiceRequestError: _Kind.NOT_SENT,
    AzureError: _Kind.LOST,
    HttpResponseError: _Kind.ANSWER,
    IncompleteReadError: _Kind.LOST,
    ClientAuthenticationError: _Kind.TOKENLESS,
    # Bodies.
    DecodeError: _Kind.UNREADABLE,
    DeserializationError: _Kind.UNREADABLE,
    SerializationError: _Kind.UNREADABLE,
    UnreadableAnswerError: _Kind.UNREADABLE,
    msgspec.MsgspecError: _Kind.UNREADABLE,
    zlib.error: _Kind.UNREADABLE,  # aiohttp and azure-core let it through bare
    # Graph.
    APIError: _Kind.ANSWER,
}
"""Kind of each library error; the most derived class wins."""

_BUSY = frozenset(
    {
        "anotheroperationinprogress",
        "conflictingoperationinprogress",
        "operationinprogress",
        "retryableerror",
        "serverbusy",
        "subscriptionrequeststhrottled",
        "toomanyrequests",
    }
)
_NAMELESS_CONFLICT = frozenset({"", "409", "conflict"})
_RIGHTS = {"authorization_requestdenied": "a Microsoft Graph permission (GroupMember.Read.All)"}
_LACKS = re.compile(
    r"does not have (?:authorization|permissions?) to perform action(?:\(s\))? '(?P<action>[^']+)'"
    r"(?:[^']*?\bscope[^']*'(?P<scope>[^']+)')?"
)
_USER_NAME = re.compile(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+")


@contextmanager
def azure_faults(target: str, *, mutating: bool) -> Iterator[None]:
    """Translate whatever a library raises inside into a fault of ``domain.faults``, by the table above.

    ``target`` is the id the request is about. Faults of the domain, cancellation, and errors of ours pass
    through unchanged.
    """
    try:
        yield
    except tuple(_TABLE) as error:
        raise _fault(error, target, mutating=mutating) from error


def fault_of_answer(
    status: int, headers: Mapping[str, str], code: str, message: str, *, target: str, mutating: bool
) -> CloudError:
    """Return the fault that an answer of this status is, by the table above."""
    where = _Where(code=code, target=target, status=status)
    asked = asked_wait_s(headers)
    text = _explain(status, headers, code, message, target)
    if _not_taken(status, code, asked):
        return TransientError(text, wait_s=asked or 0.0, **where)
    if status >= 500 or status == 408 or status < 300:
        return _lost(text, wait_s=asked or 0.0, mutating=mutating, where=where)
    return RefusedError(text, **where)


def _fault(error: BaseException, target: str, *, mutating: bool) -> CloudError:
    kind = _kind(error)
    if (answer := _answer_of(error)) is not None and (kind is _Kind.ANSWER or answer[0] >= 300):
        return fault_of_answer(*answer, target=target, mutating=mutating)
    text = f"{kind.value}: {clean(str(error)) or type(error).__name__}"
    if kind is _Kind.NOT_SENT:
        return TransientError(text, code="NotConnected", target=target)
    if kind is _Kind.TOKENLESS:
        return RefusedError(text, code="NoToken", target=target, status=401)
    code = "AnswerUnreadable" if kind is _Kind.UNREADABLE else "AnswerLost"
    return _lost(text, wait_s=0.0, mutating=mutating, where=_Where(code=code, target=target, status=0))


def _lost(text: str, *, wait_s: float, mutating: bool, where: _Where) -> CloudError:
    if mutating:
        return UnknownError(text, **where)
    return TransientError(text, wait_s=wait_s, **where)


def _kind(error: BaseException) -> _Kind:
    # azure-core calls every aiohttp.ClientError a ServiceRequestError, a dropped connection after sending
    # included; only the error underneath tells whether anything left this machine.
    beneath = getattr(error, "inner_exception", None) if isinstance(error, ServiceRequestError) else None
    for kind in type(beneath if isinstance(beneath, aiohttp.ClientError) else error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind]
    return _Kind.LOST


def _answer_of(error: BaseException) -> tuple[int, Mapping[str, str], str, str] | None:
    if isinstance(error, APIError) and error.response_status_code:
        told = error.primary_message or ""
        return error.response_status_code, error.response_headers or {}, _graph_code(error), told
    if not isinstance(error, HttpResponseError) or error.response is None:
        return None
    if error.status_code is None:
        return None
    code = str(getattr(error.error, "code", None) or "")
    message = str(getattr(error.error, "message", None) or error.reason or "")
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    return error.status_code, headers, code, message


def _graph_code(error: APIError) -> str:
    return str(getattr(getattr(error, "error", None), "code", None) or "")


def _not_taken(status: int, code: str, asked: float | None) -> bool:
    folded = code.lower()
    if status == 429:
        return True
    if status == 503:
        return asked is not None or folded in _BUSY
    return status == 409 and (folded in _BUSY or (asked is not None and folded in _NAMELESS_CONFLICT))


def _explain(status: int, headers: Mapping[str, str], code: str, message: str, target: str) -> str:
    said = " ".join(part for part in (str(status), code if code != str(status) else "") if part)
    if status in {401, 403} and (right := _right(code, message)):
        return f"{said}: the engine's identity lacks {right}"
    request = headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id", "")
    trail = f" (request {request})" if request else ""
    return f"{said}: {clean(message) or 'no reason given'}, for {target}{trail}"


def _right(code: str, message: str) -> str:
    if found := _LACKS.search(message[:2_000]):
        at = f" at {found['scope']}" if found["scope"] else ""
        return f"the right {found['action']}{at}"
    return _RIGHTS.get(code.lower(), "")


def clean(message: str) -> str:
    """Return a message of Azure without user names, on one line, at most 400 characters."""
    # Cut first: the pattern takes quadratic time, and a body may be of any length.
    return _USER_NAME.sub("<user>", " ".join(message[:2_000].split()))[:400]
