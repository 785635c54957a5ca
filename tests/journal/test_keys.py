"""The signing key: made once, for its owner alone, and never taken from where others could have put it."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.keys import (
    NAME,
    VARIABLE,
    UnfitKeyError,
    public_of,
    read_public,
    signed_by,
    signer_of,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_a_key_is_made_at_first_use_for_its_owner_alone_and_kept(home: Path) -> None:
    first = signer_of(home, {})
    assert stat.S_IMODE((home / NAME).stat().st_mode) == 0o600
    assert signer_of(home, {}).public == first.public
    assert [path.name for path in home.iterdir()] == [NAME]


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "other")]
    for place in homes:
        place.mkdir(mode=0o700)
    assert len({signer_of(place, {}).public for place in homes}) == 2


def test_asking_for_the_public_key_makes_none(home: Path) -> None:
    assert public_of(home, {}) == ""
    assert not list(home.iterdir())
    made = signer_of(home, {}).public
    assert public_of(home, {}) == made


def test_a_key_named_in_the_environment_is_taken_and_never_made(home: Path) -> None:
    elsewhere = home / "elsewhere.pem"
    with pytest.raises(UnfitKeyError, match="cannot be read"):
        signer_of(home, {VARIABLE: str(elsewhere)})
    signer_of(home, {})
    (home / NAME).rename(elsewhere)
    found = signer_of(home, {VARIABLE: str(elsewhere)})
    assert public_of(home, {VARIABLE: str(elsewhere)}) == found.public
    assert not (home / NAME).exists()


def test_what_is_signed_is_known_by_the_public_key_and_nothing_else_is(home: Path) -> None:
    ours = signer_of(home, {})
    signature = ours.sign(b"message")
    assert signed_by(ours.public, b"message", signature)
    assert ours.sign(b"message") == signature
    assert not signed_by(ours.public, b"messagf", signature)
    for public, sign in ((ours.public, "zz"), (ours.public, ""), ("", signature), ("ab" * 31, signature)):
        assert not signed_by(public, b"message", sign)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_use_is_refused(home: Path, mode: int) -> None:
    signer_of(home, {})
    (home / NAME).chmod(mode)
    with pytest.raises(UnfitKeyError, match="chmod 600"):
        signer_of(home, {})


def test_a_key_behind_a_link_is_refused_even_where_the_link_leads_nowhere(home: Path) -> None:
    (home / NAME).symlink_to(home / "real")
    with pytest.raises(UnfitKeyError):
        signer_of(home, {})
    assert not (home / "real").exists()


def test_a_pipe_in_the_place_of_the_key_is_refused_and_not_waited_for(home: Path) -> None:
    os.mkfifo(home / NAME, 0o600)
    with pytest.raises(UnfitKeyError, match="plain file"):
        signer_of(home, {})


def other_key() -> bytes:
    return X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


CONTENTS = {
    "nothing": b"",
    "no PEM": b"not a key",
    "half a key": b"-----BEGIN PRIVATE KEY-----\nMC4C\n",
    "another kind": other_key(),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_a_file_without_a_key_is_refused_and_its_content_never_told(home: Path, content: str) -> None:
    path = home / NAME
    path.write_bytes(CONTENTS[content])
    path.chmod(0o600)
    with pytest.raises(UnfitKeyError) as caught:
        signer_of(home, {})
    assert "BEGIN" not in str(caught.value)
    assert path.read_bytes() == CONTENTS[content]


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnfitPlaceError, match="cannot create"):
        signer_of(tmp_path / "not-there", {})


def test_a_public_key_is_read_from_digits_a_file_of_digits_and_pem(home: Path) -> None:
    private = Ed25519PrivateKey.generate()
    digits = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (home / "digits").write_text(f"{digits.upper()}\n")
    (home / "pem").write_bytes(pem)
    for named in (digits, digits.upper(), str(home / "digits"), str(home / "pem")):
        assert read_public(named) == digits


@pytest.mark.parametrize("text", ["", "ab" * 31, "no-such-file"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(UnfitKeyError):
        read_public(text)


def test_a_public_key_of_another_kind_is_refused(home: Path) -> None:
    pem = (
        X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (home / "pem").write_bytes(pem)
    with pytest.raises(UnfitKeyError, match="another kind"):
        read_public(str(home / "pem"))
    with pytest.raises(UnfitKeyError, match="neither"):
        read_public(str(home / "gone"))
