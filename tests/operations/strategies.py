"""Worlds for properties, as lines of the cases' language: any mix of hosts, sessions, schedules, access."""

from hypothesis import strategies as st

from avd_failover.domain.estate import HostStatus, PowerState, SessionState
from tests.operations.places import make_route

LABELS = [pair.label for pair in make_route().pairs]

hosts = st.builds(
    lambda region, number, status, power, drained, sessions: (
        f"host {region}-{number} {status} {power}{drained} sessions={sessions}"
    ),
    st.sampled_from(("weu", "neu")),
    st.integers(1, 5),
    st.sampled_from([one.value for one in HostStatus]),
    st.sampled_from([one.value for one in PowerState]),
    st.sampled_from(("", " drained", " nomachine")),
    st.integers(0, 11),
)
sessions = st.builds(
    lambda region, host, number, state: f"session {region}-{host}/{number} {state}",
    st.sampled_from(("weu", "neu", "weu-other")),
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([one.value for one in SessionState]),
)


def access_by(*verbs: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda verb, label, end: f"{verb} {label} at {end}",
        st.sampled_from(verbs),
        st.sampled_from(LABELS),
        st.sampled_from(("source", "target")),
    )


extras = st.builds(
    lambda role, who, number, at: f"extra {role} to {who} {number} at {at}",
    st.sampled_from(("user", "wildcard", "reader", "unread")),
    st.sampled_from(("group", "user", "service")),
    st.sampled_from((1, 2, 3, 9)),
    st.sampled_from(("DAG source", "RAG target", "resources weu", "subscription", "management", "root")),
)
schedules = st.builds(
    lambda region, name, up, down: f"schedule {region} {name} {up}/60 {down}/90",
    st.sampled_from(("weu", "neu")),
    st.sampled_from(("weekdays", "weekend", "holidays")),
    st.integers(0, 100),
    st.integers(0, 100),
)
settings_ = st.sampled_from(
    (
        "pool weu start=on",
        "pool weu start=off",
        "pool neu start=on",
        "pool neu most=3",
        "scaling weu own=on other=off",
        "scaling weu other=on own=on",
        "scaling weu own=off",
        "scaling neu own=off",
        "assign nobody",
        "revoked all at source",
        "group stray weu",
        "last revoke 900",
        "last send 900",
        "did weu-1/1 at 900",
    )
)
worlds = st.lists(
    st.one_of(hosts, sessions, access_by("assign", "lags", "hides"), extras, schedules, settings_),
    max_size=10,
)
"""Worlds as lists of lines."""

closable = st.lists(st.one_of(hosts, sessions, schedules, access_by("assign", "lags")), max_size=8)
"""Worlds in which Azure carries out every planned action: nobody granted anything that listings hide."""
