"""Every guard that is taken out, as data: where, what stands there, what instead, which tests must fail."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """One guard taken out of one file of the package; ``old`` stands there exactly once."""

    name: str
    file: str
    old: str
    new: str
    tests: str


BARRIER = "tests/domain/test_barrier.py"
CASES = "tests/operations"
CASES_FILES = "tests/operations/test_cases.py"
DEAD = "tests/domain/test_dead_source.py"
FENCE = "tests/operations/test_fence.py"
DARK = "tests/operations/test_dark.py"
LEDGER = "tests/journal/test_ledger.py"
STANDING = "tests/cli/test_standing.py"
READING = "tests/engine/test_settled_by_reading.py"
PEOPLE = "tests/engine/test_what_people_ask.py"
PUT_BACK = "tests/operations/test_put_back.py"
DOUBT = "tests/crash/test_doubt.py"
STEPS = "tests/engine/test_steps.py"
GATE = "tests/azure/test_outgoing.py"
PERMITS = "tests/domain/test_permits.py"
CONFINEMENT = "tests/domain/test_confinement.py"
CONFINED = "tests/engine/test_confined.py"
SEEDS = "tests/simulation/test_seeds.py"

MUTATIONS = (
    Mutation(
        "one look is enough", "domain/barrier.py",
        "self.missing = max(1, policies.zero_looks) - len(self.zeros)",
        "self.missing = 1 - len(self.zeros)", BARRIER,
    ),
    Mutation(
        "looks need not lie apart", "domain/barrier.py",
        "if not picked or look.at_s - picked[-1].over_s >= policies.zero_apart_s:", "if True:", BARRIER,
    ),
    Mutation(
        "no settle time after the last revoke", "domain/barrier.py",
        "_last_revoke_s(looks) + policies.propagation_s", "_last_revoke_s(looks)", BARRIER,
    ),
    Mutation(
        "looks before the point count", "domain/barrier.py",
        "[look for look in empty if look.at_s >= point_s]", "list(empty)", BARRIER,
    ),
    Mutation(
        "a host that vanished is no gap", "domain/barrier.py",
        "if not holds(look) or (tail and tail[-1].lost_since(look)):", "if not holds(look):", BARRIER,
    ),
    Mutation(
        "hosts that take sessions are barred", "domain/source_look.py",
        "return self.clear and not self.wakes and all(host.barred for host in self.hosts)",
        "return self.clear and not self.wakes", BARRIER,
    ),
    Mutation(
        "autoscale may act behind the barrier", "domain/source_look.py",
        "return self.start_on_connect or self.autoscale_acts", "return self.start_on_connect", BARRIER,
    ),
    Mutation(
        "Start VM on Connect may be on behind the barrier", "domain/source_look.py",
        "return self.start_on_connect or self.autoscale_acts", "return self.autoscale_acts", BARRIER,
    ),
    Mutation(
        "a gap is silence, and silence is zero", "domain/source_look.py",
        "whole = self.hosts_complete and self.sessions_complete and not self.gaps", "whole = True", BARRIER,
    ),
    Mutation(
        "a silent host is an empty one", "domain/source_look.py",
        "return whole and not any(host.silent for host in self.hosts)", "return whole", BARRIER,
    ),
    Mutation(
        "a look that failed breaks no chain", "engine/steps.py",
        "            self._looks.clear()\n", "", SEEDS,
    ),
    Mutation(
        "a listing is believed without a read by id", "operations/assignments.py",
        "now = [await cloud.assignments.get(item.id) for item in listed]", "now = list(listed)", CASES,
    ),
    Mutation(
        "the listing need not agree at the barrier", "operations/barrier.py",
        "if lagging or seen.ways is None:", "if seen.ways is None:", CASES,
    ),
    Mutation(
        "a way in does not block the barrier", "operations/barrier.py",
        "left = (*seen.ways.shadows, *seen.ways.own)", "left = ()", CASES_FILES,
    ),
    Mutation(
        "an intent need not be durable before its request", "engine/attempts.py",
        "        await self._journal.durable()\n        return self._journal.state.attempts[n]",
        "        return self._journal.state.attempts[n]",
        "tests/crash/test_nth.py -k journal",
    ),
    Mutation(
        "what changed since its image is deleted", "engine/send.py",
        "if standing is not None and (changed := differences(image, standing)):",
        "if standing is None and (changed := differences(image, image)):", "tests/engine/test_send.py",
    ),
    Mutation(
        "what nobody knows is taken for done", "engine/attempts.py",
        "Outcome.VOID if wanted else Outcome.APPLIED", "Outcome.APPLIED", STEPS,
    ),
    Mutation(
        "an accepted change is sent again at once", "engine/attempts.py",
        "                self._be_patient(action, PATIENCE_S)\n                self._end(",
        "                self._end(", STEPS,
    ),
    Mutation(
        "a lost answer is answered by a storm", "engine/attempts.py",
        "min(PATIENCE_S, DOUBT_S * 2.0 ** (in_a_row - 1))", "0.0 * in_a_row", DOUBT,
    ),
    Mutation(
        "a journal that was lost takes entries", "journal/writer.py",
        "        if self._fault is not None:\n            raise self._lost(self._fault) from self._fault\n",
        "        return\n", "tests/journal/test_writer.py",
    ),
    Mutation(
        "images return while a delete is in flight", "operations/images.py",
        "left_s = self._in_flight_s(memory.last_revoke_s, memory)", "left_s = 0.0", DOUBT,
    ),
    Mutation(
        "access returns while a grant is in flight", "operations/images.py",
        "left_s = self._in_flight_s(memory.last_doubt_s, memory)", "left_s = 0.0", DOUBT,
    ),
    Mutation(
        "what was granted elsewhere is restored too", "operations/images.py",
        "here = [one for one in images if one.scope in mine]", "here = list(images) if mine else []",
        "tests/crash/test_rollback.py",
    ),
    Mutation(
        "settings that change late are left", "domain/rollback.py",
        '    yield _step("restore-late", "restore", End.TARGET, "reconcile")\n', "", DOUBT,
    ),
    Mutation(
        "shadow access is not refused", "operations/checks.py",
        "for path in seen.entry.exposure(self.route).shadows:", "for path in ():", CASES,
    ),
    Mutation(
        "a target too small is no reason to refuse", "operations/checks.py",
        "if self._leaves(seen) and self._seats(seen) < wanted:", "if wanted < 0:", CASES_FILES,
    ),
    Mutation(
        "a mixed placement is no reason to refuse", "operations/checks.py",
        "if isinstance(seen.latch, Mixed) and not seen.latch.explained:", "if not self:", CASES,
    ),
    Mutation(
        "the closing reconcile does not wait", "operations/reconcile.py",
        "return max(0.0, *(end_s - memory.now_s for end_s in ends)) if ends else 0.0",
        "return 0.0 * len(ends)", CASES_FILES,
    ),
    Mutation(
        "what is back on the source is not found", "operations/reconcile.py",
        "returned=tuple(back)", "returned=()", CASES,
    ),
    Mutation(
        "a step that safety rests on can be skipped", "engine/conduct.py",
        " and known.step.uses not in self._essential", "", "tests/crash/test_orders.py",
    ),
    Mutation(
        "a grant needs no barrier in a runbook", "runbook/runbook_safety.py",
        "        if not barriers:\n", "        if barriers is None:\n", "tests/runbook/test_runbook_file.py",
    ),
    Mutation(
        "a pair can be held twice", "journal/local_leases.py",
        "if handle is None and not self._over(last):", "if handle is None and self._over(last):",
        "tests/journal/test_lease.py",
    ),
    Mutation(
        "what lies outside the plan is sent", "engine/send.py",
        "    confined.check(action)\n", "", CONFINED,
    ),
    Mutation(
        "the gate before the wire stands open", "azure/pipeline.py",
        "        PermitPolicy(),\n", "", GATE,
    ),
    Mutation(
        "a request needs no permit of its own", "domain/permits.py",
        "if asked not in self._left:", "if asked.resource not in {one.resource for one in self._all}:",
        PERMITS,
    ),
    Mutation(
        "a permit lasts for any number of requests", "domain/permits.py",
        "        self._left.remove(asked)\n", "", PERMITS,
    ),
    Mutation(
        "a permit outlives its action", "domain/permits.py",
        "        self._left.clear()\n", "        return\n", PERMITS,
    ),
    Mutation(
        "every machine counts as seen", "domain/confinement.py",
        "known = action.machine in machines", "known = bool(machines)", CONFINEMENT,
    ),
    Mutation(
        "hosts of other pools show machines", "domain/confinement.py",
        "mine = _parsed(ids.session_host_id, host.id) and ids.pool_of(host.id) in self.pools",
        "mine = _parsed(ids.session_host_id, host.id)", CONFINED,
    ),
    Mutation(
        "a drill may move anybody", "domain/confinement.py",
        "if (one.scope, one.principal_id) not in self.holds:",
        "if one.scope not in {scope for scope, _ in self.holds}:", CONFINEMENT,
    ),
    Mutation(
        "any role may be granted", "domain/confinement.py",
        "if one.role != self.role or not _ROLE_PATH", "if not _ROLE_PATH", CONFINEMENT,
    ),
    Mutation(
        "a step may run another program than its own", "domain/confinement.py",
        'return "" if all(map(could_become, words, action.argv)) else', 'return "" if words else',
        CONFINEMENT,
    ),
    Mutation(
        "a step may call another address than its own", "domain/confinement.py",
        'return "" if named == own else', 'return "" if own else', CONFINEMENT,
    ),
    Mutation(
        "autoscale of others may be changed", "domain/confinement.py",
        "return self._scaling_plan(action.plan) or self._references(action)",
        "return self._scaling_plan(action.plan)", CONFINEMENT,
    ),
    Mutation(
        "a path with a detour is read on", "azure/outgoing.py",
        "if first or url.fragment or not rest or any(map(_doubtful, segments)):",
        "if first or url.fragment or not rest:", GATE,
    ),
    Mutation(
        "an operation may shrug off our own gate", "engine/attempts.py",
        "        if isinstance(fault, OutsidePlanError):\n", "        if isinstance(fault, str):\n", CONFINED,
    ),
    Mutation(
        "the directory may be changed", "azure/graph.py",
        '            event_hooks={"request": [_only_read]},\n', "", GATE,
    ),
    Mutation(
        "one person fences a dark source", "domain/dead_source.py",
        "Rule(count=policies.approvers, two_person=policies.approvers > 1)", "Rule()", DEAD,
    ),
    Mutation(
        "whoever began the run is one of the two", "domain/dead_source.py",
        "two_person=policies.approvers > 1)", "two_person=False)", DEAD,
    ),
    Mutation(
        "a source is fenced before its revokes settled", "domain/dead_source.py",
        "if silence.settles_in_s > 0:", "if silence.settles_in_s < 0:", DEAD,
    ),
    Mutation(
        "people outweigh an assignment that is left", "domain/dead_source.py",
        "if silence.unread or silence.held:", "if silence.unread:", DEAD,
    ),
    Mutation(
        "people outweigh what nobody could read", "domain/dead_source.py",
        "if silence.unread or silence.held:", "if silence.held:", DEAD,
    ),
    Mutation(
        "a planned run may be fenced", "operations/fence.py",
        "if self.route.mode is Mode.PLANNED or self.route.partial:", "if self.route.partial:", FENCE,
    ),
    Mutation(
        "users who are seen are fenced away", "operations/fence.py",
        "if not unseen or seen.sessions:", "if not unseen:", FENCE,
    ),
    Mutation(
        "nothing revoked means nothing to settle", "operations/fence.py",
        "since_s = self._first_s if memory.last_revoke_s is None else memory.last_revoke_s",
        "since_s = memory.last_revoke_s or 0.0", FENCE,
    ),
    Mutation(
        "a healthy source is left as if it were dark", "operations/dark.py",
        "if seen.available and not seen.silent and not self.route.forced:", "if seen.available < 0:", DARK,
    ),
    Mutation(
        "one look without an answer is darkness", "operations/dark.py",
        "if seen.silent and not (len(looks) > 1 and _silent(looks[-2])):", "if seen.available < 0:", DARK,
    ),
    Mutation(
        "a refusal is taken for silence", "operations/dark.py",
        "        if isinstance(fault, RefusedError):\n            raise fault\n", "", DARK,
    ),
    Mutation(
        "debts stand in nobody's way", "cli/standing.py",
        "if asked.route.purpose is not Purpose.SETTLE and (state := standing.owing) is not None:",
        "if asked.route.purpose is Purpose.UPKEEP and (state := standing.owing) is not None:", STANDING,
    ),
    Mutation(
        "two runs of a pair may be unfinished", "cli/standing.py",
        "if (state := standing.unfinished) is not None:",
        "if (state := standing.unfinished) is not None and not state.changed:", STANDING,
    ),
    Mutation(
        "a run key goes back right after the way there", "cli/standing.py",
        "if asked.key and (left_s := _held_down_s(asked, standing, now)) > 0:",
        "if asked.key and (left_s := _held_down_s(asked, standing, now)) < 0:", STANDING,
    ),
    Mutation(
        "a settling that was held pays debts", "journal/ledger.py",
        "if state.route.purpose is Purpose.SETTLE and state.status is RunStatus.COMPLETED:",
        "if state.route.purpose is Purpose.SETTLE:", LEDGER,
    ),
    Mutation(
        "a look that saw half settles what is open", "engine/attempts.py",
        "if wanted or moves.whole:", "if wanted or not wanted:", READING,
    ),
    Mutation(
        "a grant of an earlier epoch is known by its name", "domain/actions.py",
        "    if isinstance(action, GrantAssignment):\n        one = action.assignment\n",
        "    if isinstance(action, str):\n        one = action.assignment\n", READING,
    ),
    Mutation(
        "a defect of ours hides behind a stop", "engine/attempts.py",
        "raise min(faults, key=_urgency)", "raise max(faults, key=_urgency)",
        "tests/engine/test_faults_together.py",
    ),
    Mutation(
        "a throttled read breaks the look off", "engine/unhurried.py",
        "if fault.status != THROTTLED:", "if fault.status == THROTTLED:", "tests/engine/test_unhurried.py",
    ),
    Mutation(
        "a run on its way back is switched", "engine/orders.py",
        "return state.turned is None and state.route.mode is Mode.PLANNED",
        "return state.route.mode is Mode.PLANNED", PEOPLE,
    ),
    Mutation(
        "the way home opens hosts while a door stands open", "operations/restore.py",
        "        if seen.settles_in_s > 0:\n            return Moves()\n", "", PUT_BACK,
    ),
    Mutation(
        "a machine is stopped under its users", "operations/restore.py",
        "    if sessions:\n", "    if sessions < 0:\n", PUT_BACK,
    ),
    Mutation(
        "machines that users return to are stopped", "operations/put_back.py",
        "own = [one for one in memory.changed if not self._keeps(one)]", "own = list(memory.changed)",
        PUT_BACK,
    ),
    Mutation(
        "a failback does not wait for profiles", "operations/profiles.py",
        "if profiles.mirrored:", "if profiles:", "tests/operations/test_profiles.py",
    ),
    Mutation(
        "another way in does not matter in the dark", "operations/fence.py",
        "        if blocked := self._blocked(seen):\n            return blocked\n", "", FENCE,
    ),
    Mutation(
        "a barrier never ages", "engine/aged.py",
        "return 0.0 <= (now - barrier.finished_at).total_seconds() <=", "return True or 0.0 <=",
        "tests/engine/test_aged.py",
    ),
    Mutation(
        "one person alone puts an edited plan into force", "engine/amended.py",
        "    if not state.pinned.amends or rule is None", "    if rule is None or True",
        "tests/cli/test_amend.py",
    ),
    Mutation(
        "a word is as young as the run that hears it", "journal/state.py",
        "at=event.asked_at or at,", "at=at,", "tests/engine/test_what_people_ask.py",
    ),
    Mutation(
        "whoever began the run waives the proof of seats", "engine/waivers.py",
        "    if not same_person(by, state.pinned.initiator):\n", "    if True:\n",
        "tests/engine/test_waivers.py",
    ),
    Mutation(
        "a choice over one journal is one over every other", "journal/chain.py",
        "(known.seq, known.head) not in state.chosen_over", "not state.chosen_over",
        "tests/journal/test_chosen.py",
    ),
)  # fmt: skip
