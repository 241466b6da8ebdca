"""Places that speak of one thing must say the same. Each pair once contradicted itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from runbook.knowledge import reference
from runbook.words.sentences import data_root

ROOT = data_root()
Read = Callable[[str], str]


def read(path: str) -> str:
    """The file ``path`` (from the project's root) on one line, blanks as one, quotes of YAML undoubled."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("''", "'").replace("’", "'")
    return re.sub(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+", " ", text)


@dataclass(frozen=True)
class Pair:
    """``says``: what each file must say (a regular expression); ``never``: what no page and no fact may say."""

    name: str
    says: dict[str, str]
    never: tuple[str, ...] = ()


PAIRS = (
    Pair(
        "an export replaces nothing: the page and the script it shows",
        {
            "docs/fr/prepare.md": r"exporte tout dans un dossier neuf",
            "docs/en/prepare.md": r"exports them all into a new folder",
            "notebooks/steps/export-logs.ps1": r"\$Folder = Join-Path .*Now\.ToString\('yyyyMMdd-HHmmss', ",
        },
        (r"exporte sans écraser", r"exports without overwriting"),
    ),
    Pair(
        "ESENT is exported: correction, step and script",
        {
            "knowledge/article.yml": r"Licensing/Admin et ESENT",
            "knowledge/steps.yml": r"Application, filtré sur ESENT",
            "notebooks/steps/export-logs.ps1": r"@Name='ESENT'",
        },
    ),
    Pair(
        "one group for the license server security group policy",
        {
            "knowledge/policies.yml": r"sid: S-1-5-32-576",
            "knowledge/registry.yml": r"RDS Endpoint Servers \(S-1-5-32-576\)",
            "knowledge/short.yml": r"Get-LocalGroupMember -SID 'S-1-5-32-576'",
            "docs/en/session-hosts.md": r"the group of Windows Server 2008; since 2012 it is this one",
        },
        (r"-Group 'Terminal Server Computers'", r"-Name 'Terminal Server Computers'"),
    ),
    Pair(
        "five reasons to reactivate: FAQ, telephone page and CIM class",
        {
            "docs/fr/faq.md": r"réactiver dans \[cinq cas\]",
            "docs/en/faq.md": r"reactivation in \[five cases\]",
            "docs/en/migrate-telephone.md": r"expired, certificate corrupted, private key compromised, server \*\*upgr",
            "knowledge/cim.yml": r"redeployed .* certificate corrupt .* key compromised .* key expired .* upgraded",
            "docs/en/migrate-online.md": r"\[Reactivating\]\(migrate-telephone.md#activate\) \| Yes \| Yes",
        },
        (r"only justified to repair", r"ne se justifie que pour", r"Web method cannot react", r"ne sait pas réactiver"),
    ),
    Pair(
        "no grace period for a farm in service: concepts, glossary, errors",
        {
            "docs/fr/concepts.md": r"n'a plus de période de grâce",
            "docs/en/concepts.md": r"has no grace period left",
            "knowledge/terms.yml": r"a host that has had one has no grace left",
            "knowledge/errors.yml": r"the value goes to 0 as soon as a license server is configured",
        },
        (r"se remarque parfois tard", r"may be noticed late", r"après l'installation du rôle d'hôte"),
    ),
    Pair(
        "the broker's class is where its page says",
        {
            "notebooks/steps/hosts.ps1": r"-Namespace 'root/cimv2/TerminalServices' ` -ClassName 'Win32_TSDeploy",
            "knowledge/cim.yml": r"id: Win32_TSDeploymentLicensing namespace: root\\cimv2\\TerminalServices",
        },
    ),
    Pair(
        "the VLSC has closed",
        {
            "docs/fr/escalate.md": r'site VLSC a fermé en \{\{ since\("vlsc"\) \}\}',
            "docs/en/reference/article.md": r'the VLSC site closed in \{\{ since\("vlsc"\) \}\}',
            "knowledge/article.yml": r"The VLSC has closed",
        },
        (r"Date d'arrêt du VLSC", r"Date on which the VLSC ends"),
    ),
    Pair(
        "11 is in order, 9 is looked at twice",
        {
            "docs/fr/session-hosts.md": r"l'état de la liaison vaut 11\.",
            "docs/en/session-hosts.md": r"Status 9 is, according to Microsoft, the link to a 2008 R2 server",
            "knowledge/cim.yml": r"the server is a 2008 R2 \(VDI\): look twice",
            "knowledge/steps.yml": r"connectivity 11, the mode of",
            "docs/en/concepts.md": r"A license server is never older than the hosts it serves",
        },
        (r"9 ou 11", r"9 or 11"),
    ),
    Pair(
        "an unknown activation status is for the console, not for the script",
        {
            "docs/fr/migrate-telephone.md": r"2 \? La console tranche : n'activez que si elle dit « non activé »",
            "docs/en/migrate-telephone.md": r"activate only if it says “not activated”",
            "notebooks/steps/activate.ps1": r"if \(\$before -eq 1\) \{",
        },
    ),
    Pair(
        "the events of the migration are shown, and the page says so",
        {
            "docs/fr/migrate-telephone.md": r"Copiez aussi les événements dans le cas",
            "docs/en/migrate-telephone.md": r"Copy the events into the case as well",
        },
        (r"Exportez ensuite les événements de la migration", r"Then export the events of the migration"),
    ),
    Pair(
        "the bridge: what is documented now, and what only in 2008 R2",
        {
            "docs/en/tonight.md": r"Per User\*\* CALs Microsoft's texts contradict each other",
            "docs/fr/tonight.md": r"par utilisateur\*\*, les textes de Microsoft se contredisent",
            "knowledge/open.yml": r"id: per-user-bridge.*page de 2025 dit qu'il n'existe pas de CAL temporaire par util"
            r"isateur.*the page of 2025 says that there are no temporary Per User CALs",
        },
        (r"It is described for Windows Server 2008 R2", r"Il est décrit pour Windows Server 2008 R2"),
    ),
    Pair(
        "nobody promises that the telephone answers",
        {
            "docs/fr/migrate-online.md": r"il peut encore répondre",
            "docs/en/migrate-online.md": r"it may still answer",
            "knowledge/open.yml": r"id: telephone-rds",
            "docs/en/tonight.md": r"Whether the Clearinghouse's French line still answers.*is \*not confirmed",
        },
        (
            r"téléphone (?:\w+ )?reste ouvert",
            r"telephone (?:\w+ )?stays open",
            r"as soon as the lines open",
            r"dès l'ouverture",
            r"voie la plus sûre",
            r"safest way",
        ),
    ),
    Pair(
        "a text of Microsoft has one label",
        {"knowledge/sources.yml": r"withdrawn from the Microsoft Knowledge Base", "knowledge/pages.yml": r"KB 953918"},
        (r'source\("KB ', r"source: \[KB (?!839878)", r"- KB (?!839878)\d"),
    ),
    Pair(
        "one French word for a reissue, one for the tab of the portal",
        {"docs/fr/escalate.md": r"onglet \*\*Licences en volume\*\*", "knowledge/contacts.yml": r"Licences en volume"},
        (r"réédit", r"› Licence en volume"),
    ),
)


def _texts() -> Iterator[str]:
    for folder in ("docs/fr", "docs/en", "knowledge", "notebooks/steps"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".md", ".yml", ".ps1"):
                yield path.relative_to(ROOT).as_posix()


def silent(pair: Pair, reader: Read = read) -> list[str]:
    """Which side of ``pair`` no longer says what the other counts on."""
    return [f"{path} no longer says: {what}" for path, what in pair.says.items() if not re.search(what, reader(path))]


def test_all_fourteen_are_kept() -> None:
    assert len(PAIRS) == 14


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_both_sides_agree(pair: Pair) -> None:
    assert silent(pair) == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_side_that_changes_alone_is_seen(pair: Pair) -> None:
    for path in pair.says:
        assert silent(pair, lambda asked, gone=path: "" if asked == gone else read(asked)), path


def test_what_contradicts_a_pair_stands_nowhere() -> None:
    never = [(pair.name, what) for pair in PAIRS for what in pair.never]
    assert [f"{path}: {name}: {what}" for path in _texts() for name, what in never if re.search(what, read(path))] == []


def test_the_channels_that_events_name_are_those_that_the_script_exports() -> None:
    """Every event of ours can leave with the product's own export: its channel, and in a shared log its provider."""
    script = (ROOT / "notebooks" / "steps" / "export-logs.ps1").read_text(encoding="utf-8")
    names = dict(re.findall(r"^\$(licensing|connections) = '([^']+)'", script, re.MULTILINE))
    quoted = re.findall(r"Channel = [\"']([^\"']+)[\"']", script)
    channels = {re.sub(r"\$(\w+)", lambda match: names[match[1]], text) for text in quoted}
    providers = {*re.findall(r"@Name='(\w+)'", script), names["licensing"]}
    for row in reference.events():
        assert row.channel in channels, row.key
        if row.channel in ("System", "Application"):
            assert providers & {row.provider, *row.aliases}, row.key
