"""A first run on a real server that reports back: every check, read-only, its answer held against its model.

The report goes to people outside. It holds types, lengths and codes, never a value: no name, no text, no identifier,
no date; and questions that no text settles, to which the person who sends it may add what they know.
``Report.to_json`` is what ``runbook selftest --accept`` reads again; ``text`` is for the person who sends it.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from runbook import __version__
from runbook.case.model import draft_case
from runbook.files import write_json, write_whole
from runbook.host import process
from runbook.host.answer import read_answer
from runbook.host.call import Call, Host
from runbook.host.evidence import put_secrets_away
from runbook.host.remoting import RemotingHost, as_there
from runbook.host.script import as_run, is_signed
from runbook.journal.context import Context
from runbook.journal.outcome import Answer
from runbook.knowledge import reference
from runbook.knowledge.reference import Step
from runbook.steps import registry
from runbook.steps.key_packs import HeldBefore
from runbook.words.forms import duration
from runbook.words.sentences import data_root, keyed, say

FORMAT = 1
#: Names whose numbers and words are codes: documented, the same on every server of a kind, and what a report is for.
_CODES = frozenset(
    re.findall(
        r"\w+",
        """ExitCode ReturnValue Status IdReturnValue ActivationReturnValue ActivationStatus ServerRole Level HResult
    Category XmlExitCode HtmlExitCode TerminalServerMode LicensingType PolicySourceLicensingType LicensingMode
    PolicySourceConfiguredLicenseServers KeyPackType ProductType ProductVersionId AccessRights OsBuild UpdateRevision
    DomainRole Port LanguageMode InstallState State StartMode PowerShellEdition InstallationType""",
    )
)
#: A code is short and plain; anything else under such a name is a value after all.
_PLAIN = re.compile(r"-?\d{1,10}|0x[0-9A-Fa-f]{8}|[A-Za-z]{1,24}")
_ERROR_ID = re.compile(r"FullyQualifiedErrorId\s*:\s*([A-Za-z]{1,40})|(0x[0-9A-Fa-f]{8})")
_FIRST_WORD = re.compile(r"(HRESULT 0x[0-9A-Fa-f]{8}|[A-Za-z]{1,40}|-?\d{1,10})(?:,|$)")


_RESULT = keyed(
    "selftest.result_",
    "selftest.result_ok", "selftest.result_shape", "selftest.result_no_answer", "selftest.result_failed",
    "selftest.result_timed_out", "selftest.result_not_run",
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mismatch(_Part):
    """Where an answer is not what its model says: ``at`` is a path of names, ``wrong`` the kind of fault."""

    at: str
    wrong: str


class Tried(_Part):
    """What became of one script. ``result``: ok, shape, no_answer, failed, timed_out, not_run."""

    script: str
    sha256: str
    result: str
    exit_code: int | None = None
    seconds: float = 0.0
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    damaged: bool = False
    errors: tuple[str, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    shape: Any = None


class Question(_Part):
    """What no text settles and this server's administrator may know: a row of open.yml, and what they wrote."""

    id: str
    answer: str = ""


class Report(_Part):
    """A whole self-test. ``host``: "windows", "remoting", or "substitute" for a test's stand-in; ``encoding``: the
    console's; ``questions``: left blank for the person who sends the report.
    """

    format: int = FORMAT
    host: str
    at: str
    runbook: str
    python: str
    os_version: str
    encoding: str
    tried: tuple[Tried, ...]
    questions: tuple[Question, ...] = ()

    def to_json(self) -> str:
        return json.dumps(self.model_dump(), ensure_ascii=False, indent=1) + "\n"

    @property
    def good(self) -> bool:
        return all(each.result == "ok" for each in self.tried)

    def text(self, lang: str) -> str:
        """The report for a person: one line for each script, and what the file holds."""
        lines = [say("selftest.head", lang, count=len(self.tried), version=self.runbook, os=self.os_version)]
        for each in self.tried:
            word = say(_RESULT[each.result], lang)
            lines.append(f"  {each.script}: {word} (exit {each.exit_code}, {duration(each.seconds, lang)})")
            lines += [f"      {fault.at}: {fault.wrong}" for fault in each.mismatches]
            lines += [f"      {error}" for error in each.errors]
        lines.append(say("selftest.foot", lang))
        if self.questions:
            lines += ["", say("selftest.questions", lang)]
        known = {row.id: row for row in reference.asked()}
        for row in (known[each.id] for each in self.questions if each.id in known):
            lines.append(f"  {row.id}: {row.what.of(lang)}")
            lines += [f"      {row.settles.of(lang)}"] if row.settles else []
        return "\n".join([*lines, ""])


