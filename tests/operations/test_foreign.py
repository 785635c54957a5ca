"""Operations of other packages: found by name, checked before use, pinned, and kept to what they declare."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step
from avd_failover.domain.provided import UnusableError
from avd_failover.operations.base import AfterRefusal, Blocked, Bound, Proven
from avd_failover.operations.foreign import KINDS, RESERVED, provided
from avd_failover.operations.registry import CATALOGUE, operation_for
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.runbook_file import load_runbook
from tests.operations import places
from tests.runbook.builders import written

SOURCE = """
from avd_failover.domain.actions import DeallocateMachine, Moves, StartMachine
from avd_failover.domain.graph import OperationSpec, SettingSpec
from avd_failover.operations.base import Base, Proven

class Mail(Base):
    spec = OperationSpec(
        name="{name}", summary="Mail.", changes={changes!r}, essential={essential},
        settings={{"to": SettingSpec(kind="text", summary="Whom.")}},
    )
    async def observe(self, cloud, memory):
        return None
    def plan(self, seen):
        return Moves(actions=({acts}))
    def prove(self, looks):
        return Proven(because="mailed to " + str(self.bound.step.settings.get("to")))

class Stranger:
    pass

class Specless(Base):
    spec = None
"""
START = 'StartMachine(machine="/m", reason="r"),'
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution that provides ``acme.mail`` from a module of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(
        name: str = "acme.mail",
        *,
        dist: str = "acme-avd",
        version: str = "1.2.0",
        points_to: str = "Mail",
        source: str = SOURCE,
        spec_name: str = "acme.mail",
        changes: tuple[str, ...] = (),
        essential: bool = False,
        acts: str = "",
    ) -> None:
        module = dist.replace("-", "_")
        info = tmp_path / f"{module}-0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[avd_failover.operations]\n{name} = {module}:{points_to}\n")
        text = source.format(name=spec_name, changes=changes, essential=essential, acts=acts)
        (tmp_path / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return made


def bound(provided_by: str = "acme-avd 1.2.0") -> Bound:
    step = Step(id="s", uses="acme.mail", settings={"to": "ops"}, provided_by=provided_by)
    return Bound(run="run-1", epoch=1, route=places.make_route(), step=step)


def test_an_operation_is_found_by_its_name_with_package_and_version(install: Install) -> None:
    install(changes=("machine.start",))
    found = provided("acme.mail")
    assert found is not None
    assert (found.spec.name, found.spec.changes, found.by) == (
        "acme.mail",
        ("machine.start",),
        "acme-avd 1.2.0",
    )


def test_nobody_is_asked_for_a_name_that_no_package_has(install: Install) -> None:
    install(source="raise SystemExit('imported')")
    assert provided("acme.other") is None
    assert "acme_avd" not in sys.modules


UNUSABLE: list[tuple[dict[str, Any], str]] = [
    ({"points_to": "Missing"}, "acme.mail of acme-avd 1.2.0 cannot be imported: AttributeError"),
    ({"source": "import no_such_module_anywhere"}, "cannot be imported: ModuleNotFoundError"),
    ({"source": "def ("}, "cannot be imported: SyntaxError"),
    ({"source": "raise RuntimeError('no')"}, "cannot be imported: RuntimeError: no"),
    ({"points_to": "Stranger"}, "is no subclass of avd_failover.operations.base.Base"),
    ({"points_to": "START"}, "cannot be imported"),
    ({"points_to": "Specless"}, "has no spec that is an OperationSpec"),
    ({"spec_name": "hosts.drain"}, "has a spec of another name, hosts.drain"),
    ({"essential": True}, "claims to be essential"),
    ({"changes": ("host.explode",)}, "declares actions that there are not: host.explode"),
    *[
        ({"changes": (kind,)}, f"declares actions that are the engine's own: {kind}")
        for kind in sorted(RESERVED)
    ],
]


@pytest.mark.parametrize(("claims", "says"), UNUSABLE)
def test_what_claims_too_much_cannot_be_used(install: Install, claims: dict[str, Any], says: str) -> None:
    install(**claims)
    with pytest.raises(UnusableError) as unusable:
        provided("acme.mail")
    assert says in str(unusable.value)


def test_two_packages_with_one_name_are_both_named(install: Install) -> None:
    install()
    install(dist="other-avd", version="3")
    with pytest.raises(UnusableError, match=r"more than one package: acme-avd 1\.2\.0, other-avd 3"):
        provided("acme.mail")


def test_what_is_reserved_are_kinds_that_there_are() -> None:
    assert RESERVED < KINDS


HEAD = "runbook: test\npool: pooled\nsteps:\n"
STEP = "  - {id: mail, uses: acme.mail, with: {to: ops}}\n"


def test_a_runbook_pins_package_and_version_with_the_step(install: Install, tmp_path: Path) -> None:
    install()
    path = written(tmp_path, HEAD + STEP + "  - {id: look, uses: gate, with: {instruction: x}}\n")
    mail, look = load_runbook(path, CATALOGUE, provided).graph.steps
    assert (mail.provided_by, look.provided_by) == ("acme-avd 1.2.0", "")
    other = load_runbook(path, CATALOGUE, provided).sha256
    install(version="1.3.0")
    assert load_runbook(path, CATALOGUE, provided).sha256 != other


@pytest.mark.parametrize(
    ("claims", "step", "says"),
    [
        (None, STEP, "steps[0].uses: unknown operation 'acme.mail'"),
        ({"essential": True}, STEP, "steps[0].uses: acme.mail of acme-avd 1.2.0 claims to be essential"),
        ({}, STEP.replace("to:", "too:"), "steps[0].with.too: unknown setting 'too' of acme.mail"),
        ({}, STEP.replace("with", "side: source, with"), "steps[0].side: acme.mail takes no side"),
    ],
)
def test_a_runbook_is_checked_against_the_spec_of_the_package(
    install: Install, tmp_path: Path, claims: dict[str, Any] | None, step: str, says: str
) -> None:
    if claims is not None:
        install(**claims)
    with pytest.raises(FileFaults) as caught:
        load_runbook(written(tmp_path, HEAD + step), CATALOGUE, provided)
    assert says in str(caught.value)


def test_a_package_can_never_take_the_place_of_an_operation_of_the_engine(
    install: Install, tmp_path: Path
) -> None:
    install("gate", spec_name="gate")
    path = written(tmp_path, HEAD + "  - {id: look, uses: gate, with: {instruction: x}}\n")
    (step,) = load_runbook(path, CATALOGUE, provided).graph.steps
    assert step.provided_by == ""
    assert "acme_avd" not in sys.modules


async def test_the_pinned_operation_does_its_work(install: Install) -> None:
    install(changes=("machine.start",), acts=START)
    operation = operation_for(bound())
    seen = await operation.observe(None, None)  # type: ignore[arg-type]
    (action,) = operation.plan(seen).actions
    assert action.target == "/m"
    assert operation.prove((seen,)) == Proven(because="mailed to ops")
    assert operation.after(action, RefusedError("no")) is AfterRefusal.STOP


async def test_an_action_that_was_not_declared_is_refused_before_anything_is_sent(install: Install) -> None:
    install(acts=START)
    with pytest.raises(RefusedError, match=r"acme\.mail plans machine\.start, which it did not declare"):
        operation_for(bound()).plan(None)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        (None, "no installed package provides acme.mail"),
        ({"version": "1.3.0"}, "acme.mail is pinned to acme-avd 1.2.0, and acme-avd 1.3.0 is installed"),
        ({"dist": "evil-avd"}, "acme.mail is pinned to acme-avd 1.2.0, and evil-avd 1.2.0 is installed"),
        ({"source": "raise ValueError('x')"}, "cannot be imported: ValueError: x"),
    ],
)
async def test_a_run_is_held_where_the_pinned_operation_is_not_to_be_had(
    install: Install, claims: dict[str, Any] | None, says: str
) -> None:
    if claims is not None:
        install(**claims)
    operation = operation_for(bound())
    await operation.observe(None, None)  # type: ignore[arg-type]
    assert operation.plan(None).actions == ()
    verdict = operation.prove((None,))
    assert isinstance(verdict, Blocked)
    assert says in verdict.because
    assert "failover resume run-1" in verdict.because
