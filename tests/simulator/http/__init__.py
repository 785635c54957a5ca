"""Tests of the simulated Azure on the wire."""
