"""Why a session host could not be asked: the error ids of PowerShell remoting, put into a few words.

The ids are program text, the same in every language: PowerShell's own table from WinRM's error number to id
(``WSManTransportManager.cs``, s_transportErrorCodeToFQEID); an error that the table lacks comes as its number.
That WinRM turned off shows as CannotConnect (nothing listens on 5985) follows from WinRM's own description of that
error; it has not been seen on a server yet.
"""

from __future__ import annotations

from enum import StrEnum

from runbook.steps.answer_shape import Fault


class Unreached(StrEnum):
    """Why there is no reading."""

    NAME_NOT_FOUND = "name_not_found"
    REFUSED = "refused"  # something answers there, and turns the connection away
    ACCESS_DENIED = "access_denied"  # WinRM answers, and does not let this account in
    WINRM_OFF = "winrm_off"  # the host is there, and nothing listens where WinRM would
    TIMED_OUT = "timed_out"
    FAILED_THERE = "failed_there"  # the host answered: the script failed on it, or what it sent cannot be read
    NO_ANSWER = "no_answer"  # no error and no answer came back under this name
    OTHER = "other"


#: How a table says why.
WHY = {
    Unreached.NAME_NOT_FOUND: "remoting.name_not_found",
    Unreached.REFUSED: "remoting.refused",
    Unreached.ACCESS_DENIED: "remoting.access_denied",
    Unreached.WINRM_OFF: "remoting.winrm_off",
    Unreached.TIMED_OUT: "remoting.timed_out",
    Unreached.FAILED_THERE: "remoting.failed_there",
    Unreached.NO_ANSWER: "remoting.no_answer",
    Unreached.OTHER: "remoting.other",
}
#: What is said of the hosts that were not reached, by why.
UNREACHED = {
    Unreached.NAME_NOT_FOUND: "remoting.hosts_name_not_found",
    Unreached.REFUSED: "remoting.hosts_refused",
    Unreached.ACCESS_DENIED: "remoting.hosts_access_denied",
    Unreached.WINRM_OFF: "remoting.hosts_winrm_off",
    Unreached.TIMED_OUT: "remoting.hosts_timed_out",
    Unreached.FAILED_THERE: "remoting.hosts_failed_there",
    Unreached.NO_ANSWER: "remoting.hosts_no_answer",
    Unreached.OTHER: "remoting.hosts_other",
}
#: The id of the fault of a host whose answer has not the shape of a reading.
UNREAD = "UnreadableReading"
_IDS = {
    Unreached.NAME_NOT_FOUND: "ComputerNotFound NetworkPathNotFound TargetUnknown",
    Unreached.REFUSED: "URLNotAvailable CannotConnectWinRMService WinRMHttpError RemoteSessionDisallowed"
    " RemoteConnectionDisallowed ServerNotTrusted WinRMOperationNotSupportedOnServer InvalidResourceUri"
    " InvalidConfigurationName IncorrectProtocolVersion CorruptedWinRMConfig ShutDownInProgress ServerOutOfMemory",
    Unreached.ACCESS_DENIED: "AccessDenied AuthenticationFailed LogonFailure InvalidAuthentication"
    " ExplicitCredentialsRequired WorkgroupCannotUseKerberos ClientKerberosDisabled CannotUseIPAddress"
    # 1312, no such logon session: the table has no word for it
    " 1312",
    Unreached.WINRM_OFF: "CannotConnect",
    Unreached.TIMED_OUT: "WinRMOperationTimeout WinRMOperationAborted",
}
#: Errors of the language itself, which only a script that runs can raise; and what such a script sent.
_SCRIPT = frozenset(
    {"PropertyNotFoundStrict", "VariableIsUndefined", "RuntimeException", "CommandNotFoundException", UNREAD}
)
_WHY = {word.lower(): why for why, words in _IDS.items() for word in words.split()}
#: WinRM's own time-out (WSMAN_OPERATION_TIMEDOUT), where it comes as a number.
_WHY["-2144108503"] = Unreached.TIMED_OUT


def why_unreached(fault: Fault | None) -> Unreached:
    """Why a host was not reached. Without a fault (no error, no answer) it is OTHER."""
    if fault is None:
        return Unreached.OTHER
    if fault.kind == "NoAnswer":  # the script's own word
        return Unreached.NO_ANSWER
    found = why_unreached_id(fault.kind)
    # A cmdlet, WMI or strict mode speaks: that is the script at work, and no longer the way to the host.
    spoke = "Microsoft." in fault.fully_qualified_error_id or fault.kind in _SCRIPT
    thrown = fault.message and fault.fully_qualified_error_id.startswith(fault.message)  # its text is its id
    return Unreached.FAILED_THERE if found is Unreached.OTHER and (spoke or thrown) else found


def why_unreached_id(word: str) -> Unreached:
    """The same by the first part of the error's id: ``CannotConnect``."""
    return _WHY.get(word.lower(), Unreached.OTHER)
