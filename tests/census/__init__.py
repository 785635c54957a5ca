"""Which error branches no test has ever entered (safety T15)."""
