"""The names that notebook cells import. They stay where they are: notebooks sealed years ago name them."""

import gc

# A kernel lives for one run: its modules stay, and no look for garbage has to pass over them again.
gc.disable()
from runbook.run.cells import finish, start  # noqa: E402

gc.freeze()
gc.enable()

__all__ = ["finish", "start"]
