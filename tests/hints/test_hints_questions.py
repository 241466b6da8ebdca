"""Questions as people paste them, in both languages, and what must come first. Negatives must give nothing."""

from __future__ import annotations

import pytest

from runbook.hints import matching

NB = "\u00a0"

#: (what is pasted, the row that comes first). The words of messages are those that knowledge/ has from its
#: sources; names of servers and people are made up.
QUESTIONS = [
    # messages on the client and in the Diagnoser, whole
    (
        "La session a distance a été déconnectée, car aucune licence d'accès client Bureau à distance n'est "
        "disponible pour cet ordinateur. Contactez l'administrateur du serveur.",
        "E04",
    ),
    (
        "The remote session was disconnected because there are no Remote Desktop client access licenses available "
        "for this computer. Please contact the server administrator.",
        "E04",
    ),
    (
        f"«{NB}La session distante a été déconnectée, car aucun serveur de licences Bureau à distance n’est "
        f"disponible pour fournir une licence.{NB}»",
        "E06",
    ),
    ("no Remote Desktop License Servers available to provide a license", "E06"),
    ("“The remote session was disconnected because there are no Remote Desktop License Servers available”", "E06"),
    ("AUCUN SERVEUR DE LICENCES BUREAU A DISTANCE N'EST DISPONIBLE POUR FOURNIR UNE LICENCE", "E06"),
    ("aucune licence d acces client bureau a distance n est disponible pour cet ordinateur", "E04"),
    ("The grace period for the Remote Desktop Session Host server has expired, but", "E05"),
    ("La période de grâce du serveur hôte de session Bureau à distance a expiré, mais le serveur n'a pas", "E05"),
    ("License server SRV-LIC01.contoso.example is not available. This could be caused by network connectivity", "E07"),
    (
        "Le serveur de licences srv-tse-02.exemple.local n'est pas disponible. Cela peut être dû à des problèmes "
        "de connectivité réseau",
        "E07",
    ),
    (
        "Remote Desktop licensing mode is not configured. Remote Desktop Services will stop working in 16 days. On "
        "the RD Connection Broker server, use Server Manager to specify the Remote Desktop licensing mode.",
        "E08",
    ),
    (
        "Le mode de licence des services Bureau à distance n’est pas configuré, les services Bureau à distance "
        "cesseront de fonctionner dans 119 jours.",
        "E08",
    ),
    ("le mode de licences n'est pas configure", "E08"),
    ("services bureau à distance cesseront de fonctionner dans 3 jours", "E08"),
    ("Because of a security error, the client could not connect to the Terminal server.", "E09"),
    ("Le client n'a pas pu se connecter au serveur Terminal Server en raison d'une erreur de sécurité", "E09"),
    ("Le composant X.224 du protocole RDP a détecté une erreur dans le flux du protocole", "E09"),
    ("The RDP protocol component X.224 detected an error in the protocol stream", "E09"),
    ("To identify possible licensing issues, administrator credentials for license server RDLIC are required.", "E10"),
    # the article's own wordings
    ("Le serveur de licences n’est pas activé", "E01"),
    ("« Impossible de contacter le service d’activation »", "E02"),
    ("clé ou pack non valide", "E03"),
    ("Aucune CAL disponible pour ce mode", "E04"),
    ("sessions refusées après la période de grâce", "E05"),
    # event texts
    (
        'The Remote Desktop license server "LIC9" does not have any remaining permanent Remote Desktop Services client '
        'access licenses (RDS CALs) of the type "Windows Server 2022 RDS Per User CAL".',
        "E04",
    ),
    (
        'The Remote Desktop license server cannot update the license attributes for user "jdoe" in the Active '
        'Directory Domain "corp.example". Win32 error code: 0x80070005',
        "E11",
    ),
    (
        'A license could not be issued to "HOST7" because it is not a member of the Terminal Server Computers group',
        "E12",
    ),
    ("The Remote Desktop Session Host server does not have a Remote Desktop license server specified.", "E05"),
    (
        "The Remote Desktop Session Host server could not contact the Remote Desktop license server LIC1.corp.example. "
        "Ensure that the Remote Desktop Licensing service is running",
        "E07",
    ),
    (
        "The Remote Desktop license server LIC1 does not support the version of the operating system running on the "
        "Remote Desktop Session Host server.",
        "E14",
    ),
    (
        "The remote session could not be established from remote desktop client PC-12 because its license could "
        "not be renewed.",
        "E40",
    ),
    ("The remote desktop client 'PC-12' has provided an invalid license.", "E40"),
    ("was specified as no longer functioning. Ensure that it is no longer used as a license server", "LS-93"),
    ("ESE error -1316 JET_errInvalidObject, Object is invalid for operation.", "E19"),
    ("ESE error −1316", "E19"),
    ("The version store for this instance (0) has reached its maximum size of 2 Mb", "E18"),
    # programs' outputs
    ("2025/07/03 11:12:13 ERREUR 32 (0x00000020) Copie du fichier C:\\Windows\\System32\\lserver\\TLSLic.edb", "E26"),
    (
        "Copying File C:\\Windows\\System32\\lserver\\TLSLic.edb\n"
        "The process cannot access the file because it is being\n"
        "used by another process.",
        "E26",
    ),
    ("Failed to export log X/Operational. The specified channel could not be found.", "E24"),
    ("Invoke-CimMethod : Invalid operation\nHRESULT 0x80041016", "E25"),
    ('Get-CimInstance : Invalid class "Win32_TSLicenseServer"', "E23"),
    ("Classe non valide", "E23"),
    ("Connecting to remote server HOST3 failed with the following error message : WinRM cannot complete", "E41"),
    ("comment remettre à zéro la période de grâce", "E21"),
    ("how do I delete L$RTMTIMEBOMB_1320153D", "E21"),
    # codes
    ("0x80041010", "E23"),
    ("80041016", "E25"),
    ("2147749910", "E25"),
    ("-2147217386", "E25"),
    ("ReturnValue : 2147749896", "E03"),
    ("15007", "E24"),
    ("erreur 0xf06", "E15"),
    ("c0010020", "E13"),
    ("0x80073A9F", "E24"),
    ("0x8004100F", "0x8004100F"),
    # events, with their provider
    ("Source: TermServLicensing  Event ID: 4105", "E11"),
    ("Source: Microsoft-Windows-TerminalServices-RemoteConnectionManager\nID de l’événement : 1069", "E05"),
    ("TerminalServices-Licensing 17", "E13"),
    ("TermDD 50", "E09"),
    ("ESENT 623", "E18"),
    ("TerminalServices-Licensing 93", "LS-93"),
    # slips and cuts
    ("The remote sesion was disconected because there are no Remote Desktop client acess licenses available", "E04"),
    ("car aucune licence d'accès client Bureau à distance n'est dispo", "E04"),
    ("Terminal Server Computers group is required but not created", "E12"),
    ("le Clearinghouse ne retrouve pas nos packs", "E36"),
    ("20 CAL au lieu de 40", "E37"),
    # in their own words
    ("les services bureau a distance s'arreteront dans 30 jours", "E08"),
    ("session déconnectée car aucune licence d'accès client disponible", "E04"),
    ("My RDS says there are no Remote Desktop client access licenses available for this computer, help!", "E04"),
    ("it asks me for administrator credentials for license server RDLIC when I open the diagnoser", "E10"),
    ("impossible d'activer le serveur, le service d'activation est injoignable", "E02"),
    ("le service Gestionnaire de licences ne démarre pas", "E18"),
    ("L'ID de jeu de clés est refusé", "E03"),
    ("robocopy ERREUR 32 sur TLSLic.edb", "E26"),
    ("CAL utilisateur en workgroup", "E33"),
    ("hôte Windows Server 2025 avec CAL 2022", "E14"),
    ("RemoteConnectionManager/Admin 1069", "E05"),
    (
        "The RD Licensing grace period has expired and Licensing mode for the Remote Desktop Session Host server has "
        "not been configured. Licensing mode must be configured for continuous operation.",
        "E05",
    ),
    ("the license server certificates are corrupted", "E13"),
    ("serveur de licences pas activé", "E01"),
    ("gerer les licences est grise", "E01"),
    ("est-ce que je peux supprimer la clé GracePeriod ?", "E21"),
    ("how to reset the RDS grace period", "E21"),
    ('INFO: The user "CORP\\x" does not have RSOP data.', "E35"),
    ("WinRM ne peut pas effectuer l’opération. Vérifiez que le nom d’ordinateur spécifié est valide", "E41"),
    ("wevtutil : Failed to export log. The system cannot find the path specified.", "E34"),
    ("session coupée après 60 minutes", "E16"),
    ("only 20 CALs after installation instead of 40", "E37"),
]


