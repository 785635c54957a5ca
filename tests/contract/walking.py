"""How the walk goes: a request, its links followed, the next one."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tests.simulator.http.estate import BASE, Wire

VERSIONS = {
    "resourcegraph": "2021-03-01",
    "compute/disks": "2026-03-02",
    "compute/galleries": "2026-03-03",
    "compute/skus": "2021-07-01",
    "computeschedule": "2025-05-01",
    "authorization": "2022-04-01",
    "compute": "2026-04-01",
    "desktopvirtualization": "2024-04-03",
    "recoveryservices": "2025-08-01",
}


class Step(Struct, frozen=True):
    """One request of the walk. The api-version is the one that its document has."""

    method: str
    path: str
    query: str = ""
    body: Any = None


def get(*paths: str) -> list[Step]:
    """Return reads, each a path with an optional query."""
    return [Step("GET", *path.split("?")) for path in paths]


def version_of(path: str) -> str:
    """Return the api-version of a path's type or provider; that of subscriptions where it has none."""
    provider, _, rest = path.lower().rpartition("/providers/microsoft.")[2].partition("/")
    of_type = VERSIONS.get(f"{provider}/{rest.partition('/')[0]}")
    return of_type or VERSIONS.get(provider, "2022-12-01")


def follow(served: Wire, steps: Sequence[Step], *, between_s: float = 0.0) -> None:
    """Send the steps one after the other; ``between_s`` of the world's time pass after each write."""
    for step in steps:
        version = "" if step.path.startswith("/v1.0") else f"api-version={version_of(step.path)}"
        query = "&".join(part for part in (version, step.query) if part)
        answer = served.ask(step.method, f"{step.path}?{query}", step.body)
        for link in _links(answer.headers, answer.body):
            served.get(link.removeprefix(BASE))
        if job := _job(answer.headers):
            served.get(f"{job}?{version}")
        if step.method != "GET":
            served.world.advance(served.world.now_s + between_s)


def _links(headers: dict[str, str], body: Any) -> list[str]:
    told = [headers.get("Azure-AsyncOperation"), headers.get("Location")]
    if isinstance(body, dict):
        told += [body.get("nextLink"), body.get("@odata.nextLink")]
    return [link for link in told if link]


def _job(headers: dict[str, str]) -> str:
    """Return the job of Site Recovery that an answer became; adapters read it instead of the links."""
    path = headers.get("Azure-AsyncOperation", "").removeprefix(BASE).partition("?")[0]
    found = path.replace("/replicationOperationStatus/", "/replicationJobs/")
    return found if found != path else ""
