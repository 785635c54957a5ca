"""Tests of the cloud seam's real side, against a scripted Azure on loopback."""
