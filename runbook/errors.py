"""The one exception base: every error is a sentence for the person at the keyboard, in the case's language."""

from __future__ import annotations


class RunbookError(Exception):
    """What happened, what to do, where to read on: one localised text, shown without a traceback.

    Raise with text that is already in the reader's language (``sentences.say``). Notebooks show only this
    text (IPython calls ``_render_traceback_``), the command line prints it and exits with ``exit_code``.
    """

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class BadInput(RunbookError):
    """The case file, a parameter or an argument is wrong: nothing was run. Exit code 2."""

    exit_code = 2


class Faults:
    """Gathers what is wrong with the input, so that all of it is told at once: ``with faults:`` keeps a BadInput."""

    def __init__(self) -> None:
        self._told: list[str] = []

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, BadInput):
            self._told.append(str(error))
        return isinstance(error, BadInput)

    def __bool__(self) -> bool:
        return bool(self._told)

    def tell(self) -> None:
        """Raise BadInput with everything that was kept; nothing where there is nothing."""
        if self._told:
            raise BadInput("\n".join(self._told))


class RunFailed(RunbookError):
    """The run is over and at least one step failed. Raised by the last cell, after the summary. Exit code 1."""
