"""Properties have no deadline: several workers share two cores."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")
