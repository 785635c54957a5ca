"""Parse, wire, print, choose the exit code."""
