"""`make bench`: every benchmark, one after another; each is a module of its own that can be run alone."""

import subprocess
import sys

MODULES = (
    "bench.commands",
    "bench.visible",
    "bench.feed",
    "bench.access",
    "bench.http_decisions",
    "bench.sts",
    "bench.secrets",
    "bench.rotation",
    "bench.keks",
    "bench.passwords",
    "bench.as_of",
    "bench.client",
    "bench.whatif",
)

for module in MODULES:
    sys.stdout.write(f"\n== python -m {module}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", module], check=True)