@pytest.mark.parametrize(
    ("well", "ill", "row"),
    [
        ("le service de licences a démarré", "le service de licences ne démarre pas", "E18"),
        ("le service de licences démarre", "le service Gestionnaire de licences s’arrête dès qu’on le démarre", "E18"),
        ("the RD licensing service starts", "the RD licensing service stops as soon as it starts", "E18"),
    ],
)
def test_a_wording_that_lacks_just_its_fault_says_nothing(well: str, ill: str, row: str) -> None:
    assert matching.hints_for_text(well) == []
    assert matching.hints_for_text(ill)[0].id == row


@pytest.mark.parametrize(("pasted", "row"), QUESTIONS, ids=[text[:40] for text, _ in QUESTIONS])
def test_a_question_leads_to_its_row(pasted: str, row: str) -> None:
    found = matching.hints_for_text(pasted)
    assert found and found[0].id == row, [(hint.id, round(hint.score), hint.why) for hint in found]


NOTHING = [
    "",
    "   ",
    "bonjour",
    "Bureau à distance",
    "Remote Desktop",
    "the server is down",
    "le serveur ne répond pas",
    "licence",
    "license server",
    "Windows Server 2022",
    "The printer driver could not be installed.",
    "Outlook cannot connect to the server",
    "Impossible d'ouvrir le fichier",
    "The operation completed successfully.",
    "L'opération a réussi.",
    "access denied",
    "accès refusé",
    "The trust relationship between this workstation and the primary domain failed.",
    "Your credentials did not work",
    "This computer can't connect to the remote computer.",
    "An authentication error has occurred. The function requested is not supported",
    "0x0",
    "0x00000005",
    "0x80072EE7",
    "31337",
    "event 31337",
    "Source: Schannel  Event ID: 36874",
    "Source: Server Infrastructure Licensing, Event ID: 38",
    "Microsoft-Windows-TerminalServices-Licensing/Operational 4105",
    "version 10.0.20348.22",
    "PS C:\\> Get-Service TermService",
    "192.168.21.22",
    "lorem ipsum dolor sit amet consectetur adipiscing elit",
    "🖥️ ¯\\_(ツ)_/¯",
    "Active Directory",
    "Session Host server",
    "Le serveur RPC n'est pas disponible. 0x800706BA",
    "Access is denied. 0x80070005 while installing update KB5034129",
    "The system cannot find the file specified.",
    "Le fichier spécifié est introuvable.",
    "The product key is not valid",
    "Clé de produit non valide",
    "Active Directory Domain Services is not available",
    "Windows could not start the Remote Desktop Services service on Local Computer. Error 1068",
    "Votre licence Windows expire bientôt",
    "Office product activation failed",
    "Le service n'a pas répondu assez vite à la demande de lancement ou de contrôle",
    "Event ID 7036 The Windows Update service entered the running state.",
    "Aucune imprimante disponible",
    "The certificate chain was issued by an authority that is not trusted",
    "0x80040154 class not registered",
    "user@corp.example 2024-03-22 21:22:26",
]


@pytest.mark.parametrize("pasted", NOTHING)
def test_what_says_nothing_gives_nothing(pasted: str) -> None:
    assert matching.hints_for_text(pasted) == []
