"""The cloud seam's real side: one service per file over the official SDKs, errors by one table.

``estate.connect`` wires it. Every request goes once, in its turn, to the configured endpoint and nowhere
else. Nothing here decides, retries or records.
"""
