"""Extensions are written down before desktops move; where nobody can say, a fresh image stands in."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain.desk_images import IMAGE, KEPT, DeskImage, filed, image_in
from avd_failover.domain.desks import Stand
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose
from avd_failover.operations.base import Blocked, NotYet, Proven
from avd_failover.operations.personal_images import ImagesSeen, RecordExtensions, Unread
from tests.domain.test_desks import HOST, NOW, TARGET, desk
from tests.operations.remembering import Remembering
from tests.operations.test_personal import bound, ready, seen, whole

MONITOR = VmExtension(name="Monitor", publisher="Microsoft.Azure.Monitor", type="Agent", version="1.0")
DESK = ready()
PD = filed(DESK)
DAY = timedelta(days=1)
DARK = TransientError("no answer from northeurope", status=503)
FORBIDDEN = RefusedError("no right", code="AuthorizationFailed", status=403)


def installed(*found: VmExtension):
    return whole(InstalledExtension(image=image, state="Succeeded") for image in found)


def image(age: timedelta) -> DeskImage:
    return DeskImage(host=PD, taken_at=NOW - age, extensions=(MONITOR,))


def unread(*images: DeskImage) -> ImagesSeen:
    kept = images[0] if images else None
    one = Unread(name="vm-1", host=PD, because="503", image=kept)
    return ImagesSeen(desks=seen(DESK, points=False), now=NOW, installed={}, unread=(one,))


def test_what_is_on_a_machine_is_written_down_whole():
    look = ImagesSeen(desks=seen(DESK, points=False), now=NOW, installed={PD: installed(MONITOR)})
    verdict = RecordExtensions(bound()).prove([look])
    assert isinstance(verdict, Proven)
    assert image_in(verdict.facts, PD) == (MONITOR,)
    assert verdict.because == "extensions of 1 desktop written down"


def test_a_list_with_a_gap_is_none():
    found = replace(installed(MONITOR), complete=False, gap="page 2")
    look = ImagesSeen(desks=seen(DESK, points=False), now=NOW, installed={PD: found})
    assert isinstance(RecordExtensions(bound()).prove([look]), NotYet)


def test_a_silent_machine_is_asked_twice():
    look, other = unread(), ImagesSeen(desks=seen(DESK, points=False), now=NOW, installed={PD: installed()})
    assert isinstance(RecordExtensions(bound()).prove([look]), NotYet)
    assert isinstance(RecordExtensions(bound()).prove([other, look]), NotYet)
    assert isinstance(RecordExtensions(bound()).prove([look, other]), Proven)
    assert isinstance(RecordExtensions(bound()).prove([look, look]), Proven)


FRESH = (image(6 * DAY), "an earlier image stands in for 1 desktop, 6 d old at most")
HOURS = (image(DAY / 8), "3 h old at most")
OLD = (image(8 * DAY), "what was written down is 8 d old, the plan takes 7 d")


@pytest.mark.parametrize(("kept", "says"), [FRESH, HOURS])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_fresh_image_stands_in_in_either_mode(kept, says, mode):
    look = unread(kept)
    verdict = RecordExtensions(bound(mode)).prove([look, look])
    assert isinstance(verdict, Proven)
    assert says in verdict.because
    assert image_in(verdict.facts, PD) == (MONITOR,)
    assert (verdict.facts["kept"], verdict.facts["hidden"]) == (1, 0)
    assert KEPT + PD in verdict.facts
    assert IMAGE + PD not in verdict.facts, "nobody read it in this run"


@pytest.mark.parametrize(("images", "says"), [((), "no earlier run"), (OLD[:1], OLD[1])])
def test_without_a_fresh_image_a_planned_run_is_refused_and_an_unplanned_one_takes_the_plans_list(
    images, says
):
    look = unread(*images)
    refused = RecordExtensions(bound(Mode.PLANNED)).prove([look, look])
    assert isinstance(refused, Blocked)
    assert [(one.code, one.subject) for one in refused.findings] == [("extensions-unread", "vm-1")]
    assert says in refused.findings[0].detail
    verdict = RecordExtensions(bound()).prove([look, look])
    assert isinstance(verdict, Proven)
    assert says in verdict.because
    assert "vm-1" in verdict.because
    assert "the plan's list stands in, with 1 extension" in verdict.because
    assert image_in(verdict.facts, PD) is None
    assert verdict.facts["hidden"] == 1


class _Machines:
    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def extensions(self, machine: str) -> Any:
        self.asked.append(machine)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class _Cloud:
    def __init__(self, answer: object) -> None:
        self.machines = _Machines(answer)


def observed(*desks: Any, answer: object, mode: Mode = Mode.UNPLANNED, upkeep: bool = False, images=()):
    to = bound(mode)
    if upkeep:
        to = replace(to, route=replace(to.route, purpose=Purpose.UPKEEP))
    operation = RecordExtensions(to)

    async def look(*_: object) -> Any:
        return seen(*desks, points=False)

    operation.look = look  # type: ignore[assignment, method-assign]
    cloud = _Cloud(answer)
    found = asyncio.run(operation.observe(cast("Reads", cloud), Remembering(images=list(images))))
    return found, cloud.machines.asked


MOVED = replace(desk(Stand.COMMITTED), host=replace(HOST, machine=TARGET))


def test_what_does_not_move_is_not_asked_about():
    bare = replace(desk(Stand.UNPROTECTED), item=None)
    off = replace(DESK, host=replace(HOST, machine=None))
    _, asked = observed(bare, off, MOVED, DESK, answer=installed(MONITOR))
    assert asked == [DESK.host.machine]


def test_as_upkeep_every_machine_is_asked_wherever_it_runs():
    found, asked = observed(MOVED, answer=installed(MONITOR), upkeep=True, mode=Mode.PLANNED)
    assert asked == [TARGET]
    assert set(found.installed) == {filed(MOVED)}


@pytest.mark.parametrize(
    ("mode", "fault", "raised"),
    [
        (Mode.UNPLANNED, DARK, False),
        (Mode.UNPLANNED, UnknownError("lost"), False),
        (Mode.UNPLANNED, FORBIDDEN, False),
        (Mode.PLANNED, FORBIDDEN, False),
        (Mode.PLANNED, DARK, True),
    ],
)
def test_a_silence_is_waited_out_in_planned_mode_and_a_refusal_is_told(mode, fault, raised):
    if raised:
        with pytest.raises(CloudError):
            observed(DESK, answer=fault, mode=mode)
        return
    found, _ = observed(DESK, answer=fault, mode=mode, images=[image(DAY)])
    (one,) = found.unread
    assert (one.name, one.because) == ("vm-1", fault.brief)
    assert one.image == image(DAY)
