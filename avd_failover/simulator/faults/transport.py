"""Faults between caller and Azure: requests and answers that are lost, late, doubled or damaged."""

import math
import random
from typing import Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.faults.base import RequestFault, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent

How = Literal["reset", "half-open"]


class DropRequest(RequestFault):
    """A request never reaches Azure; the caller sees its connection die."""

    fault: Literal["drop-request"] = called("drop-request")
    how: How = Field(default="reset", description="Closed at once, or silent until `hold` is over.")
    hold: Duration = Field(default=100.0, description="How long a half-open connection stays silent.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Let it not arrive."""
        return Ruling(arrives=False, damage=self.how, over_s=self.hold)


class DropResponse(RequestFault):
    """A request takes effect and its answer is lost."""

    fault: Literal["drop-response"] = called("drop-response")
    how: How = Field(default="reset", description="Closed at once, or silent until `hold` is over.")
    hold: Duration = Field(default=100.0, description="How long a half-open connection stays silent.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Let the answer be lost."""
        return Ruling(damage=self.how, over_s=self.hold)


class LateApply(RequestFault):
    """A change is not answered and takes effect after a while; beyond T_inflight an assumption breaks."""

    fault: Literal["late-apply"] = called("late-apply")
    low: Duration = Field(default=30.0, description="Soonest.")
    high: Duration = Field(default=500.0, description="Latest; 500 s is T_inflight for requests of 100 s.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Let a change wait; reads are left alone."""
        if not sent.mutates:
            return Ruling()
        return Ruling(apply_after_s=_between(chance, self.low, self.high), damage="reset")


class DelayRequest(RequestFault):
    """A request travels longer than usual; requests under way at once overtake each other."""

    fault: Literal["delay-request"] = called("delay-request")
    low: Duration = Field(default=1.0, description="Shortest delay.")
    high: Duration = Field(default=30.0, description="Longest delay.")
    heavy_tail: bool = Field(
        default=False, description="Mostly short and rarely very long (log-normal) instead of even."
    )

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Let it travel longer."""
        if not self.heavy_tail:
            return Ruling(delay_s=_between(chance, self.low, self.high))
        spread = self.low * math.exp(abs(chance.gauss(0, 1)))
        return Ruling(delay_s=round(min(spread, self.high), 3))


class ReorderRequests(RequestFault):
    """Requests sent within a window take effect, and are answered, in another order than they were sent."""

    fault: Literal["reorder-requests"] = called("reorder-requests")
    window: Duration = Field(default=2.0, description="How long a window is; the first request opens it.")
    how: Literal["shuffle", "reverse"] = Field(
        default="shuffle", description="By chance, or the last one first."
    )

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Hold it, and its answer too."""
        if self.how == "shuffle":
            there_s, back_s = _between(chance, 0, self.window), _between(chance, 0, self.window)
            return Ruling(delay_s=there_s, damage="slow", over_s=back_s)
        opened_s = stage.memory.get("opened_s", -math.inf)
        if stage.world.now_s > opened_s + self.window:
            opened_s = stage.memory["opened_s"] = stage.world.now_s
        # The later within the window, the earlier after its end: what came last is applied first.
        return Ruling(delay_s=round(2 * (opened_s + self.window - stage.world.now_s), 6))


class DuplicateRequest(RequestFault):
    """A change takes effect twice: the network delivers it again after a gap."""

    fault: Literal["duplicate-request"] = called("duplicate-request")
    gap: Duration = Field(default=5.0, description="Time between the two.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Let a change come twice."""
        return Ruling(again_after_s=self.gap) if sent.mutates else Ruling()


class ConnectionReset(RequestFault):
    """A request takes effect, and the connection dies in the middle of its answer."""

    fault: Literal["connection-reset"] = called("connection-reset")
    at_byte: int = Field(default=20, ge=0, description="How much of the body comes through.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Cut the answer."""
        return Ruling(damage="cut", at_byte=self.at_byte)


class HalfOpen(RequestFault):
    """A request takes effect, and the connection stays silent until the caller gives up."""

    fault: Literal["half-open"] = called("half-open")
    hold: Duration = Field(default=100.0, description="How long it stays silent before it is closed.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Say nothing."""
        return Ruling(damage="half-open", over_s=self.hold)


class SlowBody(RequestFault):
    """An answer trickles in."""

    fault: Literal["slow-body"] = called("slow-body")
    over: Duration = Field(default=20.0, description="How long the body takes.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Let it trickle."""
        return Ruling(damage="slow", over_s=self.over)


class TruncatedJson(RequestFault):
    """A success arrives whole as HTTP, and its JSON ends in the middle."""

    fault: Literal["truncated-json"] = called("truncated-json")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Cut the JSON."""
        return Ruling(damage="truncated-json")


class WrongContentLength(RequestFault):
    """An answer promises more bytes than it has, and the connection is closed."""

    fault: Literal["wrong-content-length"] = called("wrong-content-length")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Promise too much."""
        return Ruling(damage="wrong-length")


class GzipError(RequestFault):
    """An answer says that it is compressed, and is not."""

    fault: Literal["gzip-error"] = called("gzip-error")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Say so."""
        return Ruling(damage="gzip")


def _between(chance: random.Random, low: float, high: float) -> float:
    return round(chance.uniform(low, max(low, high)), 3)
