"""What the machine must bring: Python 3.11 with venv, and for the tests PostgreSQL, Redis, Chromium and zbar. Run by make; any
Python 3 runs it.

As root on Debian it installs what is missing; otherwise it names it and ends with 1.
"""

import glob
import os
import shutil
import subprocess
import sys

POSTGRES = "/usr/lib/postgresql/*/bin/initdb"
CHROMIUM = "/usr/bin/chromium"
REDIS = "/usr/bin/redis-server"
ZBAR = "/usr/bin/zbarimg"


def missing(part):
    """The Debian packages that `part` still needs."""
    if part == "python":
        return [] if _has("venv") and _has("ensurepip") else ["python3-venv"]
    packages = {
        "postgresql": glob.glob(POSTGRES),
        "redis-server": os.path.exists(REDIS),
        "chromium": os.path.exists(CHROMIUM),
        "zbar-tools": os.path.exists(ZBAR),
    }
    return [name for name, found in packages.items() if not found]


def _has(module):
    return subprocess.call([sys.executable, "-c", "import " + module], stderr=subprocess.DEVNULL) == 0


def main(part):
    if sys.version_info < (3, 11):
        sys.exit(
            "Muniment needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.11 …" % sys.version.split()[0]
        )
    packages = missing(part)
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit("missing: %s. As root: %s" % (", ".join(packages), " ".join(command)))
    print("installing Debian packages: %s" % ", ".join(packages), flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.check_call(["apt-get", "update", "-qq"], env=environment)
    subprocess.check_call([*command, "-qq"], env=environment, stdout=subprocess.DEVNULL)
    if missing(part):
        sys.exit("still missing after installation: %s" % ", ".join(missing(part)))


if __name__ == "__main__":
    main(sys.argv[1])
