"""What a person confirms: several windows at once lose nothing."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from runbook.case.folder import CaseFolder
from runbook.files import sha256_of
from runbook.journal import confirm
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.knowledge import reference

WINDOWS = 6


def pack_id(number: int) -> str:
    return f"REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK{number}"


def test_confirmations_at_the_same_time_each_keep_their_number_and_identifier(tmp_path: Path) -> None:
    folder = CaseFolder(tmp_path / "case-1")
    folder.path.mkdir()
    step = reference.step("clearinghouse")
    ready = threading.Barrier(WINDOWS)

    def window(number: int) -> None:
        packs = [{"id": pack_id(number), "count": "20"}]
        fields = {"channel": "telephone", "reference": f"R{number}", "result": "issued", "packs": packs}
        ready.wait()
        confirm.enter(folder, step, fields, who="REHEARSAL")

    windows = [threading.Thread(target=window, args=(number,)) for number in range(WINDOWS)]
    for each in windows:
        each.start()
    for each in windows:
        each.join()

    entries = History(Journal(folder.journal).entries()).confirms("clearinghouse")
    assert sorted(entry["entry"] for entry in entries) == list(range(1, WINDOWS + 1))
    for entry in entries:
        kept = json.loads((folder.private() / f"clearinghouse-{entry['entry']:02d}.json").read_text(encoding="utf-8"))
        whole = kept["packs"][0]["id"]
        assert whole == pack_id(int(entry["fields"]["reference"][1:])), "the line and its identifier belong together"
    assert Journal(folder.journal).check() == []


def test_two_papers_of_one_name_are_both_kept(tmp_path: Path) -> None:
    folder = CaseFolder(tmp_path / "cases" / "case-a")
    folder.path.mkdir(parents=True)
    papers = [tmp_path / place / "order.pdf" for place in ("2021", "2022")]
    for paper in papers:
        paper.parent.mkdir()
        paper.write_text(paper.parent.name, encoding="utf-8")
    entries = [
        confirm.enter(folder, reference.step("attestation"), {"note": "x"}, who="w", attach=papers) for _ in range(2)
    ]
    kept = [file for entry in entries for file in entry["attachments"]]
    assert [Path(file["path"]).name for file in kept] == [
        "01-order.pdf", "01-order-2.pdf", "02-order.pdf", "02-order-2.pdf",
    ]  # fmt: skip
    assert [(folder.path / file["path"]).read_text("utf-8") for file in kept] == ["2021", "2022"] * 2
    assert all(sha256_of(folder.path / file["path"]) == file["sha256"] for file in kept)
