"""What the environment says of the cloud: where it is, and in whose name the engine acts."""

import os

from msgspec import Struct

from avd_failover.azure.credentials import Identity
from avd_failover.azure.endpoints import EndpointError, Endpoints
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

ARM, GRAPH = "AVD_FAILOVER_ARM_ENDPOINT", "AVD_FAILOVER_GRAPH_ENDPOINT"
IDENTITY, CLIENT_ID = "AVD_FAILOVER_IDENTITY", "AVD_FAILOVER_CLIENT_ID"


class Actor(Struct, frozen=True, kw_only=True):
    """The identity that was chosen; None leaves the choice to what the host offers."""

    identity: Identity | None = None
    client_id: str = ""
    """Of a user-assigned identity."""


def endpoints() -> Endpoints:
    """Read the two endpoint variables.

    Raises:
        Quit: They name no endpoint, or one that would send tokens in the clear.
    """
    told = {"arm": os.environ.get(ARM, ""), "graph": os.environ.get(GRAPH, "")}
    try:
        return Endpoints(**{name: url for name, url in told.items() if url.strip()})
    except EndpointError as fault:
        raise Quit(
            ExitCode.BAD_INPUT, f"{ARM} or {GRAPH}: {fault}", next_step=f"unset {ARM} {GRAPH}"
        ) from fault


def actor() -> Actor:
    """Read whose name to act in.

    Raises:
        Quit: The variable names no kind of identity.
    """
    told = os.environ.get(IDENTITY, "").strip()
    known = [one.value for one in Identity]
    if told and told not in known:
        raise Quit(ExitCode.BAD_INPUT, f"{IDENTITY}: {told!r}; allowed: {', '.join(known)}")
    client_id = os.environ.get(CLIENT_ID, "").strip()
    return Actor(identity=Identity(told) if told else None, client_id=client_id)
