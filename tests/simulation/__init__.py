"""Seeded random runs against a simulated Azure on which everything goes wrong."""
