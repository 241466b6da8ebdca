"""What the line to the license server means for a step: refused before anything was started, broken on the way, or
as it should be, with what a reader of the record must know of it."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.case.model import Case
from runbook.host.remoting import Line as Session
from runbook.host.remoting import LineFault
from runbook.journal.outcome import SATISFIED, Line, Status, Verdict
from runbook.knowledge.reference import Step
from runbook.steps.remoting import Unreached, why_unreached_id

#: From here on two clocks are told; Kerberos refuses at 300 seconds.
CLOCK_SECONDS = 60
#: Scripts that may be told to reach a share from the server.
_TO_SHARES = frozenset(
    {"backup-plan", "backup-second-copy", "backup-copies", "backup-retention", "backup-system-state"}
)
#: What the reason is called where the error has no word of its own: by an HRESULT or WinRM's number in its text.
_BY_NUMBER = {
    "0x80090324": "remoting.line_clock",
    "0x803381A6": "remoting.line_quota",
    "-2144108122": "remoting.line_quota",
    "0x803380E4": "remoting.line_not_trusted",
}
_BY_ID = {
    "remoting.line_not_trusted": "ServerNotTrusted",
    "remoting.line_kerberos": "AuthenticationFailed LogonFailure InvalidAuthentication ExplicitCredentialsRequired"
    " WorkgroupCannotUseKerberos ClientKerberosDisabled CannotUseIPAddress 1312",
    "remoting.line_constrained": "ScriptsNotAllowed CommandNotFoundException InvalidConfigurationName"
    " RemoteSessionDisallowed MethodInvocationNotSupportedInConstrainedLanguage ScriptBlockNotAllowed",
    "remoting.line_certificate": "12175",  # ERROR_WINHTTP_SECURE_FAILURE, for which PowerShell has no word
}
#: What is another sentence over TLS: Kerberos and Enable-PSRemoting have no part in it.
_OVER_TLS = {
    "remoting.line_winrm_off": "remoting.line_https_off",
    "remoting.line_kerberos": "remoting.line_https_unknown",
}
_WHY = {word: why for why, words in _BY_ID.items() for word in words.split()}
_UNREACHED = {
    Unreached.NAME_NOT_FOUND: "remoting.line_name_not_found",
    Unreached.REFUSED: "remoting.line_refused",
    Unreached.ACCESS_DENIED: "remoting.line_access_denied",
    Unreached.WINRM_OFF: "remoting.line_winrm_off",
    Unreached.TIMED_OUT: "remoting.line_timed_out",
}
#: The row of the errors' page that belongs to a reason.
_ROWS = {
    "remoting.line_name_not_found": "E51",
    "remoting.line_winrm_off": "E41",
    "remoting.line_https_off": "E41",
    "remoting.line_https_unknown": "E48",
    "remoting.line_timed_out": "E41",
    "remoting.line_refused": "E41",
    "remoting.line_access_denied": "E47",
    "remoting.line_not_elevated": "E47",
    "remoting.line_kerberos": "E48",
    "remoting.line_clock": "E48",
    "remoting.line_not_trusted": "E49",
    "remoting.line_quota": "E50",
}


def refusal(session: Session) -> Line | None:
    """Why nothing was or may be started over this line, with the act that helps; None where nothing says no."""
    fields = {"server": session.server, "account": session.account, "port": 5986 if session.https else 5985}
    there = session.there
    own = session.here.computer_name.lower()
    if own and own in (session.server.partition(".")[0][:15].lower(), there.computer_name.lower() if there else ""):
        return Line("remoting.line_own", fields)
    if there and there.language_mode != "FullLanguage":
        return Line("remoting.line_constrained", {**fields, "mode": there.language_mode})
    if there and there.is_elevated is False:
        return Line("remoting.line_not_elevated", fields)
    if there and there.at_work:
        return Line("remoting.line_at_work", fields)
    if session.fault is None or session.started:
        return None
    error = _error(session.fault)
    why = _why(session.fault)
    return Line(_OVER_TLS.get(why, why) if session.https else why, {**fields, "mode": error, "error": error})


def row(line: Line) -> tuple[str, ...]:
    """The error row that a refusal belongs to."""
    found = _ROWS.get(line.key)
    return (found,) if found else ()


def stopped(session: Session, answered: bool) -> Verdict | None:
    """The verdict on a step that the line has kept from its end; None where it has not. ``answered``: out.json is
    there."""
    if not session.started:
        line = refusal(session) or Line("remoting.line_other", {"server": session.server, "error": "—"})
        return Verdict(Status.FAILED, (line, Line("remoting.line_not_sent")), hints=row(line))
    if session.broken and not answered and not session.timed_out:
        return Verdict(Status.FAILED, (Line("remoting.line_lost", lost(session)),), hints=("E41",))
    return None


def lost(session: Session) -> dict[str, str]:
    """What a sentence about a broken line needs."""
    return {"server": session.server, "error": _error(session.fault) if session.fault else "—"}


def noted(session: Session, step: Step, case: Case, verdict: Verdict) -> Iterator[Line]:
    """What is added to the verdict on a step that went over the line."""
    if step.script == "preflight":
        machine = {"machine": session.here.computer_name}
        own = {"version": session.here.power_shell_version, "account": session.account}
        yield Line("remoting.both_ends", {**machine, **own})
        if abs(session.clock_difference or 0.0) >= CLOCK_SECONDS:
            yield Line("remoting.clock_differs", {**machine, "seconds": round(session.clock_difference or 0)})
    if step.script in _TO_SHARES and verdict.status not in SATISFIED:
        asked = (case.backup.destination, case.backup.second_copy, case.backup.system_state)
        for share in dict.fromkeys(place for place in asked if place and place.startswith("\\\\")):
            yield Line("remoting.second_hop", {"share": share})
    if session.removed is False:
        yield Line("remoting.line_left", {"server": session.server})


def _why(fault: LineFault) -> str:
    text = f"{fault.fully_qualified_error_id} {fault.h_result} {fault.message}".lower()
    if numbered := next((why for number, why in _BY_NUMBER.items() if number.lower() in text), None):
        return numbered
    word = fault.fully_qualified_error_id.split(",")[0]
    return _WHY.get(word) or _UNREACHED.get(why_unreached_id(word), "remoting.line_other")


def _error(fault: LineFault) -> str:
    return fault.fully_qualified_error_id.split(",")[0] or fault.h_result or "—"
