"""What a plan says about hosts that are not its first choice, and about starting many hosts (safety L6)."""

from enum import Enum

from msgspec import Struct


class FallbackKind(Enum):
    """What sets a fallback's hosts apart from the first choice, and what is asked of each of them."""

    HOSTS = "hosts"
    """More hosts, of whatever size."""
    RESERVATION = "reservation"
    """Their machines belong to a capacity reservation group; one that does not is left alone."""
    OTHER_SIZE = "other-size"
    """Their machines are of a size that Azure did not refuse before; one of such a size is left alone."""


class Fallback(Struct, frozen=True, kw_only=True):
    """A named set of hosts of the same pool, by their names or by the beginning of their names."""

    name: str
    kind: FallbackKind
    because: str
    """What these hosts are, in a sentence; people read it when the first choice does not suffice."""
    hosts: tuple[str, ...] = ()
    prefix: str = ""

    def takes(self, host: str) -> bool:
        """Tell whether a host belongs to the set, by its name in lower case, with or without its domain."""
        short = host.partition(".")[0]
        if self.prefix:
            return host.startswith(self.prefix)
        return host in self.hosts or short in self.hosts


class Wave(Struct, frozen=True, kw_only=True):
    """How hosts are started: so many at a time, and the next so many seconds after these began."""

    size: int
    every_s: float
