"""Drive a step graph over the cloud seam and write the journal. Knows no Azure and no YAML."""
