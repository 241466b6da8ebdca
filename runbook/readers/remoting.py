"""Why a session host could not be asked: the error ids of PowerShell remoting, put into a few words.

The ids are program text, the same in every language: PowerShell's own table from WinRM's error number to id
(``WSManTransportManager.cs``, s_transportErrorCodeToFQEID); an error that the table lacks comes as its number.
That WinRM turned off shows as CannotConnect (nothing listens on 5985) follows from WinRM's own description of that
error; it has not been seen on a server yet.
"""

from __future__ import annotations

from enum import StrEnum

from runbook.readers.answer_shape import Fault


class Unreached(StrEnum):
    """Why there is no reading; the word is a key of knowledge/words/remoting.yml."""

    NAME_NOT_FOUND = "name_not_found"
    REFUSED = "refused"  # something answers there, and turns the connection away
    ACCESS_DENIED = "access_denied"  # WinRM answers, and does not let this account in
    WINRM_OFF = "winrm_off"  # the host is there, and nothing listens where WinRM would
    TIMED_OUT = "timed_out"
    OTHER = "other"


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
_WHY = {word.lower(): why for why, words in _IDS.items() for word in words.split()}
#: WinRM's own time-out (WSMAN_OPERATION_TIMEDOUT), where it comes as a number.
_WHY["-2144108503"] = Unreached.TIMED_OUT


def why_unreached(fault: Fault | None) -> Unreached:
    """Why a host was not reached. Without a fault (no error, no answer) it is OTHER."""
    if fault is None:
        return Unreached.OTHER
    return _WHY.get(fault.kind.lower(), Unreached.OTHER)
