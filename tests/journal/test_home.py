"""The home of runs: where it is, who may write to it, and which run is meant."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.home import AmbiguousRunError, Home, UnknownRunError, new_run_id

EU = "pooled-eu-20260302-025500-7f3a"
EU_LATER = "pooled-eu-20260302-101500-0b1c"
US = "pooled-us-20260303-000000-ffff"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def put(home: Home, *runs: str) -> None:
    """Write journals, the last one named last."""
    for order, run in enumerate(runs):
        path = home.path_of(run)
        path.write_bytes(b"x")
        os.utime(path, (1000 + order, 1000 + order))


PLACES = [
    ({"AVD_FAILOVER_HOME": "/srv/avd"}, "linux", "/srv/avd"),
    ({"AVD_FAILOVER_HOME": "/srv/avd", "XDG_STATE_HOME": "/x"}, "linux", "/srv/avd"),
    ({"XDG_STATE_HOME": "/x/state"}, "linux", "/x/state/avd-failover"),
    ({"XDG_STATE_HOME": "relative"}, "linux", "~/.local/state/avd-failover"),
    ({"XDG_STATE_HOME": ""}, "darwin", "~/.local/state/avd-failover"),
    ({}, "linux", "~/.local/state/avd-failover"),
    ({"LOCALAPPDATA": "/local"}, "win32", "/local/avd-failover"),
    ({}, "win32", "~/AppData/Local/avd-failover"),
    ({"AVD_FAILOVER_HOME": ""}, "linux", "~/.local/state/avd-failover"),
]


@pytest.mark.parametrize(("environ", "platform", "wanted"), PLACES)
def test_the_home_is_where_the_environment_or_the_system_says(
    environ: dict[str, str], platform: str, wanted: str
) -> None:
    assert Home.of(environ, platform).path == Path(wanted).expanduser()


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_directories_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        Home(tmp_path / "home").prepare()
    finally:
        os.umask(before)
    for name in ("home", "home/runs", "home/leases"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720, 0o702])
@pytest.mark.parametrize("place", [".", "runs"])
def test_a_home_that_others_may_write_to_is_refused(home: Home, mode: int, place: str) -> None:
    put(home, EU)
    (home.path / place).chmod(mode)
    for use in (home.prepare, home.runs, lambda: home.find(EU)):
        with pytest.raises(UnfitPlaceError, match="chmod go-w"):
            use()


def test_a_home_that_others_may_read_is_none_of_our_business(home: Home) -> None:
    home.path.chmod(0o755)
    home.prepare()
    assert home.runs() == ()


def test_a_file_in_the_place_of_the_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(UnfitPlaceError, match="not a directory"):
        Home(tmp_path / "home").prepare()


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnfitPlaceError):
        Home(tmp_path / "file" / "home").prepare()


def test_a_home_that_was_never_used_has_no_runs(tmp_path: Path) -> None:
    assert Home(tmp_path / "home").runs() == ()
    with pytest.raises(UnknownRunError, match="there is no run yet"):
        Home(tmp_path / "home").find()
    assert not (tmp_path / "home").exists()


def test_runs_come_in_the_order_of_their_last_entry_newest_first(home: Home) -> None:
    put(home, US, EU, EU_LATER)
    assert home.runs() == (EU_LATER, EU, US)


def test_an_open_journal_is_as_new_as_its_log(home: Home) -> None:
    put(home, EU, US)
    log = home.path_of(EU).with_name(EU + ".journal-wal")
    log.write_bytes(b"x")
    os.utime(log, (5000, 5000))
    assert home.runs() == (EU, US)


def test_an_empty_log_that_a_reader_left_makes_nothing_newer(home: Home) -> None:
    put(home, EU, US)
    home.path_of(EU).with_name(EU + ".journal-wal").touch()
    assert home.runs() == (US, EU)


def test_runs_of_one_moment_go_by_the_date_in_their_id(home: Home) -> None:
    put(home, US, EU, EU_LATER)
    for run in (US, EU, EU_LATER):
        os.utime(home.path_of(run), (7, 7))
    assert home.runs() == (US, EU_LATER, EU)


def test_other_files_are_no_runs(home: Home) -> None:
    put(home, EU)
    for name in ("notes.txt", EU + ".reserve", EU + ".journal-wal", "Capital.journal", ".journal"):
        (home.path / "runs" / name).write_text("x")
    assert home.runs() == (EU,)


MEANT = [
    (EU, EU),
    ("pooled-us", US),
    ("p", None),
    ("pooled-eu-20260302-10", EU_LATER),
    ("latest", US),
    (None, US),
]


@pytest.mark.parametrize(("wanted", "found"), MEANT)
def test_a_run_is_meant_by_its_id_by_a_beginning_or_as_the_latest(
    home: Home, wanted: str | None, found: str | None
) -> None:
    put(home, EU, EU_LATER, US)
    if found is None:
        with pytest.raises(AmbiguousRunError) as caught:
            home.find(wanted)
        assert caught.value.candidates == (US, EU_LATER, EU)
    else:
        assert home.find(wanted) == found


def test_an_id_that_another_one_begins_with_is_still_meant_itself(home: Home) -> None:
    put(home, EU, EU + "-2")
    assert home.find(EU) == EU


def test_an_unknown_run_is_refused_with_the_nearest_ones(home: Home) -> None:
    put(home, EU, EU_LATER, US)
    with pytest.raises(UnknownRunError, match="did you mean") as caught:
        home.find("poled-eu-20260302-025500-7f3a")
    assert caught.value.nearest[0] == EU


@pytest.mark.parametrize("wanted", ["zzz", "", "../../etc/passwd"])
def test_a_run_like_no_other_is_refused_with_the_newest_ones(home: Home, wanted: str) -> None:
    put(home, EU, US)
    with pytest.raises(UnknownRunError, match=f"the newest are {US}, {EU}"):
        home.find(wanted)


@pytest.mark.parametrize("run", ["../escape", "a/b", "", ".hidden", "UPPER", "a" * 200, "a\n", "a\\b"])
def test_what_is_no_id_is_no_path(home: Home, run: str) -> None:
    with pytest.raises(ValueError, match="not the id of a run"):
        home.path_of(run)


NOW = datetime(2026, 3, 2, 2, 55, tzinfo=UTC)
IDS = [
    ("pooled-eu", NOW, EU),
    ("pooled-eu", NOW.astimezone(timezone(timedelta(hours=9))), EU),
    ("Pooled EU", NOW, EU),
    ("../pooled/eu\n", NOW, EU),
    ("\N{SNOWMAN}", NOW, "run-20260302-025500-7f3a"),
]


@pytest.mark.parametrize(("plan", "now", "run"), IDS)
def test_a_run_is_named_after_its_plan_and_its_utc_time(plan: str, now: datetime, run: str) -> None:
    assert new_run_id(now, plan, "7f3a") == run


def test_the_longest_plan_name_still_gives_an_id(home: Home) -> None:
    home.path_of(new_run_id(NOW, "x" * 500))


def test_two_runs_of_one_second_differ() -> None:
    assert len({new_run_id(NOW, "p") for _ in range(20)}) > 15
