"""A cheap draw of the whole cases: twelve hosts, seven of which fail in five ways. whole_case.py has all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import whole_case
from .conftest import posix

pytestmark = [pytest.mark.timeout(600), posix]


def test_a_host_that_fails_takes_nothing_from_the_others(program: Path, tmp_path: Path) -> None:
    names, changes = whole_case.farm(12)
    at = whole_case.place(tmp_path, changes)
    run, read = whole_case.read_farm(at, names)
    assert [name for name, so in read.items() if not so] == names[-7:], run.said
    (told,) = [row for row in at.journal("hosts-farm") if row["event"] == "end" and row["step"] == "hosts-state"]
    said = str(told)
    for name in names[-7:]:
        assert name.split(".")[0] in said, name
    # Not to be found, turned away, failed there, no answer: four different things, each told for what it is.
    whys = {line["key"] for line in told["lines"] if "hosts" in line["fields"]}
    assert whys == {f"remoting.hosts_{why}" for why in ("name_not_found", "access_denied", "failed_there", "no_answer")}
