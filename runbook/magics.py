"""The names that notebook cells import. They stay where they are: notebooks sealed years ago name them."""

from runbook.run.cells import finish, start

__all__ = ["finish", "start"]
