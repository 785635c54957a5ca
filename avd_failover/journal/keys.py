"""The key that signs a machine's journals: Ed25519, made at first use, for its owner alone (safety 4.5).

It lies in the home as ``signing.key`` (PEM, PKCS 8, unencrypted, mode 0600), or where
``AVD_FAILOVER_SIGNING_KEY`` says. Whoever can read it can sign; keep the *public* key somewhere else, since
only then a journal that was rewritten as a whole, key and all, can be told from the one that was written.
"""

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from avd_failover.journal.disk import UnfitPlaceError, new_private_file, sync_directory

VARIABLE = "AVD_FAILOVER_SIGNING_KEY"
"""Names a file with the private key, where it is not to lie in the home."""

NAME = "signing.key"

_LONGEST = 65_536
_PUBLIC = re.compile(r"[0-9a-f]{64}")


class UnfitKeyError(UnfitPlaceError):
    """The file holds no key that may be used; the message says why, never what is in it."""


class Signer:
    """Signs with one private key. Equal messages give equal signatures (RFC 8032)."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        """The public key: 64 hexadecimal digits."""

    def sign(self, message: bytes) -> str:
        """Return the signature: 128 hexadecimal digits."""
        return self._private.sign(message).hex()


def signed_by(public: str, message: bytes, signature: str) -> bool:
    """Tell whether the owner of a public key signed a message. What is no key or signature proves nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer_of(home: Path, environ: Mapping[str, str]) -> Signer:
    """Return this machine's signer; its key is made where there is none and none is named.

    Raises:
        UnfitKeyError: The key cannot be read, others may read it, or it is none.
        UnfitPlaceError: It cannot be made.
    """
    if named := environ.get(VARIABLE):
        return _read(Path(named).expanduser())
    path = home / NAME
    if not os.path.lexists(path):
        _make(path)
    return _read(path)


def public_of(home: Path, environ: Mapping[str, str]) -> str:
    """Return this machine's public key; empty where there is no key yet. Makes none.

    Raises:
        UnfitKeyError: As ``signer_of``.
    """
    there = environ.get(VARIABLE) or os.path.lexists(home / NAME)
    return signer_of(home, environ).public if there else ""


def read_public(text: str) -> str:
    """Return a public key that a person names: its digits, or a file with them or in PEM.

    Raises:
        UnfitKeyError: It is none.
    """
    if _PUBLIC.fullmatch(text.strip().lower()):
        return text.strip().lower()
    try:
        with Path(text).open("rb") as file:
            content = file.read(_LONGEST)
    except OSError as error:
        raise UnfitKeyError(f"neither a public key nor a file: {text}: {error.strerror}") from error
    if _PUBLIC.fullmatch(digits := content.decode("ascii", "replace").strip().lower()):
        return digits
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnfitKeyError(f"{text} holds no public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnfitKeyError(f"{text} holds a key of another kind than Ed25519")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _read(path: Path) -> Signer:
    content = _private_content(path)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnfitKeyError(f"{path} holds no private key in PEM, unencrypted") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnfitKeyError(f"{path} holds a key of another kind than Ed25519")
    return Signer(key)


def _private_content(path: Path) -> bytes:
    """Read a file that its owner alone may read; a link is not followed, a pipe never waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise UnfitKeyError(f"the signing key {path} cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise UnfitKeyError(f"{path} is not a plain file")
        if os.name == "posix" and mode & 0o077:
            raise UnfitKeyError(
                f"others may use the signing key {path} (mode {stat.S_IMODE(mode):04o}): chmod 600 {path}"
            )
        return file.read(_LONGEST)


def _make(path: Path) -> None:
    """Put a new key in place, whole or not at all; of two processes that do so at once, one wins."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    new_private_file(fresh)
    try:
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with fresh.open("wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        sync_directory(path.parent)
    except OSError as error:
        raise UnfitPlaceError(f"cannot make the signing key {path}: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
