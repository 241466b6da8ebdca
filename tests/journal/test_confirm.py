"""What a person confirms: several windows at once lose nothing."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from runbook.case.folder import CaseFolder
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
