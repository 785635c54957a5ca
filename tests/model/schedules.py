"""The shortest way to break each invariant under each wrong set of rules; made, not written.

``python -m tests.model schedules`` makes it anew; a test holds it to what the checker finds. A move is told
as what happened and, behind a colon, to which group, user or side.
"""

SCHEDULES: dict[str, dict[str, str]] = {
    "pipelined": {
        "dual access": ("send delete:0, apply delete:0, visible:0, settle, look, send put:0, apply put:0"),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, visible:0, settle, look, send put:0, apply put:0, start:1"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, visible:0, settle, look, send put:0, apply put:0, start:1, "
            "start:3"
        ),
    },
    "no settle wait": {
        "dual access": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, look, send put:0, apply put:0"
        ),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, look, send put:0, apply put:0, "
            "start:0"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, look, send put:0, apply put:0, "
            "start:0, start:2"
        ),
    },
    "zero before the settle wait": {
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, look, visible:0, start:1, "
            "visible:1, settle, send put:0, apply put:0"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, look, visible:0, start:1, "
            "visible:1, settle, send put:0, apply put:0, start:3"
        ),
    },
    "no quarantine": {
        "assignment lost": ("send delete:0, crash, take over and reverse, nothing to do, late delete:0"),
        "dual access": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, late put:2"
        ),
        "assigned on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, late put:2"
        ),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, start:0, late put:2"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, start:0, late put:2, start:2"
        ),
    },
    "quarantine only before the end": {
        "dual access": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, late put:2"
        ),
        "assigned on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, late put:2"
        ),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, start:0, late put:2"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, send put:0, apply put:0, start:0, late put:2, start:2"
        ),
    },
    "quarantine only before the first grant": {
        "dual access": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, late put:2, send put:0, apply put:0"
        ),
        "assigned on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, late put:2, send put:0, apply put:0"
        ),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, late put:2, send put:0, apply put:0, start:0"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, crash, take over and reverse, nothing to delete:0, nothing to delete:1, "
            "settle, look, late put:2, send put:0, apply put:0, start:0, start:2"
        ),
    },
    "the same behind closed doors": {
        "assigned on both sides": (
            "drain:0, forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, "
            "look, send put:0, crash, take over and reverse, drain:1, forbid:1, suspend:1, nothing to "
            "delete:0, nothing to delete:1, look, open doors:0, late put:2, send put:0, apply put:0"
        ),
    },
    "no closing reconcile": {
        "dual access": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, apply put:0, send put:1, double put:1, reconcile, fail back, send delete:0, "
            "apply delete:0, send delete:1, apply delete:1, visible:2, late put:3, settle, look, send "
            "put:0, apply put:0"
        ),
        "assigned on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, apply put:0, send put:1, double put:1, reconcile, fail back, send delete:0, "
            "apply delete:0, send delete:1, apply delete:1, visible:2, late put:3, settle, look, send "
            "put:1, apply put:1"
        ),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, apply put:0, send put:1, double put:1, reconcile, fail back, send delete:0, "
            "apply delete:0, send delete:1, apply delete:1, visible:2, late put:3, settle, look, send "
            "put:0, apply put:0, start:1"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, apply put:0, send put:1, double put:1, reconcile, fail back, send delete:0, "
            "apply delete:0, send delete:1, apply delete:1, visible:2, late put:3, settle, look, send "
            "put:0, apply put:0, start:1, start:3"
        ),
        "not where the run ended": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, send put:0, apply put:0, send put:1, double put:1, reconcile, fail back, send delete:0, "
            "apply delete:0, send delete:1, apply delete:1, visible:2, visible:3, settle, look, send put:0,"
            " apply put:0, send put:1, apply put:1, reconcile, late put:3"
        ),
        "assignment lost": (
            "send delete:0, apply delete:0, send delete:1, double delete:1, visible:0, visible:1, settle, "
            "look, send put:0, apply put:0, send put:1, apply put:1, reconcile, fail back, send delete:0, "
            "apply delete:0, send delete:1, apply delete:1, visible:2, visible:3, settle, look, send put:0,"
            " apply put:0, send put:1, apply put:1, reconcile, late delete:1"
        ),
    },
    "one look": {
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, connect:1, visible:1,"
            " settle, look, send put:0, apply put:0, land:1"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, connect:1, visible:1,"
            " settle, look, send put:0, apply put:0, connect:3, land:1, land:3"
        ),
    },
    "hosts not drained": {
        "dual access": (
            "forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0"
        ),
        "session on one side while access on the other": (
            "forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, start:0"
        ),
        "sessions on both sides": (
            "forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, start:0, start:1"
        ),
    },
    "Start VM on Connect left on": {
        "dual access": (
            "drain:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0"
        ),
        "session on one side while access on the other": (
            "drain:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, start:0"
        ),
        "sessions on both sides": (
            "drain:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, start:0, start:1"
        ),
    },
    "autoscale left on": {
        "dual access": (
            "drain:0, forbid:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, autoscale:0"
        ),
        "session on one side while access on the other": (
            "drain:0, forbid:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, start:1, autoscale:0"
        ),
        "sessions on both sides": (
            "drain:0, forbid:0, send delete:0, apply delete:0, send delete:1, apply delete:1, look, send "
            "put:0, apply put:0, start:1, autoscale:0, start:0"
        ),
    },
    "doors of the way back open too early": {
        "dual access": (
            "drain:0, forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, "
            "look, send put:0, apply put:0, abort, open doors:0"
        ),
        "session on one side while access on the other": (
            "drain:0, forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, "
            "look, send put:0, apply put:0, abort, open doors:0, start:0"
        ),
        "sessions on both sides": (
            "drain:0, forbid:0, suspend:0, send delete:0, apply delete:0, send delete:1, apply delete:1, "
            "look, send put:0, apply put:0, abort, open doors:0, start:0, start:1"
        ),
    },
    "images not durable": {
        "assignment lost": ("send delete:0, apply delete:0, crash"),
    },
    "a runner that was taken over sends on": {
        "assignment lost": ("crash, zombie delete:0, late delete:0"),
        "dual access": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, crash, take over and reverse, nothing to delete:0, nothing to delete:1, settle, look, "
            "send put:0, apply put:0, zombie put:2, late put:2"
        ),
        "assigned on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, crash, take over and reverse, nothing to delete:0, nothing to delete:1, settle, look, "
            "send put:0, apply put:0, zombie put:2, late put:2"
        ),
        "session on one side while access on the other": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, crash, take over and reverse, nothing to delete:0, nothing to delete:1, settle, look, "
            "send put:0, apply put:0, start:0, zombie put:2, late put:2"
        ),
        "sessions on both sides": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, crash, take over and reverse, nothing to delete:0, nothing to delete:1, settle, look, "
            "send put:0, apply put:0, start:0, zombie put:2, late put:2, start:2"
        ),
        "not where the run ended": (
            "send delete:0, apply delete:0, send delete:1, apply delete:1, visible:0, visible:1, settle, "
            "look, crash, take over and reverse, nothing to delete:0, nothing to delete:1, settle, look, "
            "send put:0, apply put:0, send put:1, apply put:1, reconcile, zombie put:2, late put:2"
        ),
    },
    "late, names reused": {
        "assignment lost": ("send delete:0, crash, take over, nothing to do, late delete:0"),
        "left on the target": (
            "send delete:0, delete:0, answer, send put:1, crash, take over, send put:0, put:0, answer, late"
            " put:1"
        ),
    },
    "late, fresh names": {
        "assignment lost": ("send delete:0, crash, take over, nothing to do, late delete:0"),
        "left on the target": (
            "send delete:0, delete:0, answer, send put:1, crash, take over, send put:0, put:0, answer, late"
            " put:1"
        ),
    },
    "copies only, names reused": {
        "assignment lost": (
            "send delete:0, delete twice:0, crash, take over, send put:0, put:0, answer, late delete:0"
        ),
        "left on the target": (
            "send delete:0, delete:0, answer, send put:1, put twice:1, crash, take over, send delete:1, "
            "delete:1, answer, send put:0, put:0, answer, late put:1"
        ),
    },
    "copies only, fresh names": {
        "left on the target": (
            "send delete:0, delete:0, answer, send put:1, put twice:1, crash, take over, send delete:1, "
            "delete:1, answer, send put:0, put:0, answer, late put:1"
        ),
    },
}
