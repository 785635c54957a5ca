"""Fail over Azure Virtual Desktop between regions, step by proven step.

The rooms, from the rim to the middle: ``cli``, ``report``, ``engine``, ``operations``, ``azure`` and
``simulator`` (the two sides of the cloud seam), ``journal``, ``runbook``, ``cloud`` (the seam), ``domain``.
Arrows point downwards only; ``tests/test_rooms.py`` holds that line.
"""

__version__ = "0.1.0"
