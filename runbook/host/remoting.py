"""A license server that is reached over PowerShell remoting: the same scripts, carried there by one wrapper.

``remoting.ps1`` opens one session for each step, runs the untouched script in a closed folder on the server, brings
back what it left and removes the folder. It runs on the workstation like any script, under the same guard; what it
says of the line lies in ``remoting-out.json`` beside the step's own evidence. Where the line breaks in a change, the
folder stays on the server, and the next run comes for what it holds (``RemotingHost.fetch``).
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from runbook.files import write_json
from runbook.host.call import Call
from runbook.host.process import Ended
from runbook.host.script import as_run
from runbook.host.windows import WindowsHost
from runbook.knowledge import reference

WRAPPER = Path(__file__).with_name("remoting.ps1")
#: What is given to the wrapper and what it says of the line, in a step's folder.
GIVEN, SAID = "remoting-in.json", "remoting-out.json"
#: Scripts that ask session hosts themselves: through the server they would be a hop that no rights cross.
ASKED_FROM_HERE = frozenset({"hosts", "gpupdate"})
#: What opening a session, two looks and bringing the files back may take beyond the step's own limit, in seconds.
LINE_LIMIT = 300.0


class _Said(BaseModel):
    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=to_pascal, populate_by_name=True, defer_build=True
    )


class Machine(_Said):
    """One end of the line. The license server also says what could stop a step there."""

    computer_name: str = ""
    user_name: str = ""
    power_shell_version: str = ""
    os_version: str = ""
    at: str = ""
    language_mode: str = "FullLanguage"
    is_elevated: bool | None = None
    code_page: str | None = None
    policies: tuple[str, ...] = ()
    at_work: tuple[str, ...] = ()


class LineFault(_Said):
    """An error of the line or of the wrapper: program text, but for ``message``."""

    fully_qualified_error_id: str = ""
    h_result: str = Field("", alias="HResult")
    message: str = ""


class Line(_Said):
    """What the wrapper said of one session. ``started``: the script may have begun; ``ended``: its end came back;
    ``whole``: so did all that it left."""

    server: str
    https: bool = False
    here: Machine
    there: Machine | None = None
    clock_difference: float | None = None
    started: bool = False
    ended: bool = False
    whole: bool = False
    exit_code: int | None = None
    timed_out: bool = False
    removed: bool | None = None
    seconds_to_open: float | None = None
    seconds_there: float | None = None
    fault: LineFault | None = None

    @property
    def account(self) -> str:
        """As whom the server knew the operator."""
        return self.there.user_name if self.there and self.there.user_name else self.here.user_name

    @property
    def encoding(self) -> str:
        """The encoding in which a console program of the server writes."""
        page = self.there.code_page if self.there else None
        return f"cp{page}" if page and page.isdigit() and page != "65001" else "utf-8"

    @property
    def free(self) -> bool:
        """Whether something may be done on the server: an administrator's session, and no change at work."""
        return self.there is not None and self.there.is_elevated is True and not self.there.at_work

    @property
    def broken(self) -> bool:
        """True where the script was sent and not all that it left has come back."""
        return self.started and (not self.ended or self.fault is not None)


def read_line(folder: Path) -> Line | None:
    """What the wrapper said in ``folder``; None where the step was no step over the line, or the wrapper was ended."""
    try:
        return Line.model_validate_json((folder / SAID).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, ValidationError):
        return None


def mark_of(folder: Path) -> str | None:
    """By what the folder on the server of the step in ``folder`` is found again; None: it went over no line."""
    try:
        mark = str(json.loads((folder / GIVEN).read_text(encoding="utf-8"))["Mark"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return mark if re.fullmatch("[0-9a-f]{32}", mark) else None


def as_there(folder: Path, ended: Ended) -> Ended:
    """How the script ended on the server, where the line tells it: its own time limit is kept there."""
    line = read_line(folder)
    if line is None or not line.timed_out:
        return ended
    return replace(ended, exit_code=None, seconds=line.seconds_there or ended.seconds)


class RemotingHost:
    """A license server asked from a workstation. ``here`` runs the wrapper and the steps that ask session hosts.

    ``server`` is its full name; ``https``: over TLS (5986), else Kerberos over WinRM's own port (5985), encrypted as
    well. ``encoding_there``: of what a script writes there to its streams; ``os_there``: the server's version of
    Windows ("10.0.20348.0"), where it is known; ``through``: what the journal says of the way there.
    """

    def __init__(
        self,
        here: WindowsHost,
        server: str,
        https: bool = False,
        encoding_there: str = "utf-8",
        os_there: str = "",
        through: dict[str, Any] | None = None,
    ) -> None:
        self.here = here
        self.server = server
        self.https = https
        self.encoding_there = encoding_there
        self.os_there = os_there
        self.through = through or {}
        self.kind = "remoting" if here.kind == "windows" else here.kind

    def command(self, call: Call) -> list[str]:
        """The wrapper's command line; it lies in the step's folder, as evidence of what was run."""
        if is_asked_here(call):
            return self.here.command(call)
        sha256 = hashlib.sha256(call.script.read_bytes()).hexdigest()
        changes = reference.step(call.step).kind != "check"
        given = {
            "Script": str(call.script),
            "Sha256": sha256.upper(),
            "Values": str(call.input),
            "PlaceInValues": json.dumps(str(call.folder), ensure_ascii=False)[1:-1],
            "LimitSeconds": round(call.limit),
            "Kind": "change" if changes else "check",
            "Mark": uuid.uuid4().hex,
        }
        return self._wrapped(call.folder, given)

    def look(self, folder: Path) -> list[str]:
        """The command line that only looks at both machines; what it says lies in ``folder`` afterwards."""
        return self._wrapped(folder, {"Kind": "check"})

    def fetch(self, step: str, run: int, then: Path, folder: Path) -> list[str] | None:
        """The wrapper runs nothing, and brings what lies in the folder on the server whose mark is in ``then``."""
        mark = mark_of(then)
        return None if mark is None else self._wrapped(folder, {"Kind": "change", "Mark": mark, "Fetch": True})

    def limit(self, call: Call) -> float:
        """The step's own limit is kept on the server; here the line's is added to it."""
        return call.limit if is_asked_here(call) else call.limit + LINE_LIMIT

    def encoding(self, call: Call) -> str:
        """The server's code page, or this machine's for what is asked from here."""
        return self.here.encoding(call) if is_asked_here(call) else self.encoding_there

    def _wrapped(self, folder: Path, given: dict[str, Any]) -> list[str]:
        (folder / WRAPPER.name).write_bytes(as_run(WRAPPER.read_bytes()))
        (folder / SAID).unlink(missing_ok=True)  # an earlier try's
        nothing = {"Script": "", "Sha256": "", "Values": "", "PlaceInValues": "", "LimitSeconds": 0, "Mark": ""}
        line = {"Server": self.server, "Https": self.https, "Folder": str(folder), "Fetch": False}
        write_json(folder / GIVEN, {**line, **nothing, **given})
        return self.here.arguments(folder / WRAPPER.name, folder / GIVEN, folder / SAID)


def is_asked_here(call: Call) -> bool:
    """True for a script that asks session hosts: it runs on this machine."""
    return reference.step(call.step).script in ASKED_FROM_HERE
