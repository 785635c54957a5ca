"""Which roles open application groups, by Azure's wildcard rules."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.access import opens
from avd_failover.domain.estate import USE_APPLICATIONS
from tests.domain.builders import role

OPENING = [
    "Microsoft.DesktopVirtualization/applicationGroups/useApplications/action",
    "microsoft.desktopvirtualization/applicationgroups/useapplications/action",
    "MICROSOFT.DESKTOPVIRTUALIZATION/APPLICATIONGROUPS/USEAPPLICATIONS/ACTION",
    " Microsoft.DesktopVirtualization/applicationGroups/useApplications/action ",
    "*",
    "**",
    "*/action",
    "Microsoft.DesktopVirtualization/*",
    "Microsoft.DesktopVirtualization/*/action",
    "Microsoft.DesktopVirtualization/applicationGroups/*",
    "*/applicationGroups/*/action",
    "*useApplications*",
    "Microsoft.*/use*/act*",
    "*Microsoft.DesktopVirtualization/applicationGroups/useApplications/action*",
]

CLOSED = [
    "",
    "Microsoft.DesktopVirtualization/applicationGroups/useApplications",
    "Microsoft.DesktopVirtualization/applicationGroups/useApplications/action/more",
    "Microsoft.DesktopVirtualization/appAttachPackages/useApplications/action",
    "Microsoft.DesktopVirtualization/applicationGroups/read",
    "Microsoft.Compute/*",
    "*/read",
    "Microsoft.DesktopVirtualization/*/useApplications",
    "useApplications*",
    "*/action*/action",
    "*applicationGroups/useApplications*useApplications/action",
    "microsoft.desktopvirtualization/applicationgroups/useapplications/action*action",
]


@pytest.mark.parametrize("pattern", OPENING)
def test_a_data_action_that_matches_opens_whatever_its_case(pattern):
    assert opens(role(pattern))


@pytest.mark.parametrize("pattern", CLOSED)
def test_a_data_action_that_does_not_match_opens_nothing(pattern):
    assert not opens(role(pattern))


@pytest.mark.parametrize("minus", OPENING)
def test_what_not_data_actions_match_is_taken_away_again(minus):
    assert not opens(role("*", minus=[minus]))


@pytest.mark.parametrize("minus", CLOSED)
def test_not_data_actions_of_something_else_take_nothing_away(minus):
    assert opens(role("*", minus=[minus]))


def test_one_opening_data_action_among_others_is_enough():
    assert opens(role("Microsoft.Compute/*", "*/read", "*/useApplications/*"))


def test_a_role_without_data_actions_opens_nothing():
    owner = role("*")
    assert not opens(type(owner)(id=owner.id, name="Owner"))


pieces = st.lists(
    st.tuples(
        st.integers(0, len(USE_APPLICATIONS)), st.integers(0, 12), st.sampled_from(["*", "", "x", "/*"])
    ),
    max_size=5,
)


@given(pieces)
def test_wildcards_match_as_shell_patterns_do(cuts):
    pattern = USE_APPLICATIONS
    for place, length, put in cuts:
        pattern = pattern[:place] + put + pattern[place + length :]
    assert opens(role(pattern.upper())) == fnmatchcase(USE_APPLICATIONS, pattern)


@given(st.text(alphabet="*amio/.", max_size=30))
def test_any_pattern_of_stars_and_letters_is_matched_as_shell_patterns_are(pattern):
    assert opens(role(pattern)) == fnmatchcase(USE_APPLICATIONS, pattern)
