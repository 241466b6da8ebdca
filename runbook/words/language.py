"""Which language to speak: the one asked for, the case's, the system's; English where that is neither."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from runbook.words.sentences import LANGS, Lang


def system_language(environ: Mapping[str, str] | None = None, windows_ui: int | None = None) -> Lang:
    """The system's language: "fr" where it is French, "en" for every other and where none is said (C, POSIX).

    Windows sets none of the variables: whoever has set one there (Git, a build service) means it.

    ``environ`` stands for os.environ, ``windows_ui`` for GetUserDefaultUILanguage (primary language in the
    low ten bits: 0x09 English, 0x0C French; Microsoft's language identifier constants).
    """
    environ = os.environ if environ is None else environ
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    for lang in LANGS:
        if said.lower().startswith(lang):
            return lang
    if windows_ui is None:
        windows_ui = _windows_ui_language()
    return "fr" if windows_ui is not None and windows_ui & 0x3FF == 0x0C else "en"


def choose(*wishes: str | None) -> Lang:
    """The first wish that is a language we speak, else the system's."""
    for wish in wishes:
        for lang in LANGS:
            if wish and wish.strip().lower() == lang:
                return lang
    return system_language()


def _windows_ui_language() -> int | None:
    if sys.platform != "win32":
        return None
    import ctypes

    return int(ctypes.windll.kernel32.GetUserDefaultUILanguage())
