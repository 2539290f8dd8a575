"""Writes the permission files of `ops/deploy/nats` from `permissions.py`, so that both always say the same.

Run `python -m muniment.ops.jetstream.deployment ops/deploy/nats` after changing a role.
"""

from __future__ import annotations

import sys
from pathlib import Path

from muniment.ops.jetstream.permissions import (
    ROLES,
    foreign_reader,
    render_exports,
    render_links,
    render_rules,
)
from muniment.ops.jetstream.settings import ROLES_IN_LOG

EXAMPLE_READER = foreign_reader("reader-example", "IAM", "reader-example")
HEADING = "# Made by muniment.ops.jetstream.deployment; change permissions.py instead.\n"


def permission_files() -> dict[str, str]:
    """Relative file name → text: every role's permissions and account, and an example of a foreign reader."""
    roles = (*ROLES.values(), EXAMPLE_READER)
    files = {f"permissions/{role.name}.conf": render_rules(role) for role in roles}
    files |= {f"accounts/{role.name}.conf": render_links(role) for role in roles if role.name not in ROLES_IN_LOG}
    files["accounts/log.conf"] = render_exports()
    return {name: HEADING + text + "\n" for name, text in files.items()}


def write(folder: Path) -> None:
    """Write the files below a folder."""
    for name, text in permission_files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
