"""Faults on the way to Azure, before it is reached: names, handshakes, and a network that answers itself.

Nothing is sent on a connection that never comes to be: callers may try again whatever they meant to ask.
While such a fault lasts, a served Azure closes every connection after its answer, so that each request
needs a new one; in a rehearsal each request counts as a connection.
"""

import random
from typing import Any, Literal

from pydantic import Field

from avd_failover.simulator.faults.base import ConnectionFault, RequestFault, Weather, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.obstacles import Obstacle, TlsFailureKind
from avd_failover.simulator.faults.ruling import Portal, Ruling
from avd_failover.simulator.faults.sent import Sent


class TlsFailure(ConnectionFault):
    """The handshake of a new connection fails; served without `--tls`, it is closed unanswered."""

    fault: Literal["tls-failure"] = called("tls-failure")
    kind: TlsFailureKind = Field(
        default="expired",
        description="What is wrong: the certificate, the version on offer, or a reset in the middle.",
    )

    def obstacle(self) -> Obstacle:
        """Return what is wrong."""
        return self.kind


class DnsFailure(Weather):
    """Azure's name does not resolve, or leads to another machine; served, the port is closed meanwhile."""

    fault: Literal["dns-failure"] = called("dns-failure")
    how: Literal["unresolved", "stale-address"] = Field(
        default="unresolved",
        description="No address, or an old one: with `--tls` somebody else answers there.",
    )

    def physics(self) -> dict[str, Any]:
        """Change nothing in Azure itself."""
        return {}


class CaptivePortal(RequestFault):
    """A network answers in Azure's place: nothing reaches Azure, whatever the answer says."""

    fault: Literal["captive-portal"] = called("captive-portal")
    how: Portal = Field(
        default="page",
        description="200 with a page to sign in, 302 to another host, or 511.",
    )

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer in its place."""
        return Ruling(arrives=False, damage="portal", portal=self.how)
