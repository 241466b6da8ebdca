"""Messages written before they were measured; each set was measured once before anything was mended (CHANGELOG).

The table knows the sets of heard/ since: a message is asked for with its own set left out of the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.hints import likeness, matching
from runbook.knowledge import reference

HEARD = sorted((reference.data_root() / "knowledge" / "heard").glob("*.tsv"))


#: Known gaps, each a miss or a wrong row: no word of the trade, nothing that complains, too little in common with any
#: saying, or a row that another one outvotes. The day one is answered, its line here goes.
MISSED = (
    "ran GetTStoLSConnectivityStatus, TStoLSConnectivit",
    "TStoLSConnectivityStatus : 5, Remote Desktop Servi",
    "Win32_TSDiscoveredLicenseServer gives IsLSAvailabl",
    "Temporary licenses issued: the RD license server h",
    "multiple per device RDS CALS are issued to the sam",
    "Is the licensing stored on the server about the cl",
    "La réactivation du serveur de licences ne suffit p",
    "Si la base locale du serveur de licences RDS est c",
    "the CAL pack in licmgr is marked as Temporary alth",
    "la session se déconnecte immédiatement, l'administ",
    "depuis la migration en 2022 les utilisateurs se fo",
    'Prompt "Remote Desktop license expired" or exceeds',
    "When the maximum number of licensed devices is rea",
    "Flashcards: grace period started, your access has ",
    "The specified service does not exist: TermServLice",
    "Supprimer des CAL ne déclenche pas un nouveau déla",
    "permanent CALs are not issued until the client suc",
    "the license server can be reached but is out of TS",
    "Temporary CALs are issued upon first connection, b",
    "the automatic migration of RDS CALs failed because",
    "Gestionnaire de licences RDS 2019 : l'assistant se",
    "Removed Kerberos Constrained Delegation from the p",
    "Use the Manage RDS CALs Wizard to migrate from the",
    "I am stuck with installing RDS CALs per user licen",
    "RDS licensing server reports that 35 of 20 CALs ar",
    "Der Dienst Remotedesktoplizenzierung wurde unerwar",
    "Le service TermServLicensing est démarré",
    "failure of publishing the TS License Server in Act",
    "in all activation forms of the RD license manager ",
    "we restored the RD Licensing database to another c",
    "Manipuler les fichiers du dossier LServer a rendu ",
    "If your environment runs in Per User mode but the ",
    "That's the default behavior for WinRM. You have to",
    "there is a group policy that was limiting the IP a",
    "the terminal server is not aware of the type of li",
    "a single RDS user consistently receives a temporar",
    "an Open License intended for 500 users was acciden",
    "licensing role corruption, misconfigured licensing",
    "drift in license server discovery and RDS CAL assi",
    "l’installation de nos RDS CAL achetées il y a deux",
    "des CAL 2022 fonctionnent pour Windows Server 2022",
    "licences mal attribuées et interruptions de servic",
    "Win32 error 0x80070005 in event 4105 for every new",
    "mode de licence absent sur l'hôte depuis la suppre",
    "Le serveur hôte de session Bureau à distance n'a p",
    "RD Licensing Manager: The license pack was not ins",
    "Message 4105 dans le journal système, code Win32 0",
    "Après la reprise, l'ancien LIC0 distribue encore d",
    "Id. do evento 0, TerminalServices-Licensing: o ser",
    "License server: not found. Licensing mode: Per Use",
    "Moving CALs: source license server no longer funct",
    "The Remote Desktop Licensing service has been acti",
    "   ProviderName: Microsoft-Windows-TerminalServices-Licensing",
    "J'ai réinstallé le rôle sur un nouveau serveur ; G",
    "ActivateServerAutomatic returned a failure. Turns ",
    "Invoice says 50 User CALs. After the phone install",
    "Terminal Services clients are repeatedly denied ac",
    "Invoke-Command -ComputerName RDSH03 { (Get-CimInst",
    "La période de grâce n'est pas terminée : encore 80",
)
FRESH = sorted(Path(__file__).parent.glob("messages-*.tsv"))


@pytest.fixture
def others(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path of a set, and a table without it."""
    path: Path = request.param
    rest = tuple(one for other in HEARD if other != path for one in reference.heard_in(other))
    monkeypatch.setattr(reference, "heard", lambda: rest)
    likeness.forget()
    yield path
    likeness.forget()


@pytest.mark.parametrize("others", (*HEARD, *FRESH), ids=lambda path: path.stem, indirect=True)
def test_a_message_leads_to_a_right_row_or_to_none(others: Path) -> None:
    known = reference.heard_in(others)
    assert {one.text for one in known if not _is_right(one)} == {o.text for o in known if o.text.startswith(MISSED)}


def _is_right(one: reference.Heard) -> bool:
    found = [hint.id for hint in matching.hints_for_text(one.text)[:3]]
    return bool(set(one.rows) & set(found)) or ("NONE" in one.rows and not found)


def test_what_is_missed_is_heard() -> None:
    texts = [one.text for path in (*HEARD, *FRESH) for one in reference.heard_in(path)]
    assert [start for start in MISSED if not any(text.startswith(start) for text in texts)] == []


def test_heard_rows_are_rows_of_the_table() -> None:
    known = {row.id for row in reference.errors()} | {row.key for row in reference.events()} | {"NONE"}
    assert {row for one in reference.heard() for row in one.rows} <= known
