"""Tests of the journal: tampering, kills, races, full disks; and builders that other rooms use."""
