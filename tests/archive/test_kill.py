"""Kill -9 during seal, record and register: nothing half made is left, nothing is lost, the next call finishes.

A dozen moments here; tests/benchmarks/bench_archive.py tries fifty of each.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from killing import moments, run_and_kill
from made_case import digest, files_of, make_case

from runbook.archive.register import register
from runbook.archive.seal import seal
from runbook.archive.verify import verify
from runbook.journal.lines import Journal
from runbook.record import report

#: The journal, and the note of its length and head beside it: sealing writes a line.
HEADS = {"journal.jsonl", ".journal.head"}


def test_a_killed_seal_leaves_no_half_bag(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    before = {path: digest(path) for path in files_of(case)}
    names = set()
    for number, moment in enumerate(moments(6, 0.8, seed=1)):
        run_and_kill("seal", tmp_path, case, moment)
        for bag in (tmp_path / "archive").glob("[!.]*"):
            if bag.is_dir():
                assert verify(bag).ok, f"half a bag after {moment:.3f} s"
            elif bag.suffix == ".zip":
                assert zipfile.ZipFile(bag).testzip() is None
        sealed = seal(case, tmp_path / "archive", zip=True)
        assert verify(sealed.bag, sealed.seal).origin == "proven"
        assert all(sheet.is_file() for sheet in sealed.sheets)
        assert not [path for path in (tmp_path / "archive").iterdir() if path.name.startswith(".sealing-")]
        names.add(sealed.bag.name)
        # the case goes on, so that the next round seals something new
        Journal(case / "journal.jsonl").append("accept", step="key-packs", who="x", what="unknown", reason=str(number))
    assert len(names) == 6
    assert all(digest(path) == sha for path, sha in before.items() if path.name not in HEADS), "the case is whole"


def test_a_killed_record_leaves_the_one_before(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    report.write(case)
    for moment in moments(4, 0.5, seed=2):
        run_and_kill("record", tmp_path, case, moment)
        for lang in ("fr", "en"):
            assert (case / f"record.{lang}.html").read_text(encoding="utf-8").endswith("</html>\n")
    for path in report.write(case):
        assert path.read_text(encoding="utf-8").endswith("</html>\n")
    sealed = seal(case, tmp_path / "archive")
    assert not [path for path in files_of(sealed.bag) if path.name.endswith(".part")], "nothing unfinished is sealed"


def test_a_killed_register_is_finished_by_the_next(tmp_path: Path) -> None:
    for number in range(8):
        make_case(tmp_path / "cases", f"case-{number}")
    whole = register(tmp_path).rows
    for moment in moments(4, 0.15, seed=3):
        (tmp_path / "archive" / ".register-cache.json").unlink(missing_ok=True)
        run_and_kill("register", tmp_path, tmp_path / "cases" / "case-0", moment)
        again = register(tmp_path)
        assert again.rows == whole
        assert all(page.read_text(encoding="utf-8").endswith("</html>\n") for page in again.pages)
