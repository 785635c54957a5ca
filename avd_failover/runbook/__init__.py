"""Plans, runbooks and scenarios as files: strict YAML to checked values, every fault with its place."""
