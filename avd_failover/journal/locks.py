"""A lock that dies with its process: on an open file, by whatever call the system has for it."""

import sys

if sys.platform == "win32":
    import msvcrt

    def try_lock(handle: int, *, shared: bool = False) -> bool:
        """Lock an open file without waiting; False when somebody else has it. No lock is shared here."""
        del shared
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def try_lock(handle: int, *, shared: bool = False) -> bool:
        """Lock an open file without waiting; False when somebody else has it.

        The lock belongs to this opening of the file: closing it, or any death of the process, frees it.
        Another opening in the same process is somebody else.
        """
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
