"""Five links that let type checkers see the folders at the root as the package `muniment` (EXAMPLES §5)."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("domain", "commands", "projections", "api", "ops", "client")

place = ROOT / ".typecheck" / "muniment"
place.mkdir(parents=True, exist_ok=True)
for folder in FOLDERS:
    link = place / folder
    if not link.is_symlink():
        os.symlink(ROOT / folder, link)
