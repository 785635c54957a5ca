"""Programs that measure speed: ratios and medians of one run, never a bound in a test."""
