"""Did you mean: the name that a mistyped one is nearest to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from runbook.words.sentences import say


def did_you_mean(typed: str, known: Iterable[str], lang: str) -> str:
    """A blank and “Did you mean …?” with the nearest of ``known``; nothing where none is near."""
    by_case = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(typed.casefold(), by_case, n=1, cutoff=0.6)
    return f" {say('cli.did_you_mean', lang, what=by_case[near[0]])}" if near else ""
