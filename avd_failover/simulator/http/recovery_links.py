"""Where a 202 of Site Recovery leads: signed addresses, to be asked for exactly as they were given.

As recorded at 2024-10-01: ``Azure-AsyncOperation`` is ``replicationOperationStatus/{job}`` and ``Location``
``.../operationresults/{job}``, each with some 3 KB of signature in ``t``, ``c``, ``s`` and ``h``.
"""

import base64
import hashlib

from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.recovery_records import Job
from avd_failover.simulator.world import World

RETRY_AFTER_S = "30"
_LENGTHS = {"c": 2_048, "s": 342, "h": 43}
_EPOCH_TICKS = 621_355_968_000_000_000
STATUS = {"Cancelled": "Canceled"}
"""Words of an operation that are not those of its job."""


def shown_id(resource: str) -> str:
    """Write an id as the service does: with a capital S in ``/Subscriptions``."""
    return resource.replace("/subscriptions/", "/Subscriptions/", 1) if resource else resource


def vault_id(call: Call) -> str:
    """Return the id of the vault in the path."""
    params = call.params
    return (
        f"/subscriptions/{params['subscription']}/resourceGroups/{params['group']}"
        f"/providers/Microsoft.RecoveryServices/vaults/{params['vault']}"
    )


def fabric_id(call: Call) -> str:
    """Return the id of the fabric in the path."""
    return f"{vault_id(call)}/replicationFabrics/{call.params['fabric']}"


def container_id(call: Call) -> str:
    """Return the id of the protection container in the path."""
    return f"{fabric_id(call)}/replicationProtectionContainers/{call.params['container']}"


def item_id(call: Call) -> str:
    """Return the id of the protected item in the path."""
    return f"{container_id(call)}/replicationProtectedItems/{call.params['item']}"


def plan_id(call: Call) -> str:
    """Return the id of the recovery plan in the path."""
    return f"{vault_id(call)}/replicationRecoveryPlans/{call.params['plan']}"


def job_id(call: Call) -> str:
    """Return the id of the job in the path."""
    return f"{vault_id(call)}/replicationJobs/{call.params['job']}"


def accepted(world: World, call: Call, job: Job, about: str) -> Answer:
    """Answer 202; ``about`` is the resource below which the result will be."""
    return Answer(status=202, headers=_followed(world, call, job, about))


def unfinished(world: World, call: Call, job: Job) -> Answer:
    """Answer 202 to a result asked for too early."""
    about = call.ask.path.rpartition("/operationresults/")[0]
    return Answer(status=202, headers=_followed(world, call, job, about))


def told(world: World, call: Call, body: Json, *, job: Job | None = None) -> Answer:
    """Answer 200 with the request ids that Site Recovery writes: the job's where there is one."""
    asked = call.ask.headers.get("x-ms-client-request-id", "")
    moment = f"{world.at():%-m/%-d/%Y %-I:%M:%S %p}"
    heads = {"x-ms-request-id": shown_id(job.id) if job is not None else f"{asked} {moment}".strip()}
    return Answer(body=body, headers=heads | ({"x-ms-client-request-id": asked} if asked else {}))


def require_signature(world: World, call: Call, job: Job) -> None:
    """Refuse an address whose signature is missing or altered (400; status and code are an assumption)."""
    wanted = _signature(world, job, call.ask.path)
    if any(call.query.get(name) != value for name, value in wanted.items()):
        raise Refusal(
            400, "InvalidOperationSignature", "The operation URL must be used exactly as it was returned."
        )


def _followed(world: World, call: Call, job: Job, about: str) -> dict[str, str]:
    return {
        "Azure-AsyncOperation": _link(world, call, job, f"{job.vault}/replicationOperationStatus/{job.name}"),
        "Location": _link(world, call, job, f"{about}/operationresults/{job.name}"),
        "Retry-After": RETRY_AFTER_S,
        "x-ms-request-id": shown_id(job.id),
    }


def _link(world: World, call: Call, job: Job, path: str) -> str:
    signed = "&".join(f"{name}={value}" for name, value in _signature(world, job, path).items())
    version = call.query.get("api-version", "")
    return f"{call.ask.base}{shown_id(path)}?api-version={version}&{signed}"


def _signature(world: World, job: Job, path: str) -> dict[str, str]:
    ticks = _EPOCH_TICKS + round(world.core.at(job.start_s).timestamp() * 10_000_000)
    text = f"{world.core.seed}:{ticks}:{path.lower()}"
    return {"t": str(ticks)} | {name: _long(f"{name}:{text}", size) for name, size in _LENGTHS.items()}


def _long(text: str, size: int) -> str:
    raw = b"".join(hashlib.sha256(f"{number}:{text}".encode()).digest() for number in range(size // 32))
    return base64.urlsafe_b64encode(raw or hashlib.sha256(text.encode()).digest()).decode().rstrip("=")[:size]
