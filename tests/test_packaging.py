"""The package is what the tree says, and dependencies are pinned and hashed (EXAMPLES §5, SECURITY part 3)."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("domain", "commands", "projections", "api", "ops", "client")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_folder_with_code_is_a_package_and_listed():
    inside = {path.parent.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(f"muniment.{'.'.join(path.parts)}" for path in inside)
    assert all((ROOT / path / "__init__.py").exists() for path in inside)


def test_the_namespace_itself_has_no_file():
    assert not (ROOT / "__init__.py").exists()
    assert set(PROJECT["tool"]["setuptools"]["package-dir"]) == {f"muniment.{folder}" for folder in FOLDERS}


def test_every_pinned_dependency_is_hashed():
    for lock in (ROOT / "requirements").glob("*.lock"):
        pins = re.split(r"\n(?=\S)", lock.read_text())
        assert len(pins) > 20
        assert [pin for pin in pins if "==" in pin and "--hash=sha256:" not in pin] == []


def test_what_the_client_needs_is_little():
    names = {re.split(r"[<>=\[]", entry)[0] for entry in PROJECT["project"]["dependencies"]}
    assert names == {"msgspec", "nats-py", "nkeys", "cryptography"}
