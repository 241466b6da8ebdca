"""A short draw of the scripts' mutants; ``python -m tests.simulated.mutants`` asks as many as one likes."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from .conftest import posix
from .mutants import KNOWN, WHOLE, drawn, every, unnoticed

pytestmark = [pytest.mark.timeout(600), posix]


def test_the_mutants_of_a_script_are_noticed(program: Path, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    script = random.Random(seed).choice(WHOLE)
    sys.stdout.write(f"seed {seed}: of {script}\n")
    left = unnoticed(drawn([script], 10, seed, program), program, tmp_path)
    assert not [str(mutant) for mutant in left if mutant.name not in KNOWN[script]]


def test_what_is_listed_is_still_there(program: Path) -> None:
    for script, named in KNOWN.items():
        if named:
            assert named.keys() <= {mutant.name for mutant in every(script, program)}, script
