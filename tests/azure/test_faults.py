"""The one table from library errors to faults, row by row."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import msgspec
import pytest
from aiohttp.client_reqrep import ConnectionKey
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.identity import CredentialUnavailableError
from kiota_abstractions.api_error import APIError
from multidict import CIMultiDict

from avd_failover.azure.faults import UnreadableAnswerError, azure_faults, clean, fault_of_answer
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError

TARGET = "/subscriptions/s/the-thing"
KEY = ConnectionKey("h", 443, True, True, None, None, None)
NO_CONNECTION = aiohttp.ClientConnectorError(KEY, OSError(111, "refused"))
DROPPED = aiohttp.ServerDisconnectedError()


def around(beneath: aiohttp.ClientError) -> ServiceRequestError:
    """Wrap an aiohttp error the way azure-core's transport does."""
    return ServiceRequestError(beneath, error=beneath)


def answered(
    status: int,
    code: str = "",
    message: str = "",
    kind: type[HttpResponseError] = HttpResponseError,
    **headers: str,
) -> HttpResponseError:
    told = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    response: Any = SimpleNamespace(status_code=status, reason="Reason", headers=told)
    error = kind(message="library words", response=response)
    error.error = SimpleNamespace(code=code, message=message) if code or message else None  # type: ignore[assignment]
    return error


def fault_of(error: BaseException, *, mutating: bool) -> CloudError:
    with pytest.raises(CloudError) as caught, azure_faults(TARGET, mutating=mutating):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.target == TARGET
    return caught.value


@pytest.mark.parametrize(
    ("error", "on_read", "on_write"),
    [
        pytest.param(around(NO_CONNECTION), TransientError, TransientError, id="connection refused"),
        pytest.param(NO_CONNECTION, TransientError, TransientError, id="the same, bare"),
        pytest.param(
            ServiceRequestTimeoutError("t"), TransientError, TransientError, id="connecting took too long"
        ),
        pytest.param(
            ServiceRequestError("https"), TransientError, TransientError, id="never left the pipeline"
        ),
        pytest.param(httpx.ConnectError("x"), TransientError, TransientError, id="httpx: refused"),
        pytest.param(httpx.ConnectTimeout("x"), TransientError, TransientError, id="httpx: connect timeout"),
        pytest.param(httpx.PoolTimeout("x"), TransientError, TransientError, id="httpx: no free connection"),
        pytest.param(around(DROPPED), TransientError, UnknownError, id="dropped, called a request error"),
        pytest.param(
            around(aiohttp.ClientOSError(104, "reset")), TransientError, UnknownError, id="connection reset"
        ),
        pytest.param(DROPPED, TransientError, UnknownError, id="dropped, bare"),
        pytest.param(ServiceResponseError("x"), TransientError, UnknownError, id="response error"),
        pytest.param(ServiceResponseTimeoutError("x"), TransientError, UnknownError, id="silence"),
        pytest.param(IncompleteReadError("x"), TransientError, UnknownError, id="cut short"),
        pytest.param(TimeoutError(), TransientError, UnknownError, id="bare timeout"),
        pytest.param(ConnectionResetError(), TransientError, UnknownError, id="bare reset"),
        pytest.param(httpx.ReadError("x"), TransientError, UnknownError, id="httpx: read"),
        pytest.param(httpx.ReadTimeout("x"), TransientError, UnknownError, id="httpx: silence"),
        pytest.param(httpx.RemoteProtocolError("x"), TransientError, UnknownError, id="httpx: protocol"),
        pytest.param(AzureError("x"), TransientError, UnknownError, id="any other of azure-core"),
        pytest.param(DecodeError("x"), TransientError, UnknownError, id="not JSON"),
        pytest.param(DeserializationError("x"), TransientError, UnknownError, id="not the model"),
        pytest.param(msgspec.DecodeError("x"), TransientError, UnknownError, id="not JSON, msgspec"),
        pytest.param(msgspec.ValidationError("x"), TransientError, UnknownError, id="not the type, msgspec"),
        pytest.param(UnreadableAnswerError("x"), TransientError, UnknownError, id="not as promised"),
        pytest.param(HttpResponseError("x"), TransientError, UnknownError, id="an answer without an answer"),
        pytest.param(ClientAuthenticationError("x"), RefusedError, RefusedError, id="no token"),
        pytest.param(CredentialUnavailableError("x"), RefusedError, RefusedError, id="no identity here"),
        pytest.param(answered(429, Retry_After="7"), TransientError, TransientError, id="429"),
        pytest.param(answered(429), TransientError, TransientError, id="429 without a wait"),
        pytest.param(answered(503, Retry_After="7"), TransientError, TransientError, id="503, come back"),
        pytest.param(answered(503, "ServerBusy"), TransientError, TransientError, id="503, busy"),
        pytest.param(answered(503), TransientError, UnknownError, id="503, bare"),
        pytest.param(answered(500), TransientError, UnknownError, id="500"),
        pytest.param(answered(500, Retry_After="7"), TransientError, UnknownError, id="500 with a wait"),
        pytest.param(answered(502), TransientError, UnknownError, id="502"),
        pytest.param(answered(504, "GatewayTimeout"), TransientError, UnknownError, id="504"),
        pytest.param(answered(408), TransientError, UnknownError, id="408"),
        pytest.param(answered(202), TransientError, UnknownError, id="a success outside the contract"),
        pytest.param(answered(503, kind=DecodeError), TransientError, UnknownError, id="503 in HTML"),
        pytest.param(answered(200, kind=DecodeError), TransientError, UnknownError, id="200 in HTML"),
        pytest.param(answered(302, Location="x"), RefusedError, RefusedError, id="redirect, not followed"),
        pytest.param(answered(400, "PrincipalNotFound"), RefusedError, RefusedError, id="400"),
        pytest.param(answered(401, kind=ClientAuthenticationError), RefusedError, RefusedError, id="401"),
        pytest.param(answered(403), RefusedError, RefusedError, id="403"),
        pytest.param(answered(404, "404"), RefusedError, RefusedError, id="404, number as code"),
        pytest.param(
            answered(409, "RoleAssignmentExists", Retry_After="7", kind=ResourceExistsError),
            RefusedError,
            RefusedError,
            id="409, exists, whatever it asks",
        ),
        pytest.param(answered(409, "ScopeLocked"), RefusedError, RefusedError, id="409, locked"),
        pytest.param(answered(409, "Conflict"), RefusedError, RefusedError, id="409, bare"),
        pytest.param(
            answered(409, "Conflict", Retry_After="7"), TransientError, TransientError, id="409, later"
        ),
        pytest.param(
            answered(409, "AnotherOperationInProgress"), TransientError, TransientError, id="409, in the way"
        ),
        pytest.param(answered(412), RefusedError, RefusedError, id="412"),
        pytest.param(
            APIError("x", 503, CIMultiDict({"Retry-After": "7"})),  # type: ignore[arg-type]
            TransientError,
            TransientError,
            id="Graph 503",
        ),
        pytest.param(APIError("x", 403, {}), RefusedError, RefusedError, id="Graph 403"),
    ],
)
def test_each_error_becomes_what_the_caller_does_next(
    error: BaseException, on_read: type[CloudError], on_write: type[CloudError]
) -> None:
    assert type(fault_of(error, mutating=False)) is on_read
    assert type(fault_of(error, mutating=True)) is on_write


