"""What the tests of the verdicts build on: a case, a context, answers; everything in it made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.case.model import Case
from runbook.journal.context import Context
from runbook.journal.outcome import Answer
from runbook.words.sentences import data_root

CASE: dict[str, Any] = {
    "case": "case-2024-01",
    "company": "REHEARSAL SA",
    "operator": {"name": "REHEARSAL", "email": "rehearsal@corp.example", "phone": "+00 00"},
    "approval": {"name": "A. Approver", "ticket": "CHG-1", "date": "2024-01-08"},
    "incident": {"date": "2024-01-05", "description": "REHEARSAL"},
    "license_server": {"name": "RDLIC01.corp.example"},
    "lost_servers": [{"name": "OLD1.corp.example", "os": "Windows Server 2022"}, {"name": "OLD2.corp.example"}],
    "contract": {"program": "open", "agreement": "REHEARSAL-77", "reseller": "REHEARSAL Reseller"},
    "packs": [{"count": 20, "proofs": ["papers/one.txt"]}, {"count": 20, "proofs": ["papers/two.txt"]}],
    "session_hosts": {"names": ["RDSH01.corp.example", "RDSH02.corp.example"]},
    "backup": {"destination": "D:\\Backups"},
}

#: Identifiers that nobody can take for real ones.
FAKE_SERVER_ID = "REHEA-RSALO-NLYLI-CENSE-SERVE-RID00-SRV01"
FAKE_PACK_ID = "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK1"


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., Context]:
    """``make_context(step, case={...}, **fields of Context)`` in a new case folder."""

    def make(step: str = "step", case: dict[str, Any] | None = None, lang: str = "en", **fields: Any) -> Context:
        folder = tmp_path / "cases" / "case-2024-01"
        step_folder = folder / "r01" / step
        step_folder.mkdir(parents=True, exist_ok=True)
        whole = Case.model_validate(CASE | (case or {}))
        return Context(whole, lang, folder, folder / "r01", step_folder, **fields)

    return make


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Answer]:
    """``recorded(step, **changes)``: the nominal recording's answer, with top-level names of its record changed."""

    def answer(step: str, rehearsal: str = "nominal", **changes: Any) -> Answer:
        path = data_root() / "notebooks" / "rehearsals" / rehearsal / "steps" / step / "out.json"
        out = json.loads(path.read_text(encoding="utf-8-sig"))
        unknown = changes.keys() - out[0].keys()
        assert not unknown, f"no such name in the record: {unknown}"
        out[0] |= changes
        return Answer(0, out, b"", b"", 0.1, tmp_path)

    return answer


@pytest.fixture
def confirm() -> Callable[..., dict[str, Any]]:
    """``confirm(n=1, entry=1, who="someone", **fields)``: one ``confirm`` line of a journal."""

    def line(
        n: int = 1, entry: int = 1, attachments: list[dict[str, Any]] | None = None, **fields: Any
    ) -> dict[str, Any]:
        return {
            "event": "confirm",
            "n": n,
            "entry": entry,
            "who": "someone",
            "at": "2024-01-09T10:20:30.000Z",
            "fields": fields,
            "attachments": attachments or [],
        }

    return line


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Answer]:
    """``broken(text, exit_code=1)``: a script that ended with an error and wrote nothing."""

    def answer(text: str = "boom", exit_code: int = 1) -> Answer:
        return Answer(exit_code, None, b"", b"", 0.1, tmp_path, errors=(text,))

    return answer


@pytest.fixture
def keys() -> Callable[[Any], list[str]]:
    """The sentences of a verdict, by key, without their area."""
    return lambda verdict: [line.key.removeprefix("steps.") for line in verdict.lines]
