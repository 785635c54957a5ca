"""Faults of a simulated Azure: what goes wrong, when, and for whom. ``catalogue`` lists every one."""
