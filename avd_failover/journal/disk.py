"""Is this a place for a journal? Local, private, and a plain file: asked before anything is trusted to it.

SQLite's locks and its shared memory are unsafe on network file systems, and a directory that others may
write to lets them exchange a journal under its run (safety 4.3). Where the system does not tell (mounts
outside Linux, permissions on Windows) nothing is refused.
"""

import os
import re
import stat
import sys
from pathlib import Path

NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "ncpfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
    | {"beegfs", "gpfs", "ocfs2", "gfs2", "davfs", "fuse.sshfs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone"}
    | {"fuse.blobfuse", "fuse.blobfuse2", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs2", "fuse.smbnetfs"}
)
"""File system types, as Linux names them, on which SQLite's locking or memory mapping cannot be relied on."""

_MOUNTS = Path("/proc/self/mountinfo")


class UnfitPlaceError(ValueError):
    """The directory or file must not hold a journal; the message says why and what to do."""


def private_directory(path: Path) -> None:
    """Make the directory, for its owner alone whatever the umask, or check the one that is there.

    Raises:
        UnfitPlaceError: It cannot be made, is no directory, or others may write to it.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700)
            sync_directory(path.parent)
        refuse_shared(path)
    except OSError as error:
        raise UnfitPlaceError(f"cannot make the directory {path}: {error.strerror}") from error


def refuse_shared(path: Path) -> None:
    """Refuse a directory that is none, or that group or world may write to."""
    mode = path.stat().st_mode
    if not stat.S_ISDIR(mode):
        raise UnfitPlaceError(f"{path} is not a directory")
    if os.name == "posix" and mode & 0o022:
        raise UnfitPlaceError(
            f"others may write to {path} (mode {stat.S_IMODE(mode):04o}), so journals there prove nothing:"
            f" chmod go-w {path}, or set AVD_FAILOVER_HOME to a private directory"
        )


def refuse_network(path: Path) -> None:
    """Refuse a path that is known to lie on a network file system."""
    kind = "a Windows share" if path.drive.startswith("\\\\") else network_type(path, _read_mounts())
    if kind:
        raise UnfitPlaceError(
            f"{path} is on a network file system ({kind}), where a journal's locks do not hold:"
            " set AVD_FAILOVER_HOME to a directory on a local disk"
        )


def network_type(path: Path, mounts: str) -> str | None:
    """Return the type of the network file system that holds ``path``; None where it is local or not known.

    ``mounts`` is the text of ``/proc/self/mountinfo``. The longest mount point wins, of equals the last.
    """
    real = Path(os.path.realpath(path))
    best, found = -1, ""
    for line in mounts.splitlines():
        point, kind = _mount(line)
        if point and real.is_relative_to(point) and len(point) >= best:
            best, found = len(point), kind
    return found if found in NETWORK_TYPES else None


def new_private_file(path: Path) -> None:
    """Create an empty file, readable and writable for its owner alone, where nothing was.

    Raises:
        UnfitPlaceError: Something is there already, or it cannot be made.
    """
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise UnfitPlaceError(f"cannot create {path}: {error.strerror}") from error
    try:
        if os.name == "posix":
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def refuse_odd_file(path: Path) -> None:
    """Refuse what is no plain file of one name: links, pipes, devices. Never opens it, so never hangs.

    Raises:
        FileNotFoundError: Nothing is there.
        UnfitPlaceError: Something else than a plain file is.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise UnfitPlaceError(f"{path} is not a plain file")
    if found.st_nlink > 1:
        raise UnfitPlaceError(f"{path} has a second name on this disk (hard link)")


def sync_file(path: Path) -> None:
    """Make the content of a file durable."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_directory(path: Path) -> None:
    """Make names that were created or replaced in a directory durable, where the system has a call for it."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mount(line: str) -> tuple[str, str]:
    left, _, right = line.partition(" - ")
    fields, kinds = left.split(" "), right.split(" ")
    if len(fields) < 5:
        return "", ""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4]), kinds[0]


def _read_mounts() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
