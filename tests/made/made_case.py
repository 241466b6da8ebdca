"""A case folder made by hand (no server, no runbook): two runs, evidence, a confirmation, private files.

Every identifier in it is visibly fake. The tests of the archive use it because they need cases by the hundred,
with secrets in known places; ``test_real_rehearsal.py`` does the same on a case that the runbook executed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from runbook.journal.lines import GENESIS, Journal, encode

KEY_PACK_ID = "REHEARSAL0KEYPACK0NOT0REAL000ABCDE0"
SERVER_ID = "REHEARSAL0SERVER0ID0NOT0REAL0FGHIJ0"
LICENCE_CODE = "REHEARSAL0CODE0NOT0REAL00"
assert len(KEY_PACK_ID) == len(SERVER_ID) == 35 and len(LICENCE_CODE) == 25

CASE_TEXT = f"""\
# made by hand for the tests
case: NAME
company: Exemple & Fils SA
lang: fr
operator: {{name: Hélène Exemplaire, email: helene.exemplaire@corp.exemple.test, phone: "+33 1 99 00 00 01"}}
approval: {{name: Octave Fictif, ticket: CHG-000123, date: 2024-01-15}}
incident: {{date: 2024-01-14, description: Disques perdus}}
license_server: {{name: rdls-neuf.corp.exemple.test}}
lost_servers:
  - {{name: rdls-perdu.corp.exemple.test, os: Windows Server 2012 R2, server_id: {SERVER_ID}}}
contract: {{program: enterprise, agreement: "0123456", reseller: Revendeur Imaginaire, purchase_date: 2022-05-02}}
packs:
  - {{count: 20, version: "2022", type: user, proofs: [facture-2022.pdf]}}
  - {{count: 20, version: "2022", type: user, proofs: [facture-2022.pdf]}}
clearinghouse: {{method: telephone, country: FR, wizard: migrate}}
session_hosts: {{names: [rdsh-paris.corp.exemple.test, rdsh-lyon.corp.exemple.test], managed_by: gpo}}
"""

SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 80" width="320" height="80">
<style type="text/css">*{stroke-linejoin: round}</style>
<defs><clipPath id="c"><rect x="0" y="0" width="320" height="80"/></clipPath></defs>
<g clip-path="url(#c)"><rect x="90" y="20" width="200" height="16" fill="#2b6cb0"/>
<text x="4" y="33" font-size="11">rdsh-paris</text><text x="4" y="63" font-size="11">40 / 40</text>
<rect x="90" y="50" width="120" height="16" fill="#38a169"/></g></svg>
"""


def clock(start: str = "2024-02-01T09:00:00+00:00", step: float = 1.5) -> Callable[[], dt.datetime]:
    """A clock that moves ``step`` seconds at each look."""
    moments = (dt.datetime.fromisoformat(start) + dt.timedelta(seconds=step * i) for i in itertools.count())
    return lambda: next(moments)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(path: Path, root: Path) -> dict[str, Any]:
    return {"path": path.relative_to(root).as_posix(), "sha256": digest(path), "size": path.stat().st_size}


STEPS: tuple[tuple[str, str], ...] = (
    ("license-server", "check"),
    ("key-packs", "check"),
    ("clearinghouse", "manual"),
    ("point-hosts", "change"),
)


