"""The suite by the hour instead of by the minute."""
