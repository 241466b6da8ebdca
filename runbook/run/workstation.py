"""A license server that is reached from a workstation: which one a case means, and whether the line holds, asked
before anything is run. What the line refuses is one sentence with the act that helps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runbook.case.model import LicenseServer
from runbook.errors import BadInput
from runbook.host import process, windows
from runbook.host.remoting import WRAPPER, Line, RemotingHost, read_line
from runbook.host.script import hash_of_run
from runbook.steps.line import refusal
from runbook.words.sentences import data_root, say, sentence

#: Opening a session to a server that does not answer takes WinRM's own half minute, twice at most.
_LOOK_LIMIT = 180.0


def asked(given: str, lang: str) -> LicenseServer | None:
    """The license server that ``-p server`` names: ``NAME`` over Kerberos, ``https://NAME`` over TLS; None: none."""
    if not given:
        return None
    name = given.removeprefix("https://")
    try:
        return LicenseServer(name=name, reached="remoting" if name == given else "remoting-https")
    except ValidationError as error:
        raise BadInput(say("remoting.bad_server", lang, given=given)) from error


def agree(given: LicenseServer | None, known: LicenseServer, text: str, lang: str) -> None:
    """Raise BadInput where ``-p server`` (its ``text``) says another thing than the case file."""
    if given and (given.name.lower(), given.reached) != (known.name.lower(), known.reached):
        raise BadInput(say("remoting.other_server", lang, given=text, server=known.name, reached=known.reached))


def reach(server: LicenseServer, lang: str) -> RemotingHost:
    """The host of a case that is run from here. Raises BadInput."""
    here = windows.open_host(lang)
    refuse_here(lang)
    https = server.reached == "remoting-https"
    with tempfile.TemporaryDirectory(prefix="runbook-line-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        process.run(RemotingHost(here, server.name, https).look(folder), folder, _LOOK_LIMIT)
        session = read_line(folder)
        if session is None:
            told = (folder / "stderr.bin").read_bytes().decode("utf-8", errors="replace").strip()
            why = say("remoting.line_no_wrapper", lang, error=told.splitlines()[0] if told else "—")
            raise BadInput(f"{why} {say('remoting.line_no_step', lang)}")
    refuse(session, lang)
    there = session.there.os_version if session.there else ""
    return RemotingHost(here, server.name, https, session.encoding, there, way(session))


def refuse(session: Line, lang: str) -> None:
    """Raise BadInput where the line, the rights or a policy of the server say no."""
    if line := refusal(session):
        raise BadInput(f"{sentence(line.key, lang, line.fields)} {say('remoting.line_no_step', lang)}")
    policies = session.there.policies if session.there else ()
    if "Restricted" in policies:  # what "Turn on Script Execution: Disabled" reads as
        raise BadInput(say("run.no_script_runs", lang))
    refuse_unsigned(policies, lang)


def refuse_here(lang: str) -> None:
    """Raise BadInput where a policy of this machine keeps its scripts from running."""
    if windows.no_script_runs():
        raise BadInput(say("run.no_script_runs", lang))
    refuse_unsigned(None, lang)


def refuse_unsigned(policies: tuple[str, ...] | None, lang: str) -> None:
    """Raise BadInput where a group policy asks for signatures that the scripts do not carry; None: this machine's."""
    steps = (data_root() / "notebooks" / "steps").glob("*.ps1")
    unsigned = windows.must_be_signed(steps, None if policies is None else lambda: policies)
    if unsigned:
        raise BadInput(say("run.must_be_signed", lang, names=", ".join(path.name for path in unsigned)))


def way(session: Line) -> dict[str, Any]:
    """How the answers came here, for the journal's ``open`` line: from where, as whom, by which wrapper."""
    return {
        "server": session.server,
        "machine": session.here.computer_name,
        "account": session.account,
        "https": session.https,
        "wrapper": hash_of_run(WRAPPER.read_bytes()),
    }
