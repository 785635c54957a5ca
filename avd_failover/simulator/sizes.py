"""Sizes of virtual machines, read out of their names: ``Standard_D8ads_v5`` says nearly everything.

Family, vCPUs and features follow Azure's naming convention; memory is the usual ratio of the series.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"Standard_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)(?:_v(\d+))?", re.IGNORECASE)
_GB_PER_VCPU = {"D": 4, "DC": 4, "E": 8, "EC": 8, "F": 2, "B": 4, "NV": 7, "NC": 28, "M": 28, "L": 8}
SHELF = tuple(
    f"Standard_{series}{vcpus}{features}_v5"
    for series in ("D", "E")
    for features in ("s", "ds", "as", "ads")
    for vcpus in (2, 4, 8, 16, 32)
)
"""Sizes that every region of a simulated Azure offers beside those in use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What a size offers."""

    name: str
    series: str
    vcpus: int
    features: str
    version: str

    @property
    def family(self) -> str:
        """Compute's name for the family, as in usages: ``standardDADSv5Family``."""
        version = f"v{self.version}" if self.version else ""
        return f"standard{self.series}{self.features.upper()}{version}Family"

    @property
    def memory_gb(self) -> int:
        """Memory."""
        return self.vcpus * _GB_PER_VCPU.get(self.series, 4)

    @property
    def temporary_disk_mb(self) -> int:
        """Local temporary disk; none unless the name has a ``d``, or before version 5."""
        has_one = "d" in self.features or self.version in {"", "2", "3"}
        return self.vcpus * 37_500 if has_one else 0

    @property
    def premium(self) -> bool:
        """Whether premium disks can be attached."""
        return "s" in self.features


def size_of(name: str) -> Size:
    """Return what a size offers; a name that follows no convention counts as two vCPUs of its own family."""
    match = _NAME.fullmatch(name)
    if match is None:
        return Size(name=name, series=name, vcpus=2, features="", version="")
    return Size(
        name=name,
        series=match[1].upper(),
        vcpus=int(match[2]),
        features=match[3].lower(),
        version=match[4] or "",
    )