def checks() -> list[Step]:
    """One step for each script that only reads, the test of elevation first."""
    found: dict[str, Step] = {}
    for step in reference.steps():
        if step.kind == "check" and step.script:
            found.setdefault(step.script, step)
    return sorted(found.values(), key=lambda step: step.script != "preflight")


def run(
    host: Host, server: str, now: dt.datetime, lang: str = "en", only: Iterable[str] = (), os_version: str = ""
) -> Report:
    """Run every check on ``host`` in a folder that is removed afterwards. ``server`` is the server's full name: this
    machine's, or the one that is asked from here.

    Where the test of elevation says no, nothing else is run: the answers of the licensing classes would be blank.
    """
    wanted = set(only)
    tried: list[Tried] = []
    elevated = True
    with tempfile.TemporaryDirectory(prefix="runbook-selftest-", ignore_cleanup_errors=True) as place:
        for step in checks():
            if wanted and step.script not in wanted and step.script != "preflight":
                continue
            if not elevated:
                tried.append(Tried(script=str(step.script), sha256=_sha256(step), result="not_run"))
                continue
            one, answer = _try(host, step, server, now, Path(place), lang)
            tried.append(one)
            if step.script == "preflight":
                elevated = bool(answer.out and answer.out[0].get("IsElevated") is True)
    call = Call("preflight", Path(), Path(), {}, 1, 1)
    return Report(
        host=host.kind,
        at=now.date().isoformat(),
        runbook=__version__,
        python=platform.python_version(),
        os_version=os_version or getattr(host, "os_there", "") or platform.version(),
        encoding=host.encoding(call),
        tried=tuple(tried),
        questions=tuple(Question(id=row.id) for row in reference.asked()),
    )


def _try(host: Host, step: Step, server: str, now: dt.datetime, place: Path, lang: str) -> tuple[Tried, Answer]:
    folder = place / "r01" / step.id
    private = place / "private"
    folder.mkdir(parents=True)
    private.mkdir(exist_ok=True)
    inputs = _inputs(step, server, now, folder, lang)
    if isinstance(host, RemotingHost) and inputs.get("ComputerNames") == []:
        inputs["ComputerNames"] = [server]  # no name means this machine, which is not the one to try
    own = data_root() / "notebooks" / "steps" / f"{step.script}.ps1"
    raw = own.read_bytes()
    copy = folder / "script.ps1"
    copy.write_bytes(as_run(raw))
    write_json(folder / "in.json", inputs)
    call = Call(step.id, own if is_signed(raw) else copy, folder, inputs, step.time_limit, 1)
    ended = as_there(folder, process.run(host.command(call), folder, host.limit(call)))
    put_secrets_away(folder, private, step.id)
    answer = read_answer(folder, ended, host.encoding(call))
    return _judge(step, answer), answer


