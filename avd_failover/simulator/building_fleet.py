"""Records of images, room, quotas and restrictions that a scenario describes."""

from collections.abc import Iterator

from avd_failover.simulator.capacity import ALLOCATED
from avd_failover.simulator.core import Core
from avd_failover.simulator.records import Machine, Record, key
from avd_failover.simulator.records_compute import (
    CapacityLimit,
    Gallery,
    GalleryImage,
    ImageVersion,
    Quota,
    Replica,
    SkuRestriction,
)
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.scenario_fleet import CapacitySpec, GallerySpec, VersionSpec

DAY_S = 86_400.0


def galleries(scenario: Scenario) -> Iterator[Record]:
    """Return galleries, image definitions and versions."""
    for spec in scenario.galleries:
        base = gallery_id(scenario, spec)
        yield Gallery(id=base, location=spec.region)
        for image in spec.images:
            definition = f"{base}/images/{image.name}"
            yield GalleryImage(id=definition, location=spec.region, gallery=base)
            for version in image.versions:
                yield _version(scenario, spec, definition, version)


def image_id(scenario: Scenario, reference: str) -> str:
    """Return the id of an image version named as gallery/image/version."""
    name, image, version = reference.split("/")
    spec = next(one for one in scenario.galleries if one.name == name)
    return f"{gallery_id(scenario, spec)}/images/{image}/versions/{version}"


def gallery_id(scenario: Scenario, spec: GallerySpec) -> str:
    """Return the id of a gallery."""
    base = f"/subscriptions/{scenario.subscriptions[0].id}/resourceGroups/{spec.resource_group}"
    return f"{base}/providers/Microsoft.Compute/galleries/{spec.name}"


def limits(scenario: Scenario, core: Core) -> Iterator[Record]:
    """Return limits of room, quotas and restrictions; machines are counted as they run now."""
    for one in scenario.capacity:
        yield _capacity(one, core)
    for quota in scenario.quotas:
        name = f"quota|{quota.region}|{quota.name}"
        yield Quota(id=name, location=quota.region, quota=quota.name, limit=quota.limit)
    for number, spec in enumerate(scenario.restricted_sizes):
        yield SkuRestriction(
            id=f"restriction|{number}", location=spec.region, size=spec.size, zones=spec.zones
        )


def _version(scenario: Scenario, spec: GallerySpec, image: str, version: VersionSpec) -> ImageVersion:
    return ImageVersion(
        id=f"{image}/versions/{version.name}",
        location=spec.region,
        image=image,
        replicas=tuple(
            Replica(location=one.region, count=one.count, state=one.state) for one in version.replicas
        ),
        source=image_id(scenario, version.copied_from) if version.copied_from else None,
        published_s=-version.days_old * DAY_S,
    )


def _capacity(spec: CapacitySpec, core: Core) -> CapacityLimit:
    running = sum(
        key(one.location) == key(spec.region)
        and key(one.vm_size) == key(spec.size)
        and one.power in ALLOCATED
        and (spec.zone is None or spec.zone in one.zones)
        for one in core.table(Machine).values()
    )
    return CapacityLimit(
        id=f"capacity|{spec.region}|{spec.size}|{spec.zone or ''}",
        location=spec.region,
        size=spec.size,
        zone=spec.zone or "",
        limit=running + spec.free,
    )
