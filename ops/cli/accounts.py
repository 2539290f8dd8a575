"""`muniment accounts`: create accounts over the API, replace lost root credentials on the host."""

import typer

app = typer.Typer(help="Accounts and their root credentials.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="accounts")
