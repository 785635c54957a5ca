"""Counts and lists as people say them."""

import pytest

from avd_failover.domain.words import counted, listed


@pytest.mark.parametrize(("number", "words"), [(0, "0 hosts"), (1, "1 host"), (2, "2 hosts")])
def test_a_number_comes_with_its_noun(number, words):
    assert counted(number, "host") == words


LISTS = [
    ([], 5, ""),
    (["a"], 5, "a"),
    (["a", "b"], 5, "a and b"),
    (["a", "b", "c"], 5, "a, b and c"),
    (["a", "b", "c"], 3, "a, b and c"),
    (["a", "b", "c"], 2, "a, b and 1 more"),
    (["a", "b", "c"], 1, "a and 2 more"),
]


@pytest.mark.parametrize(("names", "most", "words"), LISTS)
def test_a_list_is_cut_where_it_gets_long(names, most, words):
    assert listed(names, most) == words