def rechain(journal: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Rewrite a journal as someone does who knows the chain: every number and hash made to fit again."""
    entries = change([json.loads(line) for line in journal.read_bytes().splitlines()])
    prev, lines = GENESIS, []
    for number, entry in enumerate(entries, 1):
        raw = encode({**entry, "n": number, "prev": prev})
        prev = hashlib.sha256(raw).hexdigest()
        lines.append(raw + b"\n")
    journal.write_bytes(b"".join(lines))
    journal.with_name(".journal.head").unlink(missing_ok=True)  # and who knows of the second place


def make_case(
    cases: Path,
    name: str = "case-2024-01",
    rehearsal: str | None = None,
    close_last: bool = True,
    extra: Callable[[Path], list[Path]] | None = None,
    edited: bool = False,
) -> Path:
    """Make ``cases/NAME`` with two closed runs and return it. ``extra(step_folder)`` may leave further evidence
    files in the last run's ``key-packs`` step."""
    folder = cases / name
    folder.mkdir(parents=True)
    (folder / "case.yml").write_text(CASE_TEXT.replace("NAME", name), encoding="utf-8", newline="\n")
    journal = Journal(folder / "journal.jsonl", clock())
    private = folder / "private"
    private.mkdir(mode=0o700)
    (private / "clearinghouse-01.json").write_text(
        json.dumps({"key_pack_id": KEY_PACK_ID, "code": LICENCE_CODE}), encoding="utf-8", newline="\n"
    )
    (private / "call-sheet.txt").write_text(f"ID : {SERVER_ID}\n", encoding="utf-8", newline="\n")
    proofs = folder / "proofs"
    proofs.mkdir()
    (proofs / "facture-2022.pdf").write_bytes(b"%PDF-1.4 facture Exemple & Fils SA made by hand")
    for number in (1, 2):
        statuses = ["succeeded", "finding", "waiting", "not_reached"] if number == 1 else ["succeeded"] * 4
        last = number == 2
        _run(folder, journal, number, statuses, rehearsal, close=close_last or not last, extra=extra if last else None,
             edited=edited and last)  # fmt: skip
    return folder


def _run(
    folder: Path,
    journal: Journal,
    number: int,
    statuses: list[str],
    rehearsal: str | None,
    close: bool,
    extra: Callable[[Path], list[Path]] | None,
    edited: bool,
) -> None:
    run = f"r{number:02d}"
    if number == 2:
        _confirm(folder, journal, rehearsal)
    journal.append(
        "open",
        run=run, notebook="migrate", case=folder.name, company="Exemple & Fils SA", lang="fr", rehearsal=rehearsal,
        host="rehearsal" if rehearsal else "windows", apply=["point-hosts"], operator="hexemplaire@RDLS-NEUF",
        versions={"runbook": "0.1.0", "python": "3.11.7", "papermill": "2.7.0"}, platform="Windows-2022Server",
        verified="engine", case_sha256=digest(folder / "case.yml"), script="0" * 64,
    )  # fmt: skip
    cells: list[dict[str, Any]] = [_markdown("titre", "# Migration\n\nExécutée sur `rdls-neuf.corp.exemple.test`.")]
    for (step, kind), status in zip(STEPS, statuses, strict=True):
        _step(folder, journal, run, step, kind, status, extra if step == "key-packs" else None, edited)
        cells.append(_code(step, f"%%powershell {step}\nGet-CimInstance -ClassName Win32_TSLicenseServer\n", status))
    pictures = folder / run / "pictures"
    pictures.mkdir(parents=True)
    (pictures / "cals.svg").write_text(SVG, encoding="utf-8", newline="\n")
    notebook = {
        "cells": cells,
        "metadata": {
            "papermill": {"exception": None, "end_time": "2024-02-01T09:30:00"},
            "runbook": {"version": 1},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / run / "migrate.ipynb"
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    if close:
        counts = {status: statuses.count(status) for status in statuses}
        outcome = "waiting" if "waiting" in statuses else "done"
        journal.append("close", run=run, outcome=outcome, counts=counts, waiting=[], failed=[], seconds=31.2)
        journal.append("notebook", run=run, path=f"{run}/migrate.ipynb", sha256=digest(path), rebuilt=False)


def _step(
    folder: Path,
    journal: Journal,
    run: str,
    step: str,
    kind: str,
    status: str,
    extra: Callable[[Path], list[Path]] | None,
    edited: bool,
) -> None:
    evidence: list[dict[str, Any]] = []
    if status != "not_reached" and kind != "manual":
        place = folder / run / step
        place.mkdir(parents=True)
        script = place / "script.ps1"
        script.write_bytes("\ufeff# made by hand\nGet-CimInstance -ClassName Win32_TSLicenseServer\n".encode())
        journal.append(
            "begin",
            run=run,
            step=step,
            kind=kind,
            attempt=1,
            script_sha256=digest(script),
            edited=edited,
            time_limit=60,
        )
        result = [{"Host": "rdsh-paris.corp.exemple.test", "Issued": 12, "ServerIdEnd": SERVER_ID[-5:]}]
        (place / "out.json").write_text(json.dumps(result, indent=1), encoding="utf-8", newline="\n")
        (place / "stdout.bin").write_bytes("\n".join(f"ligne {i} de RDSH-PARIS" for i in range(40)).encode())
        (place / "stderr.bin").write_bytes(b"")
        files = sorted(place.iterdir())
        if extra is not None:
            files += extra(place)
        evidence = [listed(file, folder) for file in files]
    fields = {"host": "rdsh-paris.corp.exemple.test", "count": 40}
    journal.append(
        "end",
        run=run, step=step, status=status, seconds=1.25, exit_code=0 if evidence else None,
        lines=[{"key": "archive_test.seen", "fields": fields}],
        facts={"Server": "rdls-neuf", "Total": {"User2022": 40}},
        table=[{"Host": "rdsh-paris", "State": "ok"}, {"Host": "rdsh-lyon", "State": "ok"}], hints=[],
        evidence=evidence, by="guard" if kind == "change" else "kernel",
    )  # fmt: skip


def _confirm(folder: Path, journal: Journal, rehearsal: str | None) -> None:
    attached = folder / "attachments" / "clearinghouse" / "notes de l’appel.txt"
    attached.parent.mkdir(parents=True)
    attached.write_text("Agent : Rodolphe Zéphyrin\n", encoding="utf-8", newline="\n")
    journal.append(
        "confirm",
        step="clearinghouse", who="Hélène Exemplaire", account="hexemplaire@RDLS-NEUF",
        at="2024-02-02T14:00:00Z", entry=1, rehearsal=bool(rehearsal),
        fields={"agent": "Rodolphe Zéphyrin", "case_number": "SRX000000", "key_pack_id": "…BCDE0", "result": "issued"},
        attachments=[listed(attached, folder)],
    )  # fmt: skip


def _markdown(cell: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": cell, "metadata": {"papermill": {"status": "completed"}}, "source": text}


def _code(cell: str, source: str, status: str) -> dict[str, Any]:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": f"{cell} : {status} sur RDSH-PARIS\n"},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": "<table><tr><td onclick='x()'>rdsh-paris</td></tr></table><script src='x'></script>"},
        },
    ]
    return {
        "cell_type": "code", "id": cell, "execution_count": 1, "source": source, "outputs": outputs,
        "metadata": {"papermill": {"status": "completed", "exception": False}},
    }  # fmt: skip


def files_of(folder: Path) -> Iterator[Path]:
    """Every file under ``folder``, sorted."""
    yield from sorted(path for path in folder.rglob("*") if path.is_file())
