"""Users of the workload, and sessions that do not end when told to."""

import random
from typing import Literal

from pydantic import Field

from avd_failover.simulator.faults.base import Deed, RequestFault, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.refusals import ArmRefusal


class UsersConnect(Deed):
    """Every user of the crowd tries to connect at that very moment: at the barrier, with `on`."""

    fault: Literal["users-connect"] = called("users-connect")

    def act(self, stage: Stage) -> None:
        """Let everybody try."""
        stage.hit("everybody-connects", "")
        stage.world.broker.everybody_connects()


class LogOffRefused(RequestFault):
    """Logging a session off is refused."""

    fault: Literal["log-off-refused"] = called("log-off-refused")
    route: str = Field(default="sessions.log-off", description="Which requests.")
    status: Literal[400, 404, 409, 500, 503] = Field(default=500, description="The status.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Refuse, in the words of the provider."""
        return Ruling(refusal=ArmRefusal(self.status, str(self.status), "The session host did not answer."))
