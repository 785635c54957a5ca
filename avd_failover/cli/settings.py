"""What the environment says of where the cloud is."""

import os
from urllib.parse import urlsplit

from msgspec import Struct

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Where(Struct, frozen=True, kw_only=True):
    """The endpoints of a run, checked: http only on loopback."""

    arm: str = ARM
    graph: str = GRAPH

    @property
    def loopback(self) -> bool:
        """Whether this is an Azure on this machine, which gets the simulated credential."""
        return urlsplit(self.arm).hostname in _LOOPBACK


def endpoints() -> Where:
    """Read ``AVD_FAILOVER_ARM_ENDPOINT`` and ``AVD_FAILOVER_GRAPH_ENDPOINT``."""
    return Where(
        arm=_checked("AVD_FAILOVER_ARM_ENDPOINT", ARM), graph=_checked("AVD_FAILOVER_GRAPH_ENDPOINT", GRAPH)
    )


def _checked(variable: str, default: str) -> str:
    given = os.environ.get(variable, "").strip().rstrip("/") or default
    try:
        url = urlsplit(given)
        port = url.port
    except ValueError as fault:
        raise Quit(ExitCode.BAD_INPUT, f"{variable}: {given!r} is no URL: {fault}") from fault
    if url.scheme not in {"http", "https"} or not url.hostname or url.username or port == 0:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"{variable}: {given!r} is no endpoint; allowed is https://host[:port], or http on loopback",
        )
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"{variable}: {given!r} would send tokens in the clear; http is accepted on loopback only",
        )
    return given
