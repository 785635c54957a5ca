"""Tests of the domain: cases as data, properties, no I/O."""
