"""Journals as versions of the engine wrote them: what was written once stays readable (safety J9, T9)."""
