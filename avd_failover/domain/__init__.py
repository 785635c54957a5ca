"""Frozen values and pure decisions. No I/O, no clock, no third party beyond msgspec."""
