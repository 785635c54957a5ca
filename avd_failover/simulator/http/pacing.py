"""How real time becomes the world's time."""


class Pace:
    """Maps a monotonic clock in seconds to world seconds at a fixed speed. Never goes back."""

    def __init__(self, *, speed: float, real_s: float, world_s: float) -> None:
        if not speed > 0:
            raise ValueError(f"the speed of a simulated Azure must be above 0, not {speed}")
        self.speed = speed
        self._real_s = real_s
        self._world_s = world_s

    def world_s(self, real_s: float) -> float:
        """Return the world second that belongs to a moment of the monotonic clock."""
        return self._world_s + max(0.0, real_s - self._real_s) * self.speed

    def jump(self, seconds: float) -> None:
        """Move the world's time forward by that many of its seconds."""
        self._world_s += max(0.0, seconds)
