"""A gate without a fence is shut, and one with a fence asks it every time."""

import pytest

from avd_failover.domain.fence import UNFENCED, FencedError, Gate


class Counting:
    """A fence that lets so many requests pass."""

    def __init__(self, passes: int) -> None:
        self.passes = passes

    def check(self) -> None:
        self.passes -= 1
        if self.passes < 0:
            raise FencedError("enough")


def test_whoever_holds_no_lease_sends_nothing() -> None:
    with pytest.raises(FencedError, match="no lease is held") as caught:
        Gate().check()
    assert caught.value.because == str(caught.value)


def test_a_gate_asks_its_fence_for_every_request() -> None:
    gate = Gate()
    gate.guard(Counting(2))
    gate.check()
    gate.check()
    with pytest.raises(FencedError, match="enough"):
        gate.check()


def test_a_rehearsal_is_not_fenced() -> None:
    UNFENCED.check()
    UNFENCED.waited_out()
    assert not UNFENCED.quarantined
