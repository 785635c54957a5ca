"""A simulated Azure: one pure world, a wire face and a direct face."""
