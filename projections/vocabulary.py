"""The vocabulary: before a log is read, every fact of this release must be known, whichever parts of the program are in use."""

import importlib
import pkgutil

from muniment import domain


def learn_facts() -> None:
    """Import every module of the domain, so that all facts and states stand in their registries."""
    for module in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}."):
        if not module.name.startswith(f"{domain.__name__}.policy."):  # the policy language has no facts
            importlib.import_module(module.name)
