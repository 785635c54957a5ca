"""What faults have in store for events that happen inside the world, whoever caused them."""

from dataclasses import dataclass

from avd_failover.simulator.refusals import ArmRefusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """How one event goes; the defaults are an ordinary day.

    ``start-machine``, ``stop-machine``: ``refusal``, ``error``, ``late_success_s``, ``endless``.
    ``agent-reports``: ``silent``. ``log-off``: ``refusal``, ``held_s``. ``profile-release``: ``held_s``.
    """

    refusal: ArmRefusal | None = None
    error: tuple[str, str] | None = None
    """Code and message with which an operation ends."""
    late_success_s: float | None = None
    """After a failed operation: when the machine runs all the same."""
    endless: bool = False
    silent: bool = False
    held_s: float | None = None
    """How much longer it takes; infinite when it never comes."""


ORDINARY = Fate()


def no_fate(_event: str, _target: str, _actor: str) -> Fate:
    """Nothing is in store for anything."""
    return ORDINARY
