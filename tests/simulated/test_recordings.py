"""The rehearsals' answers are what the scripts write on the servers that they tell of (recordings.py makes them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import product
from .conftest import posix
from .recordings import MADE, differences, made, recorded

pytestmark = [pytest.mark.timeout(600), posix]


def test_a_recorded_answer_is_what_the_script_says(program: Path, tmp_path: Path) -> None:
    answers = list(recorded())
    assert len(answers) == len(list(product.REHEARSALS.rglob("out.json")))
    said = made(answers, program, tmp_path)
    wrong = [f"{answer.name}{line}" for answer in answers for line in differences(said[answer.name], answer.answer)]
    assert not wrong, "\n".join(wrong)


def test_every_script_has_recordings_that_are_made() -> None:
    assert {*MADE, "license-server"} == set(product.NAMES)
