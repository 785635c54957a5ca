"""The cloud seam's real side, over the official SDKs."""
