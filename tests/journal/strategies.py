"""Any event that an engine could write, for property tests."""

from datetime import UTC

from hypothesis import strategies as st

from avd_failover.domain.actions import LogOff, SetScheduleFloor, Skipped, TellUser
from avd_failover.domain.estate import ScheduleFloor
from avd_failover.domain.findings import Finding
from avd_failover.domain.ids import ScheduleId, UserSessionId
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Event,
    Holder,
    Outcome,
    RunEnded,
    RunResumed,
    StepEnded,
    StepSkips,
    StepStarted,
    StepWaiting,
)
from tests.journal.builders import T0, drain, grant, make_pinned, revoke

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.integers(min_value=-(2**63), max_value=2**63 - 1)
moments = st.datetimes(
    min_value=T0.replace(year=2000, tzinfo=None),
    max_value=T0.replace(year=2100, tzinfo=None),
    timezones=st.just(UTC),
)
percents = st.integers(0, 100)
floors = st.builds(
    ScheduleFloor,
    ramp_up_minimum_hosts_pct=percents,
    ramp_up_capacity_threshold_pct=percents,
    ramp_down_minimum_hosts_pct=percents,
    ramp_down_capacity_threshold_pct=percents,
)
findings = st.builds(Finding, code=texts, subject=texts, detail=texts)
facts = st.dictionaries(
    texts, texts | numbers | st.booleans() | st.floats(allow_nan=False, allow_infinity=False), max_size=4
)
actions = st.one_of(
    st.builds(revoke, st.integers(0, 10**12 - 1)),
    st.builds(grant, st.integers(0, 10**12 - 1)),
    st.builds(drain),
    st.builds(LogOff, session=texts.map(UserSessionId), user=st.none(), reason=texts),
    st.builds(TellUser, session=texts.map(UserSessionId), title=texts, body=texts, reason=texts),
    st.builds(SetScheduleFloor, schedule=texts.map(ScheduleId), floor=floors, before=floors, reason=texts),
)
holders = st.builds(Holder, host=texts, pid=st.integers(0, 2**31), epoch=st.integers(1, 2**31))
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(make_pinned, simulated=st.none() | texts),
    st.builds(RunResumed, holder=holders, engine=texts),
    st.builds(
        RunEnded,
        status=st.sampled_from(RunStatus),
        because=texts,
        findings=st.lists(findings, max_size=3).map(tuple),
    ),
    st.builds(StepStarted, step=texts),
    st.builds(StepWaiting, step=texts, because=texts, until=moments),
    st.builds(
        StepSkips,
        step=texts,
        skipped=st.lists(st.builds(Skipped, target=texts, because=texts), max_size=3).map(tuple),
    ),
    st.builds(StepEnded, step=texts, status=st.sampled_from(StepStatus), because=texts, facts=facts),
    st.builds(ActionIntended, step=texts, n=st.integers(1, 2**40), action=actions),
    st.builds(
        ActionEnded,
        n=st.integers(1, 2**40),
        outcome=st.sampled_from(Outcome),
        by=st.sampled_from(["answer", "reading"]),
        detail=texts,
    ),
)
