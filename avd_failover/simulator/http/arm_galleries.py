"""Microsoft.Compute galleries: image definitions, their versions, and where copies of those are."""

from avd_failover.simulator.http.arm_common import offset_time, paged
from avd_failover.simulator.http.desktop_ids import prefix_of
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json
from avd_failover.simulator.records import Record, Region, key
from avd_failover.simulator.records_compute import Gallery, GalleryImage, ImageVersion, Replica
from avd_failover.simulator.world import World

_PROGRESS = {"Completed": 100, "Replicating": 45, "Failed": 0, "Unknown": 0}


def _key(held: Record) -> str:
    return key(held.id)


def _gallery_id(call: Call) -> str:
    return f"{prefix_of(call)}/providers/Microsoft.Compute/galleries/{call.params['gallery']}"


def _image_id(call: Call) -> str:
    return f"{_gallery_id(call)}/images/{call.params['image']}"


def _galleries(world: World, call: Call) -> Answer:
    return paged(call, world.fleet.galleries(prefix_of(call)), _key, _gallery_body, null_link=False)


def _gallery(world: World, call: Call) -> Answer:
    return Answer(body=_gallery_body(world.fleet.gallery(_gallery_id(call))))


def _images(world: World, call: Call) -> Answer:
    return paged(call, world.fleet.images(_gallery_id(call)), _key, _image_body, null_link=False)


def _image(world: World, call: Call) -> Answer:
    return Answer(body=_image_body(world.fleet.image(_image_id(call))))


def _versions(world: World, call: Call) -> Answer:
    found = world.fleet.versions(_image_id(call))
    return paged(call, found, _key, lambda one: _version_body(world, one, with_status=False), null_link=False)


def _version(world: World, call: Call) -> Answer:
    found = world.fleet.version(f"{_image_id(call)}/versions/{call.params['version']}")
    with_status = call.query.get("$expand", "").lower() == "replicationstatus"
    return Answer(body=_version_body(world, found, with_status=with_status))


def _envelope(held: Record, kind: str, location: str) -> dict[str, Json]:
    return {"name": held.name, "id": held.id, "type": kind, "location": location, "tags": {}}


def _gallery_body(held: Gallery) -> dict[str, Json]:
    return _envelope(held, "Microsoft.Compute/galleries", held.location) | {
        "properties": {"identifier": {"uniqueName": f"{held.subscription}-{held.name}"},
                       "provisioningState": "Succeeded"}
    }  # fmt: skip


def _image_body(held: GalleryImage) -> dict[str, Json]:
    identifier = {"publisher": "contoso", "offer": "avd", "sku": held.name}
    return _envelope(held, "Microsoft.Compute/galleries/images", held.location) | {
        "properties": {
            "hyperVGeneration": "V2",
            "architecture": "x64",
            "osType": "Windows",
            "osState": "Generalized",
            "identifier": identifier,
            "provisioningState": "Succeeded",
        }
    }


def _version_body(world: World, held: ImageVersion, *, with_status: bool) -> dict[str, Json]:
    image_disk: dict[str, Json] = {"sizeInGB": 128, "hostCaching": "ReadWrite", "source": {}}
    body = _envelope(held, "Microsoft.Compute/galleries/images/versions", held.location) | {
        "properties": {
            "publishingProfile": {
                "targetRegions": [_target(world, one) for one in held.replicas],
                "replicaCount": 1,
                "excludeFromLatest": False,
                "publishedDate": offset_time(world.core.at(held.published_s)),
                "storageAccountType": "Standard_LRS",
            },
            "storageProfile": {"osDiskImage": image_disk},
            "safetyProfile": {
                "reportedForPolicyViolation": False,
                "allowDeletionOfReplicatedLocations": True,
            },
            "provisioningState": "Succeeded",
        }
    }
    if held.source:
        body["properties"]["storageProfile"]["source"] = {"id": held.source}
    if with_status:
        body["properties"]["replicationStatus"] = _status(world, held)
    return body


def _target(world: World, replica: Replica) -> dict[str, Json]:
    return {
        "name": _shown(world, replica.location),
        "regionalReplicaCount": replica.count,
        "storageAccountType": replica.storage,
    }


def _status(world: World, held: ImageVersion) -> dict[str, Json]:
    states = {one.state for one in held.replicas}
    whole = "Failed" if "Failed" in states else "InProgress" if "Replicating" in states else "Completed"
    summary = [
        {
            "region": _shown(world, one.location),
            "state": one.state,
            "details": "",
            "progress": _PROGRESS[one.state],
        }
        for one in held.replicas
    ]
    return {"aggregatedState": whole, "summary": summary}


def _shown(world: World, location: str) -> str:
    """Galleries name regions as people do (recorded)."""
    region = world.core.find(Region, location)
    return region.display_name if region else location


_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Compute/galleries"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/galleries"
_ONE = _GROUP + "/{gallery}"

ROUTES = tuple(
    Route("GET", template, handler, Face.COMPUTE)
    for template, handler in (
        (_SUBSCRIPTION, _galleries),
        (_GROUP, _galleries),
        (_ONE, _gallery),
        (_ONE + "/images", _images),
        (_ONE + "/images/{image}", _image),
        (_ONE + "/images/{image}/versions", _versions),
        (_ONE + "/images/{image}/versions/{version}", _version),
    )
)
