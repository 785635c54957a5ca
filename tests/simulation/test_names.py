"""Names of people are read in every run and stay in memory: nothing that is kept or shown has one (J11)."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog

from avd_failover.cli.logs import LogProgress, Sink, configure
from avd_failover.domain.actions import Action
from avd_failover.domain.estate import Membership, UserSession
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import links
from avd_failover.journal.events import Entry, Event
from avd_failover.report.account import account_data
from avd_failover.report.account_text import account_text
from avd_failover.report.html import page
from avd_failover.report.redaction import PERSON
from avd_failover.report.status import status_data
from avd_failover.report.status_text import status_text
from avd_failover.report.story import read
from avd_failover.report.tale import tale
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.records import User
from tests.crash.scene import Scene


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    configure("json", "debug", Sink(out))
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def names(scene: Scene) -> set[str]:
    """Return what nobody may read: principal names, what stands before their @, and display names."""
    people = list(scene.world.core.table(User).values())
    whole = {one.user_principal_name.lower() for one in people}
    return whole | {one.partition("@")[0] for one in whole} | {one.display_name.lower() for one in people}


def shown(scene: Scene) -> dict[str, str]:
    """Return everything that is kept or told of a run, by what it is."""
    account = read(scene.store, lambda _state: False)
    state = scene.state
    status = status_data(state, "0" * 64, alive=False)
    return {
        "journal": "\n".join(line.decode() for line in scene.store.lines),
        "tale": "\n".join(tale(entry for entry, _ in links(scene.store))),
        "account": account_text(account),
        "json": json.dumps(account_data(account)),
        "html": page(account),
        "status": status_text(state, state.last_at, alive=False),
        "status json": msgspec.json.encode(status).decode(),
    }


class Overheard:
    """Counts which of the names crossed the seam, so that their absence elsewhere says something."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def watch(self, cloud: DirectCloud) -> None:
        sessions, members = cloud.sessions.list, cloud.directory.members

        async def list_sessions(pool: Any) -> Any:
            reading = await sessions(pool)
            self.names |= {one.name for one in reading.items if one.name}
            return reading

        async def list_members(group: Any) -> Any:
            membership = await members(group)
            self.names |= {name for name, _ in membership.names}
            return membership

        cloud.sessions.list = list_sessions  # type: ignore[method-assign]
        cloud.directory.members = list_members  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("faults", "ends"),
    [
        ([], {RunStatus.COMPLETED}),
        ([{"fault": "group-hidden", "group": "GRP-OFFICE"}], {RunStatus.HELD, RunStatus.REFUSED}),
        ([{"fault": "log-off-refused"}], {RunStatus.HELD, RunStatus.COMPLETED, RunStatus.FAILED}),
        (
            [{"fault": "group-member-added", "group": "GRP-KIOSK", "member": "GRP-OFFICE", "starts": "60s"}],
            {RunStatus.HELD, RunStatus.COMPLETED},
        ),
    ],
)
def test_no_name_of_a_user_reaches_journal_log_or_report_of_a_whole_run(
    log: io.StringIO, faults: list[dict[str, Any]], ends: set[RunStatus]
) -> None:
    scene, overheard, told = Scene(faults=faults), Overheard(), LogProgress(None)
    scene.hooks.append(overheard.watch)
    scene.observers.append(told.entry)
    assert scene.drive() in ends
    secret = names(scene)
    assert len(secret) > 9
    assert overheard.names
    assert overheard.names <= secret
    everything = shown(scene) | {"log": log.getvalue()}
    for what, text in everything.items():
        assert len(text) > 100, f"the {what} was not looked at"
        leaked = [name for name in secret if name in text.lower()]
        assert not leaked, f"{what} tells {leaked}"
        assert PERSON not in text, f"{what} was given a name, and only its sink withheld it"


@pytest.mark.parametrize("kept", [Event, Action, Entry])
def test_nothing_that_is_kept_has_a_place_for_what_carries_names(kept: Any) -> None:
    held = msgspec.json.schema_components([kept])[1]
    assert len(held) > 9
    assert held.keys().isdisjoint({UserSession.__name__, Membership.__name__})
    whole = msgspec.json.schema_components([UserSession, Membership])[1]
    assert whole.keys() >= {UserSession.__name__, Membership.__name__}, (
        "they would be found under these names"
    )