@pytest.mark.parametrize("status", range(500, 600))
def test_no_5xx_without_a_word_counts_as_a_mutation_that_did_not_happen(status: int) -> None:
    assert isinstance(fault_of(answered(status), mutating=True), UnknownError)


def test_the_wait_code_and_status_travel_with_the_fault() -> None:
    fault = fault_of(answered(429, "TooManyRequests", "slow down", Retry_After="33"), mutating=True)
    assert isinstance(fault, TransientError)
    assert (fault.wait_s, fault.code, fault.status) == (33.0, "TooManyRequests", 429)
    assert "slow down" in fault.message


def test_a_read_that_met_a_5xx_waits_as_long_as_asked() -> None:
    fault = fault_of(answered(500, Retry_After="12"), mutating=False)
    assert isinstance(fault, TransientError)
    assert fault.wait_s == 12.0


MISSING = (
    "The client 'ada@contoso.com' with object id '1' does not have authorization to perform action"
    " 'Microsoft.Compute/virtualMachines/start/action' over scope '/subscriptions/s/vm' or the scope is"
    " invalid. If access was recently granted, please refresh your credentials."
)
LINKED = (
    "The client has permission to perform action 'Microsoft.A/read' on scope '/a'; however, it does not have"
    " permission to perform action(s) 'Microsoft.B/join/action' on the linked scope(s) '/b'."
)


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (
            "AuthorizationFailed",
            MISSING,
            "Microsoft.Compute/virtualMachines/start/action at /subscriptions/s/vm",
        ),
        ("LinkedAuthorizationFailed", LINKED, "Microsoft.B/join/action at /b"),
        ("Authorization_RequestDenied", "Insufficient privileges.", "GroupMember.Read.All"),
    ],
)
def test_a_403_names_the_right_that_lacks(code: str, message: str, told: str) -> None:
    fault = fault_of(answered(403, code, message), mutating=True)
    assert isinstance(fault, RefusedError)
    assert "lacks" in fault.message
    assert told in fault.message
    assert "Microsoft.A/read" not in fault.message


def test_no_message_carries_a_user_name() -> None:
    fault = fault_of(
        answered(400, "BadThing", "ada@contoso.com may not <grace.hopper@navy.mil>"), mutating=True
    )
    assert "@" not in fault.message
    assert clean("of ada@contoso.com\n\t here") == "of <user> here"
    assert len(clean("x" * 9_000)) == 400


def test_a_fault_of_the_domain_and_a_cancellation_pass_untouched() -> None:
    refused = RefusedError("foreign")
    for error in (refused, asyncio.CancelledError()):
        with pytest.raises(type(error)) as caught, azure_faults(TARGET, mutating=True):
            raise error
        assert caught.value is error


def test_an_error_of_ours_is_no_fault_of_azure() -> None:
    with pytest.raises(ZeroDivisionError), azure_faults(TARGET, mutating=True):
        _ = 1 // 0


def test_an_answer_names_the_request_people_can_ask_about() -> None:
    headers: Mapping[str, str] = {"x-ms-correlation-request-id": "c-1"}
    fault = fault_of_answer(400, headers, "Bad", "because", target=TARGET, mutating=True)
    assert str(fault) == f"400 Bad: because, for {TARGET} (request c-1)"
