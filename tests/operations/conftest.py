"""Properties draw the same examples every time, and no deadline turns a busy machine into a failure."""

from hypothesis import settings

settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")
