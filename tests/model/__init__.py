"""A model of the protocol that moves users between the sides, and a checker that visits all of its states.

``checker``   every reachable state, breadth first, so that what breaks an invariant is a shortest schedule
``state``     what a state holds, what is modelled (``Setting``), what the runner keeps to (``Rules``)
``world``     what happens by itself: delays, users, requests that arrive late, hosts that wake
``protocol``  what the runner does, and the invariants
``pair``      the finer model of one pair's requests: names, copies, answers
``variants``  the right rules and the wrong ones, as data, with what each breaks after how many moves
``schedules`` the shortest ways to break them, exported to be replayed

The tests hold the tables, prove that each invariant can fail, and put the real decisions (the barrier, the
direction latch, the closing reconcile, the order of a runbook) in front of the exported schedules: where a
wrong variant goes on, the engine must refuse. The largest model takes most of a minute and runs on demand,
``make model`` or ``python -m tests.model``; everything else runs with the other tests.

What is not modelled: time as numbers (a wait is a guard on what may still happen), reads that are stale or
incomplete (the barrier's own tests have them), what other administrators change, and a dark region.
"""
