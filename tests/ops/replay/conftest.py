"""How many random histories the tests look at: a few by default, many with HYPOTHESIS_PROFILE=heavy."""

import os

from hypothesis import HealthCheck, settings

_LENIENT = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("quick", max_examples=20, deadline=None, suppress_health_check=_LENIENT)
settings.register_profile("heavy", max_examples=500, deadline=None, suppress_health_check=_LENIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
