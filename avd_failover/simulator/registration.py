"""Registration keys of host pools, and the 90 days for which an agent's own token is good.

An agent renews its token while its machine runs. A machine that was off for longer comes up with a token that
the service refuses (INVALID_REGISTRATION_TOKEN): its host stays Unavailable until somebody registers it again
with a key of the pool (azure-facts section 10). Keys are good for 1 hour to 27 days.

Secrets are made from the world's seed when they are asked for; no record, snapshot or history holds one.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Literal

from avd_failover.simulator.core import Core
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.pools import Pools
from avd_failover.simulator.records import Machine, SessionHost, key
from avd_failover.simulator.records_desktops import RegistrationKey
from avd_failover.simulator.refusals import avd_refusal
from avd_failover.simulator.requests import Part, RequestLog, external

SHORTEST_S = 3_600.0
LONGEST_S = 27 * 86_400.0
AGENT = "azure:agent"
_SECRET = re.compile(r"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}")


class Registration(Part):
    """Verbs on registration keys, and what a machine does with one."""

    area = "registration"

    def __init__(self, core: Core, log: RequestLog, pools: Pools, hosts: Hosts) -> None:
        super().__init__(core, log)
        self._pools = pools
        self._hosts = hosts

    @external
    def set_key(
        self, actor: str, pool: str, operation: Literal["Update", "Delete"], expires_s: float = 0.0
    ) -> RegistrationKey | None:
        """Make a new key that works until ``expires_s`` (Update), or take the present one away (Delete).

        Refused with 400 when it would work for less than an hour or more than 27 days.
        """
        owner = self._pools.get(pool)
        present = self.core.find(RegistrationKey, _id(owner.id))
        if operation == "Delete":
            if present is not None:
                self.core.erase(actor, "delete-registration-key", present)
            return None
        if not SHORTEST_S <= expires_s - self.core.now_s <= LONGEST_S:
            raise avd_refusal(400, "ExpirationTime must be between 1 hour and 27 days from now.")
        made = RegistrationKey(
            id=_id(owner.id),
            host_pool=owner.id,
            serial=self.core.history.next_sequence,
            expires_s=expires_s,
        )
        return self.core.write(actor, "make-registration-key", made)

    def key_of(self, pool: str) -> RegistrationKey | None:
        """Return the key of a pool that works now, or None."""
        found = self.core.find(RegistrationKey, _id(self._pools.get(pool).id))
        return found if found is not None and found.expires_s > self.core.now_s else None

    def secret(self, held: RegistrationKey) -> str:
        """Return the text of a key, in the form of a JSON Web Token."""
        parts = (f"{part}:{self.core.seed}:{key(held.host_pool)}:{held.serial}" for part in range(3))
        return ".".join(
            base64.urlsafe_b64encode(hashlib.sha256(part.encode()).digest()).decode().rstrip("=")
            for part in parts
        )

    def register(self, machine: Machine, said: Sequence[str]) -> SessionHost | None:
        """Register the machine's agent with the first working key in a text, as the agent's installer does.

        Returns: the session host, which reports Available when its agent has started; None without a key.
        """
        owner = next((pool for text in said for pool in self._pools_of(text)), None)
        if owner is None or machine.power != "running":
            return None
        host = self._hosts.on_machine(machine.id)
        now_s = self.core.now_s
        if host is not None and key(host.host_pool) == key(owner):
            return self.core.change(AGENT, "register", host, token_s=now_s)
        if host is not None:
            self.core.erase(AGENT, "register-elsewhere", host)
        made = SessionHost(
            id=f"{owner}/sessionHosts/{machine.computer_name}",
            host_pool=owner,
            machine=machine.id,
            status="Unavailable",
            last_heartbeat_s=now_s,
            token_s=now_s,
            modified_s=now_s,
        )
        return self.core.write(AGENT, "register", made)

    def _pools_of(self, text: str) -> list[str]:
        working = [
            held for held in self.core.table(RegistrationKey).values() if held.expires_s > self.core.now_s
        ]
        shown = set(_SECRET.findall(text))
        return [held.host_pool for held in working if self.secret(held) in shown]


def _id(pool: str) -> str:
    return f"{pool}/registrationKey"
