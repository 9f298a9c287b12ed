"""`--help` of the commands that take settings: all of them, with default and meaning, after the options."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class SettingsCommand(TyperCommand):
    """A command that is set by environment variables."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The usual help, and the settings."""
        super().format_help(ctx, formatter)
        from rich.console import Console
        from rich.table import Table

        from beatwatch.settings import Settings

        table = Table("variable", "default", "meaning", title="Environment variables, or lines of a file .env", expand=True)
        for name, field in Settings.model_fields.items():
            table.add_row(name.upper(), str(field.default), field.description)
        Console().print(table)
