"""Images of extensions, desktop by desktop: what a run wrote down for itself, and for runs after it.

No failover takes extensions along, and a dark region tells nobody what was on its machines. So whatever was
written down while it answered is worth keeping; how long it may stand in is for the plan (contract 126).
An image is filed under the session host, whose name stays the same wherever its machine runs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from avd_failover.domain.desks import Desk
from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Setting
from avd_failover.domain.ids import name_of
from avd_failover.domain.words import counted, listed

RECORDS = "personal.extensions-record"
"""The operation whose figures are images."""
IMAGE = "image of "
"""What figures begin with that hold what was read in this run."""
KEPT = "earlier image of "
"""What figures begin with that hold what an earlier run read, and stands in."""
HOUR_S, DAY_S = 3600.0, 86400.0


class DeskImage(Struct, frozen=True, kw_only=True):
    """What was on the machine of one desktop when somebody could still be asked."""

    host: str
    """Name of its session host."""
    taken_at: datetime
    extensions: tuple[VmExtension, ...]

    def age_s(self, now: datetime) -> float:
        """Return how old it is."""
        return (now - self.taken_at).total_seconds()


def filed(desk: Desk) -> str:
    """Return the name that images of a desktop are filed under."""
    return name_of(desk.host.id).lower()


def figure(extensions: Iterable[VmExtension]) -> str:
    """Write an image as a figure of a step."""
    return msgspec.json.encode(list(extensions)).decode()


def image_in(figures: Mapping[str, Setting], host: str) -> tuple[VmExtension, ...] | None:
    """Return what a step wrote down of a host, or let stand in for it; None where it had neither."""
    written = figures.get(IMAGE + host, figures.get(KEPT + host))
    return _read(written) if isinstance(written, str) else None


def images_in(figures: Mapping[str, Setting], taken_at: datetime) -> Iterator[DeskImage]:
    """Yield what a step read itself; what stood in for a reading is older, and not yielded again."""
    for name, written in figures.items():
        if name.startswith(IMAGE) and isinstance(written, str):
            yield DeskImage(host=name[len(IMAGE) :], taken_at=taken_at, extensions=_read(written))


def newest(images: Iterable[DeskImage]) -> tuple[DeskImage, ...]:
    """Return the newest image of each host, by name."""
    found: dict[str, DeskImage] = {}
    for image in images:
        known = found.get(image.host)
        if known is None or image.taken_at > known.taken_at:
            found[image.host] = image
    return tuple(found[host] for host in sorted(found))


def stale(
    hosts: Sequence[str], images: Iterable[DeskImage], *, now: datetime, within_s: float, mend: str
) -> Finding | None:
    """Return a warning when hosts have no image that is young enough; ``mend`` says how to take one.

    Nobody needs images while machines answer; on the day on which they do not, it is too late to take any.
    """
    fresh = {image.host for image in images if image.age_s(now) <= within_s}
    bare = [host for host in hosts if host not in fresh]
    if not bare:
        return None
    detail = (
        f"those of {len(bare)} of {counted(len(hosts), 'desktop')} were not written down within"
        f" {span(within_s)} ({listed(bare)}): should their region go dark, the plan's list would"
        f" stand in; {mend}"
    )
    return Finding(code="images-stale", subject="extensions", detail=detail)


def span(seconds: float) -> str:
    """Write an age or its limit in whole days, or in whole hours below two days."""
    return f"{seconds / DAY_S:.0f} d" if seconds >= 2 * DAY_S else f"{seconds / HOUR_S:.0f} h"


def _read(written: str) -> tuple[VmExtension, ...]:
    return tuple(msgspec.json.decode(written, type=list[VmExtension]))
