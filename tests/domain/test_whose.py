"""Whose session is whose: by name, and never by guess."""

import pytest

from avd_failover.domain.estate import Membership, SessionState, UserSession
from avd_failover.domain.ids import UserSessionId
from avd_failover.domain.whose import Whose, whose
from tests.domain.builders import gid, user

ADA, BEN, EVE = user(1), user(2), user(3)


def called(number: int, name: str | None) -> UserSession:
    return UserSession(id=UserSessionId(f"s{number}"), state=SessionState.ACTIVE, name=name)


def group(number: int, **names: int) -> Membership:
    """``group(1, ada=1)`` holds user 1 as ada@contoso.com."""
    pairs = tuple((f"{name}@contoso.com", user(one)) for name, one in names.items())
    return Membership(group=gid(number), users=frozenset(one for _, one in pairs), names=pairs)


def told(found: Whose) -> dict[str, object]:
    return {str(one.id): one.user for one in (*found.known, *found.unresolved)}


def test_a_session_belongs_to_the_member_of_its_name_in_any_casing_and_any_group() -> None:
    found = whose(
        [called(1, "ben@contoso.com"), called(2, "ADA@Contoso.com")], [group(1, ada=1), group(2, ben=2)]
    )
    assert told(found) == {"s1": BEN, "s2": ADA}
    assert found.unresolved == ()


def test_a_user_in_two_groups_is_one_user_and_may_have_several_sessions() -> None:
    sessions = [called(1, "ada@contoso.com"), called(2, "ada@contoso.com")]
    found = whose(sessions, [group(1, ada=1), group(2, ada=1)])
    assert [one.user for one in found.known] == [ADA, ADA]


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        (None, [group(1, ada=1)]),
        ("", [group(1, ada=1)]),
        ("eve@contoso.com", [group(1, ada=1)]),
        ("ada@contoso.com", []),
        ("ada@contoso.com", [group(1, ada=1), group(2, ada=2)]),  # the name went to somebody else meanwhile
        ("ada@contoso.co", [group(1, ada=1)]),
        (" ada@contoso.com", [group(1, ada=1)]),
        ("contoso\\ada", [group(1, ada=1)]),
        (None, [Membership(group=gid(1), users=frozenset({ADA}), names=(("", ADA),))]),
        ("ada@contoso.com", [Membership(group=gid(1), users=frozenset({ADA}))]),  # names were not shown
    ],
)
def test_a_session_is_never_guessed_to_be_somebodys(name: str | None, groups: list[Membership]) -> None:
    session = called(1, name)
    found = whose([session], groups)
    assert (found.known, found.unresolved) == ((), (session,))


def test_what_may_be_a_users_is_more_than_what_certainly_is() -> None:
    sessions = [called(1, "ada@contoso.com"), called(2, "ben@contoso.com"), called(3, "who@contoso.com")]
    found = whose(sessions, [group(1, ada=1, ben=2)])
    assert [one.id for one in found.of({ADA})] == ["s1"]
    assert [one.id for one in found.perhaps_of({ADA})] == ["s1", "s3"]
    assert [one.id for one in found.of({EVE})] == []
    assert [one.id for one in found.perhaps_of({EVE})] == ["s3"]


def test_order_is_kept_and_nothing_is_lost_or_made() -> None:
    names = ["ada", "who", "ben", "who", "ada"]
    sessions = [called(number, f"{name}@contoso.com") for number, name in enumerate(names)]
    found = whose(sessions, [group(1, ada=1, ben=2)])
    assert [one.id for one in found.known] == ["s0", "s2", "s4"]
    assert [one.id for one in found.unresolved] == ["s1", "s3"]
    assert all(one.name and one.name in {s.name for s in sessions} for one in found.known)


def test_no_repr_tells_a_name() -> None:
    found = whose([called(1, "ada@contoso.com")], [group(1, ada=1)])
    everything = [found, group(1, ada=1), list(found.known[0].__rich_repr__())]
    assert "contoso" not in repr(everything)
    assert ADA in repr(found)