def _inputs(step: Step, server: str, now: dt.datetime, folder: Path, lang: str) -> dict[str, Any]:
    """What a case without any entry would give: this machine, and the last day."""
    since = (now - dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
    context = Context(
        draft_case("selftest", "fr" if lang == "fr" else "en", server),
        lang,
        folder.parent.parent,
        folder.parent,
        folder,
        told={HeldBefore.step: HeldBefore(collected_at=since).plain()},
    )
    return registry.doing(step.id).given(context)


def _judge(step: Step, answer: Answer) -> Tried:
    script = str(step.script)
    mismatches: tuple[Mismatch, ...] = ()
    if answer.timed_out:
        result = "timed_out"
    elif answer.exit_code != 0:
        result = "failed"
    elif answer.out is None:
        result = "no_answer"
    else:
        mismatches = compare(script, answer.out)
        result = "shape" if mismatches else "ok"
    return Tried(
        script=script,
        sha256=_sha256(step),
        result=result,
        exit_code=answer.exit_code,
        seconds=round(answer.seconds, 1),
        stdout_bytes=len(answer.stdout),
        stderr_bytes=len(answer.stderr),
        damaged=answer.damaged,
        errors=tuple(error_ids(answer.errors)),
        mismatches=mismatches,
        shape=shape(answer.out),
    )


def compare(script: str, out: list[dict[str, Any]]) -> tuple[Mismatch, ...]:
    """Where ``out`` is not the one record that the script's model describes; empty where it is."""
    try:
        registry.read_answer(script, out)
    except ValidationError as error:
        # Only places and kinds of faults: pydantic's messages quote the value.
        return tuple(Mismatch(at=_place(fault["loc"]), wrong=fault["type"]) for fault in error.errors())
    except ValueError:
        return (Mismatch(at="", wrong=f"{len(out)}_records"),)
    return ()


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) if isinstance(part, int) else _name(part) for part in parts)


def shape(data: Any, name: str = "") -> Any:
    """Types, lengths and codes of ``data``; a list is told by its length and the shapes that occur in it."""
    if isinstance(data, dict):
        return {_name(key): _error_id(item) if key == "FullyQualifiedErrorId" else shape(item, key)
                for key, item in data.items()}  # fmt: skip
    if isinstance(data, list):
        shapes: list[Any] = []
        for item in data:
            if (one := shape(item, name)) not in shapes:
                shapes.append(one)
        return {"list": len(data), "of": shapes}
    if data is None or isinstance(data, bool):
        return "null" if data is None else "bool"
    if name in _CODES and _PLAIN.fullmatch(str(data)):
        return {"code": data}
    if isinstance(data, str):
        return {"text": len(data)}
    return "int" if isinstance(data, int) else "float"


def error_ids(errors: Iterable[str]) -> list[str]:
    """The error ids and HRESULTs in what PowerShell wrote to stderr, each once; never its text."""
    found = (match[1] or match[2] for error in errors for match in _ERROR_ID.finditer(error))
    return list(dict.fromkeys(found))


def _error_id(value: Any) -> Any:
    match = _FIRST_WORD.match(str(value))
    return {"code": match[1]} if match else {"text": len(str(value))}


def _name(key: str) -> str:
    """A property's name as a script writes it; a name of any other form may be a value, and is told by its length."""
    return key if re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,59}", key) else f"[name of {len(key)}]"


def _sha256(step: Step) -> str:
    return reference.script_sha256(reference.script(step.id))


def write(report: Report, folder: Path, lang: str) -> tuple[Path, Path]:
    """Write ``selftest-DAY.json`` and ``.txt`` into ``folder`` and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    data, text = folder / f"selftest-{report.at}.json", folder / f"selftest-{report.at}.txt"
    return write_whole(data, report.to_json()), write_whole(text, report.text(lang))


def accept(report: Report, current: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows that a report adds to proven.yml: scripts that answered as they should and still read as they did.

    ``current`` maps each script to its hash. Empty for a report of a substitute.
    """
    build = re.search(r"\b10\.0\.(\d{5})\b", report.os_version)
    if report.host not in ("windows", "remoting") or build is None:
        return []
    return [
        {"script": each.script, "sha256": each.sha256, "os_build": build[1], "at": report.at, "by": "selftest"}
        for each in report.tried
        if each.result == "ok" and current.get(each.script) == each.sha256
    ]
