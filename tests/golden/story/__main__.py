"""Write the files of facts that have none: `python -m tests.golden.story`."""

from tests.golden.story import write_missing

print("\n".join(write_missing()) or "nothing is missing")
