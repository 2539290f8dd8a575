"""How many random cases property tests look at: a few by default, many with HYPOTHESIS_PROFILE=heavy (`make heavy`).

Here alone: the profile that is loaded last holds for all tests. A test whose cases are slow takes a fraction of
`settings().max_examples`.
"""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=SLOW)
settings.register_profile("heavy", deadline=None, max_examples=2_000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
