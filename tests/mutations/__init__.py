"""Guards proven to bite: each is taken out of a copy of the package, and a named test must go red."""
