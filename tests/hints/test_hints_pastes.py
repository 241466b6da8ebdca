"""Every kind of paste that a tool of Windows gives, and the row or rows it leads to: one line of the table each."""

from __future__ import annotations

import pytest

from runbook.hints.matching import hints_for_text

_XML = (
    '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>'
    '<Provider Name="Microsoft-Windows-TerminalServices-{provider}" Guid="{{c76baa63}}" /><EventID{flags}>{number}'
    "</EventID><Level>3</Level><Channel>{channel}</Channel></System></Event>"
)
_TABLE = """

   ProviderName: Microsoft-Windows-TerminalServices-RemoteConnectionManager

TimeCreated                      Id LevelDisplayName Message
-----------                      -- ---------------- -------
3/1/2026 8:11:02 AM           {number} Warning          {text}
"""
_LIST = """
TimeCreated  : {when}
ProviderName : Microsoft-Windows-TerminalServices-RemoteConnectionManager
Id           : {number}
Message      : {text}
"""
_POWERSHELL = """{command} : {text}
{at}:1 {sign}:1
+ {command}
+ ~~~~~~~~~
    + CategoryInfo          : {category}
    + FullyQualifiedErrorId : {identity}
"""

#: Kind of paste: the paste, and the rows that have to be among the first three.
PASTES: dict[str, tuple[str, set[str]]] = {
    "event viewer, title, English": ("Event 4105, TerminalServices-Licensing", {"E11"}),
    "event viewer, title, French": ("Événement 4105, TerminalServices-Licensing", {"E11"}),
    "event viewer, details, English": (
        "Log Name:      System\nSource:        Microsoft-Windows-TerminalServices-Licensing\nDate: 3/1/2026\n"
        "Event ID:      18\nLevel:         Warning\nComputer:      LIC1",
        {"E01"},
    ),
    "event viewer, details, French": (
        "Nom du journal :System\nSource :       Microsoft-Windows-TerminalServices-Licensing\n"
        "Date :         01/03/2026\n"
        "ID de l’événement :18\nNiveau :       Avertissement\nOrdinateur :   LIC1",
        {"E01"},
    ),
    "event viewer, XML view": (
        _XML.format(provider="RemoteConnectionManager", flags="", number=50282, channel="…/Admin"),
        {"E05"},
    ),
    "event viewer, XML view with qualifiers": (
        _XML.format(provider="Licensing", flags=' Qualifiers="32768"', number=21, channel="System"),
        {"E04", "E32"},
    ),
    "a piece of an XML view": (
        '<System><Provider Name="Microsoft-Windows-TerminalServices-RemoteConnectionManager" />'
        "<EventID>1130</EventID><Level>3</Level></System>",
        {"E05", "E06"},
    ),
    "number behind the provider, without a label": (
        "Source : TerminalServices-RemoteConnectionManager, 50213, Erreur : " + "a" * 200,
        {"E39"},
    ),
    "number before the provider": ("Avertissement 22 TerminalServices-Licensing : " + "a" * 200, {"E04", "E14"}),
    "event as the pages call it": ("l’hôte écrit RCM 50215, que faire", {"E42"}),
    "a database of another program": (
        "Event 623, ESENT: svchost (1188) SRUJet: The version store for this instance has reached its maximum size.",
        set(),
    ),
    "Get-WinEvent, no such log": (
        _POWERSHELL.format(
            command="Get-WinEvent -LogName X/Admin",
            text='There is not an event log on the localhost computer that matches "X/Admin".',
            at="At line",
            sign="char",
            category="ObjectNotFound: (X/Admin:String) [Get-WinEvent], Exception",
            identity="NoMatchingLogsFound,Microsoft.PowerShell.Commands.GetWinEventCommand",
        ),
        {"E24"},
    ),
    "Get-WinEvent, table": (_TABLE.format(number=50283, text="The Remote Desktop Session Host s..."), {"E07"}),
    "Get-WinEvent, list, English": (_LIST.format(when="3/1/2026 8:11:02 AM", number=1069, text="…"), {"E05"}),
    "Get-WinEvent, list, French": (_LIST.format(when="01/03/2026 08:11:02", number=1069, text="…"), {"E05"}),
    "wevtutil, text": (
        "Event[0]:\n  Log Name: System\n  Source: Microsoft-Windows-TerminalServices-Licensing\n"
        "  Date: 2026-03-01T08:11:02.000\n  Event ID: 17\n  Task: N/A\n  Level: Error",
        {"E13"},
    ),
    "wevtutil, XML of several events": (
        "".join(
            _XML.format(provider="Licensing", flags="", number=number, channel="System") for number in (18, 4105, 0)
        ),
        {"E01", "E11"},
    ),
    "PowerShell, error with category and id, English": (
        _POWERSHELL.format(
            command="Get-CimInstance",
            text="Invalid class",
            at="At line",
            sign="char",
            category="MetadataError: (root\\cimv2:Win32_TSLicenseServer:String) [Get-CimInstance], CimException",
            identity="HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
        ),
        {"E23"},
    ),
    "PowerShell, error with category and id, French": (
        _POWERSHELL.format(
            command="Get-CimInstance",
            text="Classe non valide",
            at="Au caractère Ligne",
            sign="car",
            category="MetadataError: (root\\cimv2:Win32_TSLicenseServer:String) [Get-CimInstance], CimException",
            identity="HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
        ),
        {"E23"},
    ),
    "PowerShell, remoting error": (
        "[RDSH1] Connecting to remote server RDSH1 failed with the following error message : Access is denied.\n"
        "    + CategoryInfo          : OpenError: (RDSH1:String) [], PSRemotingTransportException\n"
        "    + FullyQualifiedErrorId : AccessDenied,PSSessionStateBroken",
        {"E47"},
    ),
    "wizard box with a message number": (
        "Remote Desktop Licensing Manager\nThe RD Licensing Manager is unable to verify the license server ID. Ensure"
        " that the license server ID is entered correctly, and then retry this operation.\nMessage Number: 0x13a3",
        {"E03"},
    ),
    "a whole report of the Diagnoser": (
        "Licensing Diagnosis\nLicenses are not available for this Remote Desktop Session Host server, and RD"
        " Licensing Diagnoser has identified licensing problems for the RD Session Host server.\n"
        "Number of licenses available for"
        " clients: 0\nThe licensing mode for the Remote Desktop Session Host server is not configured.\nThe Remote"
        " Desktop Session Host server does not have a Remote Desktop license server specified.",
        {"E44", "E08", "E05"},
    ),
    "esentutl /mh": (
        "        DB Signature: Create time:03/01/2026\n            State: Dirty Shutdown\n Database: TLSLic.edb",
        {"E26", "E54"},
    ),
    "wbadmin, French, healthy": (
        "La sauvegarde de l’état du système s’est terminée correctement [01/03/2026 22:14].",
        set(),
    ),
    "wbadmin, English, healthy": ("The backup operation successfully completed.", set()),
    "robocopy, a locked database": (
        "2026/03/01 21:04:11 ERROR 32 (0x00000020) Copying File C:\\Windows\\System32\\lserver\\TLSLic.edb\n"
        "The process cannot access the file because it is being used by another process.",
        {"E26"},
    ),
    "robocopy, a healthy summary": (
        "               Total    Copied   Skipped  Mismatch    FAILED    Extras\n"
        "    Dirs :         1         1         0"
        "         0         0         0\n   Files :         6         6         0         0         0         0",
        set(),
    ),
    "German, provider and number": (
        "Protokollname: System\nQuelle:        Microsoft-Windows-TerminalServices-Licensing\nEreignis-ID:   18\n"
        "Ebene:         Warnung",
        {"E01"},
    ),
    "Spanish, provider and number": (
        "Nombre de registro:System\nOrigen:        Microsoft-Windows-TerminalServices-Licensing\nId. del evento:4105",
        {"E11"},
    ),
    "Italian, provider and number": (
        "Nome registro: System\nOrigine:       Microsoft-Windows-TerminalServices-Licensing\nID evento:     21",
        {"E04"},
    ),
    "Japanese, provider and number": (
        "ログの名前:         System\nソース:           Microsoft-Windows-TerminalServices-Licensing\nイベント ID: 18",
        {"E01"},
    ),
    "Chinese, provider and number": (
        "日志名称:          System\n来源:            Microsoft-Windows-TerminalServices-Licensing\n事件 ID:         18",
        {"E01"},
    ),
    "German, code": ("Ungültige Klasse 0x80041010 (Win32_TSLicenseServer)", {"E23"}),
    "Spanish, code": ("Clase no válida 0x80041010", {"E23"}),
    "Italian, code": ("Classe non valida 0x80041010", {"E23"}),
    "Japanese, code": ("無効なクラス 0x80041010", {"E23"}),
    "Chinese, code as a signed number": ("无效类 -2147217392", {"E23"}),
}


@pytest.mark.parametrize("kind", PASTES)
def test_a_paste_of_each_kind_leads_to_its_rows_or_to_none(kind: str) -> None:
    text, rows = PASTES[kind]
    found = [hint.id for hint in hints_for_text(text)]
    assert (rows <= set(found)) if rows else not found, found


@pytest.mark.parametrize("said", ["", "Quelle ", "Source ", "origen "])
def test_a_title_may_name_its_source_as_one(said: str) -> None:
    title = f"Ereignis 4105, {said}TerminalServices-Licensing: Die Lizenzattribute"
    assert [hint.id for hint in hints_for_text(title)][:1] == ["E11"]


def test_of_several_events_what_only_informs_stands_behind() -> None:
    source = "Microsoft-Windows-TerminalServices-Licensing"
    pasted = "\n".join(f"Source: {source}\nEvent ID: {number}" for number in (0, 89, 4105))
    found = [hint.id for hint in hints_for_text(pasted)]
    assert found[0] == "E11"
    assert [hint.id for hint in hints_for_text(f"Source: {source}\nEvent ID: 0")] == ["LS-0"]
