"""Writes the permission files of `ops/deploy/nats` from `permissions.py`, so that both always say the same.

Run `python -m muniment.ops.jetstream.deployment ops/deploy/nats` after changing a role.
"""

from __future__ import annotations

import sys
from pathlib import Path

from muniment.ops.jetstream.permissions import ROLES, Role, foreign_reader, render_rules

EXAMPLE_READER = foreign_reader("reader-example", "IAM", "reader-example")
HEADING = "# Made by muniment.ops.jetstream.deployment; change permissions.py instead.\n"


def permission_files() -> dict[str, str]:
    """Relative file name → text, for every role and an example of a foreign reader."""
    return {_name(role): HEADING + render_rules(role) + "\n" for role in (*ROLES.values(), EXAMPLE_READER)}


def write(folder: Path) -> None:
    """Write the files below a folder."""
    for name, text in permission_files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def _name(role: Role) -> str:
    return f"permissions/{role.name}.conf"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
