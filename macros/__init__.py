"""The site's macros: pages call them, knowledge/ and the steps' scripts fill them.

mkdocs-macros imports this package and calls ``define_env``. Each macro works out the language of the build when
it is called. Of the package ``runbook``, only ``runbook.knowledge`` is imported.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from macros.words import language_of, word


def define_env(env: Any) -> None:
    """Declare the macros (called once per build by mkdocs-macros)."""

    def declare(name: str, macro: Callable[..., str]) -> None:
        @functools.wraps(macro)
        def called(*args: object, **options: object) -> str:
            lang = language_of(env)
            try:
                return macro(lang, *args, **options)
            except (FileNotFoundError, AttributeError, KeyError, NotImplementedError) as missing:
                if not env.conf["extra"].get("under_construction"):
                    raise
                return f'\n!!! bug "{name}{args}"\n    {type(missing).__name__}: {missing}\n'

        env.macro(called, name)

    for name, macro in MACROS.items():
        declare(name, macro)


def _later(*_: object, **__: object) -> str:
    raise NotImplementedError("this macro is being written")


MACROS: dict[str, Callable[..., str]] = {
    "t": lambda lang, key, **fields: word(key, lang, **fields),
    "command": _later,
    "table": _later,
    "errors": _later,
    "events": _later,
    "checklist": _later,
    "picture": _later,
    "source": _later,
    "mark": _later,
    "letter": _later,
    "cli_help": _later,
    "tree": _later,
}
