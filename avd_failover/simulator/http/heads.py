"""Response headers, as recorded: what ARM puts on every answer, and what each provider adds."""

import base64
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from avd_failover.simulator.http.routing import Face

_EVERYWHERE = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_UNLIMITED = {
    "X-Rate-Limit-Limit": "0",
    "X-Rate-Limit-Remaining": "9223372036854775807",
    "X-Rate-Limit-Reset": "0",
}
"""No limit of the provider in force: on every AVD answer but the list of session hosts (recorded)."""


_BLOB_VERSION = "2025-01-05"


class Moment(Struct, frozen=True, kw_only=True):
    """What the headers of one answer are made of."""

    number: int
    at: datetime
    path: str
    client_request: str = ""
    kind: str = "reads"
    """Which budget was drawn on: reads, writes or deletes."""
    remaining: int | None = None
    """What is left of the caller's budget, and of everybody's together; None where none was drawn on."""
    remaining_for_all: int | None = None


def request_guid(number: int, salt: int) -> str:
    """Return the GUID of a request: never random, so that equal runs give equal answers."""
    return f"{number:08x}-0000-4000-8000-{salt:012x}"


def dressed(face: Face, moment: Moment, own: Mapping[str, str]) -> dict[str, str]:
    """Return every header of an answer; ``own``, set by the handler, wins."""
    if face in {Face.CONTROL, Face.TOKENS}:
        return {"Cache-Control": "no-store", **own}
    if face is Face.GRAPH:
        return _graph(moment) | dict(own)
    if face is Face.BLOBS:
        return _blobs(moment) | dict(own)
    heads = _EVERYWHERE | _arm(moment)
    if face is Face.DESKTOPS:
        heads |= _desktops(moment)
    return heads | dict(own)


def _arm(moment: Moment) -> dict[str, str]:
    correlation = request_guid(moment.number, 1)
    heads = {
        "x-ms-request-id": request_guid(moment.number, 2),
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"SIMULATED:{moment.at:%Y%m%dT%H%M%SZ}:{correlation}",
        "Date": f"{moment.at:%a, %d %b %Y %H:%M:%S} GMT",
    }
    if moment.remaining is not None:
        heads[f"x-ms-ratelimit-remaining-subscription-{moment.kind}"] = str(moment.remaining)
        heads[f"x-ms-ratelimit-remaining-subscription-global-{moment.kind}"] = str(moment.remaining_for_all)
    return heads


def _desktops(moment: Moment) -> dict[str, str]:
    """Add the provider's own: it echoes the caller's request id and names its activity apart from ARM's."""
    echoed = {"x-ms-request-id": moment.client_request} if moment.client_request else {}
    return {
        **_UNLIMITED,
        "x-ms-correlation-id": activity_id(moment.number),
        "x-ms-lamport-ts": str(moment.number),
        "x-ms-opsarmpath64": base64.b64encode(_resource_path(moment.path).encode()).decode(),
        "X-Powered-By": "ASP.NET",
        **echoed,
    }


def _resource_path(path: str) -> str:
    """Return the resource a path is about: for a list the parent, for an action the resource itself."""
    parts = path.split("/")
    at = next((n for n, part in enumerate(parts) if part.lower() == "providers"), len(parts))
    if (len(parts) - at) % 2 == 0:
        return path
    return "/".join(parts[:at] if len(parts) - at <= 3 else parts[:-1])


def _graph(moment: Moment) -> dict[str, str]:
    own = request_guid(moment.number, 2)
    return {
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
        "request-id": own,
        "client-request-id": moment.client_request or own,
        "OData-Version": "4.0",
        "Date": f"{moment.at:%a, %d %b %Y %H:%M:%S} GMT",
    }


def _blobs(moment: Moment) -> dict[str, str]:
    echoed = {"x-ms-client-request-id": moment.client_request} if moment.client_request else {}
    return {
        "Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
        "x-ms-request-id": request_guid(moment.number, 2),
        "x-ms-version": _BLOB_VERSION,
        "Date": f"{moment.at:%a, %d %b %Y %H:%M:%S} GMT",
        **echoed,
    }


def activity_id(number: int) -> str:
    """Return the AVD provider's own id of a request; its error texts begin with it."""
    return request_guid(number, 3)
