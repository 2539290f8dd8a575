"""Mutation testing of the two evaluators: lay out a copy as mutmut wants it, run, and say which mutants survived.

The copy has the package under src/muniment/, for mutmut names what it changes after its path. It takes an hour and more on one
core; what was tried is remembered in the copy, so that a second run goes on. `make mutate ONLY=muniment.domain.policy.layers*`
tries a part.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutation"
FOLDERS = ("domain", "commands", "projections", "api", "ops", "client")
PLAIN = "conditions evaluate layers matching operators principals request statements values variables"
COMPILED = (
    "automaton conditions engine frame globs holdings known library plans readings resources rules standing templates"
)
SETTINGS = """
[tool.mutmut]
source_paths = ["src/"]
only_mutate = [{mutated}]
also_copy = ["tests/"]
pytest_add_cli_args_test_selection = ["tests/domain/policy", "tests/projections/access", "tests/differential"]
pytest_add_cli_args = [
  "-p", "no:cacheprovider", "-q",
  "--ignore=tests/domain/policy/checks", "--ignore=tests/domain/policy/validation",
]

[tool.pytest.ini_options]
pythonpath = ["src", "."]
addopts = "--import-mode=importlib -m 'not heavy'"
markers = ["heavy: minutes long"]
"""


def lay_out() -> None:
    """A fresh copy of the sources and tests; what mutmut remembers stays."""
    for folder in FOLDERS:
        target = COPY / "src" / "muniment" / folder
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(ROOT / folder, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(COPY / "tests", ignore_errors=True)
    shutil.copytree(ROOT / "tests", COPY / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    files = [f"src/muniment/domain/policy/{name}.py" for name in PLAIN.split()]
    files += [f"src/muniment/projections/access/{name}.py" for name in COMPILED.split()]
    mutated = ", ".join(f'"{file}"' for file in files if (COPY / file).is_file())
    (COPY / "pyproject.toml").write_text(SETTINGS.format(mutated=mutated))


def main() -> int:
    """Run mutmut on the copy; its exit status."""
    lay_out()
    only = os.environ.get("ONLY", "").split()
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "quick", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [mutmut, "run", "--max-children", os.environ.get("JOBS", "2"), *only]
    done = subprocess.run(command, cwd=COPY, env=environment, check=False)
    found = subprocess.run([mutmut, "results"], cwd=COPY, env=environment, check=False, capture_output=True, text=True)
    sys.stdout.write(found.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
