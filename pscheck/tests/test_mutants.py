"""The proof of the checker: every typing mistake in a real text is caught."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pscheck.checker import check
from pscheck.collect import collect
from pscheck.tests.mutate import mutants

ROOT = Path(__file__).resolve().parents[2]
PER_CATEGORY = 2
CATEGORIES = {"command", "parameter", "property", "argument", "switch", "variable", "verb", "notebook"}

#: Mutants that mean the same to PowerShell as the right text, one by one, with the reason. None so far.
EQUIVALENT: dict[tuple[str, str, str], str] = {}


def test_every_typing_mistake_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the share; each text gets a few mistakes of every category, and all that the rare ones allow."""
    made: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    escaped = []
    # The cells of a notebook are the step scripts once more: each text is taken once.
    # (A notebook's Markdown ends its cells with a line feed, its JSON does not.)
    for text in {text.text.strip(): text for text in reversed(collect(ROOT))}.values():
        if check(text):
            continue  # a text with a fault of its own fails in test_project.py
        for mutant in mutants(text.text, f"{text.file}:{text.section}", PER_CATEGORY):
            if (text.file, mutant.right, mutant.wrong) in EQUIVALENT:
                continue
            made[mutant.category] += 1
            if check(replace(text, text=mutant.text)):
                caught[mutant.category] += 1
            else:
                escaped.append(f"{text.file}:{mutant.line} {mutant.category} {mutant.right} -> {mutant.wrong}")
    with capsys.disabled():
        shares = ", ".join(f"{name} {caught[name]}/{made[name]}" for name in sorted(made))
        sys.stdout.write(f"\n  typing mistakes caught: {caught.total()} of {made.total()} ({shares})\n")
    assert made.total() >= 200
    assert set(made) >= CATEGORIES
    assert not escaped, "\n".join(escaped)
