"""Places that must not hold a journal are refused before anything is trusted to them."""

import os
from pathlib import Path

import pytest

from avd_failover.journal import disk
from avd_failover.journal.disk import (
    UnfitPlaceError,
    network_type,
    new_private_file,
    private_directory,
    refuse_network,
    refuse_odd_file,
)

MOUNTS = r"""
22 28 0:20 / /proc rw,nosuid - proc proc rw
28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 28 0:45 / /home rw,relatime shared:5 master:3 - nfs4 filer:/home rw,vers=4.2
33 31 253:1 / /home/local rw,relatime - xfs /dev/vdb rw
35 28 0:47 / /mnt/team\040share rw - cifs //filer/team rw
36 28 0:48 / /mnt/ssh rw - fuse.sshfs me@host: rw
37 28 0:49 / /mnt/over rw - nfs filer:/x rw
38 28 0:50 / /mnt/over rw - tmpfs tmpfs rw
39 28 0:51 / /mnt/c rw - 9p drvfs rw
40 28 0:52 / /mnt/blob rw - fuse.blobfuse2 blobfuse2 rw
a line that is none
"""

PLACES = [
    ("/var/lib/avd", None),
    ("/home/ann/.local/state", "nfs4"),
    ("/home", "nfs4"),
    ("/homestead", None),
    ("/home/local/ann", None),
    ("/mnt/team share/x", "cifs"),
    ("/mnt/ssh/x", "fuse.sshfs"),
    ("/mnt/over/x", None),
    ("/mnt/c/Users/ann", "9p"),
    ("/mnt/blob/avd", "fuse.blobfuse2"),
]


@pytest.mark.parametrize(("path", "kind"), PLACES)
def test_the_mount_that_holds_a_path_tells_whether_it_is_a_network(path: str, kind: str | None) -> None:
    assert network_type(Path(path), MOUNTS) == kind


def test_a_link_onto_a_network_is_on_the_network(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to("/mnt/ssh/x")
    assert network_type(tmp_path / "home" / "runs", MOUNTS) == "fuse.sshfs"


def test_where_mounts_are_not_told_nothing_is_refused() -> None:
    assert network_type(Path("/home/ann"), "") is None


def test_a_network_path_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    monkeypatch.setattr(disk, "_MOUNTS", table)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(UnfitPlaceError, match=r"nfs4.*AVD_FAILOVER_HOME"):
        refuse_network(Path("/home/ann"))
    refuse_network(Path("/var/lib/avd"))


def test_a_missing_mount_table_refuses_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(disk, "_MOUNTS", tmp_path / "absent")
    refuse_network(Path("/home/ann"))


def test_this_machines_own_temporary_directory_is_local(tmp_path: Path) -> None:
    refuse_network(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_a_new_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        new_private_file(tmp_path / "file")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def odd(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "odd"
    match kind:
        case "symbolic link":
            (tmp_path / "real").write_text("x")
            path.symlink_to(tmp_path / "real")
        case "dangling link":
            path.symlink_to(tmp_path / "nowhere")
        case "hard link":
            (tmp_path / "real").write_text("x")
            path.hardlink_to(tmp_path / "real")
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "device":
            return Path("/dev/zero")
    return path


ODD = ["symbolic link", "dangling link", "hard link", "pipe", "directory", "device"]


@pytest.mark.skipif(os.name != "posix", reason="made with POSIX calls")
@pytest.mark.parametrize("kind", ODD)
def test_only_a_plain_file_is_opened(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UnfitPlaceError):
        refuse_odd_file(odd(tmp_path, kind))


@pytest.mark.skipif(os.name != "posix", reason="made with POSIX calls")
@pytest.mark.parametrize("kind", ODD)
def test_a_new_file_takes_the_place_of_nothing(tmp_path: Path, kind: str) -> None:
    path = odd(tmp_path, kind)
    with pytest.raises(UnfitPlaceError, match="cannot create"):
        new_private_file(path)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_not_there_is_another_matter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        refuse_odd_file(tmp_path / "absent")


def test_a_private_directory_may_be_there_already(tmp_path: Path) -> None:
    private_directory(tmp_path / "a" / "b")
    private_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
