"""Group Policy reports: the real one, and those made by hand that carry the licensing policies."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from xml.etree import ElementTree

import pytest
from samples import samples

from runbook.formats.gpresult_html import read_gpresult_html
from runbook.formats.licensing_policy import fold, licensing_policies, licensing_policies_of_html
from runbook.formats.rsop import RegistrySetting, read_rsop

FIXTURES = Path(__file__).parent / "fixtures"
SAMPLES = samples()
GPO = {"en": "RDS hosts (made by hand)", "fr": "Hôtes RDS (fait à la main)"}
USER = {"en": "Per User", "fr": "Par utilisateur"}


def test_the_real_report_has_its_gpos_and_no_licensing_policy() -> None:
    path = SAMPLES / "gpresult" / "rsop-computer-utf16.xml"
    report = read_rsop(path)
    assert report.computer == "CHILD\\CHILDDC$" and report.read_time == "2023-06-13T04:17:31.3944093Z"
    assert [gpo.name for gpo in report.gpos] == [
        "Local Group Policy",
        "Default Domain Policy",
        "Default Domain Controllers Policy",
    ]
    assert report.policies == () and report.registry == () and report.unread == ()
    tree = ElementTree.fromstring(path.read_bytes())
    assert len([item for item in tree[2] if item.tag.endswith("}GPO")]) == len(report.gpos)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_licensing_policies_of_the_xml(lang: str) -> None:
    report = read_rsop(FIXTURES / f"rsop-licensing-{lang}.xml")
    assert report.computer == "EXAMPLE\\RDSH01$" and not report.unread
    assert len(report.policies) == 3 and len(report.registry) == 2
    # The first list names the dead server, but with precedence 2: it does not win.
    servers, mode, group = licensing_policies(report)
    assert (servers.id, servers.gpo) == ("servers", GPO[lang])
    assert servers.servers == ("rdlic01.example.test", "rdlic02.example.test")
    assert (mode.id, mode.text, mode.number, mode.gpo) == ("mode", USER[lang], 4, GPO[lang])
    assert (group.id, group.number, group.gpo) == ("security-group", 1, "Local Group Policy")


def test_a_registry_setting_may_have_no_value_and_any_case() -> None:
    first, second = read_rsop(FIXTURES / "rsop-licensing-en.xml").registry
    assert first.about_terminal_services and second.about_terminal_services
    assert (first.value_name, first.value, first.adm_setting) == ("", "", False)
    other = RegistrySetting("Software\\Terminal Services\\Client", "", "", False, "", "", 1, "computer")
    assert not other.about_terminal_services


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_winning_gpo_is_read_from_the_page(lang: str) -> None:
    report = read_gpresult_html(FIXTURES / f"gpresult-licensing-{lang}.html")
    assert len(report.settings) == 3 and not report.unread
    mode, servers, notifications = licensing_policies_of_html(report)
    assert (mode.id, mode.number, mode.gpo) == ("mode", 4, GPO[lang])
    assert servers.servers == ("rdlic01.example.test", "rdlic02.example.test")
    assert servers.gpo == GPO[lang] + " & co"
    # The rows of the section that follows are no fields of this setting.
    assert (notifications.text, notifications.gpo) == ("", "Local Group Policy")
    assert report.settings[0].path.endswith("Licensing" if lang == "en" else "Gestionnaire de licences")


def test_fields_inside_of_the_settings_own_row() -> None:
    page = (
        "<table><tr><th>Policy</th></tr><tr><td><span gpmc_settingName='A &amp; B' gpmc_settingPath='P'>A</span>"
        "</td><td>Enabled<table><tr><td>field</td><td>x</td></tr></table></td><td>GPO 1</td></tr></table>"
    )
    (setting,) = read_gpresult_html(page.encode()).settings
    assert (setting.name, setting.state, setting.gpo) == ("A & B", "Enabled", "GPO 1")
    assert setting.values == (("field", "x"),)


@pytest.mark.parametrize("declared", ["utf-16", "utf-8", "windows-1252"])
def test_a_report_in_single_bytes(declared: str) -> None:
    text = (FIXTURES / "rsop-licensing-fr.xml").read_text(encoding="utf-16")
    text = text.replace('encoding="utf-16"', f'encoding="{declared}"')
    data = text.encode("cp1252" if declared == "windows-1252" else "utf-8", errors="replace")
    report = read_rsop(data)
    assert not report.unread and licensing_policies(report)[0].gpo == GPO["fr"]


def test_a_report_without_its_byte_order_mark() -> None:
    text = (FIXTURES / "rsop-licensing-fr.xml").read_text(encoding="utf-16")
    assert len(read_rsop(text.encode("utf-16-le")).policies) == 3


BOMB = '<!DOCTYPE Rsop [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(8)
)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "damaged_report"),
        (b"not XML", "damaged_report"),
        (b"<GPO xmlns='http://www.microsoft.com/GroupPolicy/Settings'/>", "not_rsop"),
        (b"<html/>", "not_rsop"),
        (f"{BOMB}]><Rsop>&i;</Rsop>".encode(), "damaged_report"),
        (b'<!DOCTYPE Rsop [<!ENTITY a SYSTEM "file:///etc/passwd">]><Rsop>&a;</Rsop>', "damaged_report"),
        (b'<!DOCTYPE Rsop SYSTEM "http://example.test/x.dtd"><Rsop/>', "damaged_report"),
        (b"<Rsop>" + b"<a>" * 5000, "damaged_report"),
        (b"<Rsop>" + b" " * (1 << 26) + b"</Rsop>", "too_long"),
    ],
    ids=["empty", "text", "gpo", "html", "bomb", "external", "dtd", "deep", "long"],
)
def test_what_is_no_report_is_said(data: bytes, word: str) -> None:
    report = read_rsop(data)
    assert report.policies == () and [fault.why.key for fault in report.unread] == [f"readers.{word}"]
    assert report.unread[0].text("fr") != report.unread[0].text("en")


def test_a_report_cut_off_keeps_what_stands_before() -> None:
    text = (FIXTURES / "rsop-licensing-en.xml").read_text(encoding="utf-16")
    report = read_rsop(text[: text.index("<q1:RegistrySetting>")].encode())
    assert len(report.policies) == 3 and report.policies[2].gpo == GPO["en"]
    assert [fault.why.key for fault in report.unread] == ["readers.damaged_report"]


def test_a_long_report_is_not_held_in_memory(tmp_path: Path) -> None:
    text = (FIXTURES / "rsop-licensing-en.xml").read_text(encoding="utf-16").replace('encoding="utf-16"', "")
    filler = "<ExtensionData><Extension><Account><Name>x</Name></Account></Extension></ExtensionData>" * 10_000
    path = tmp_path / "long.xml"
    path.write_text(text.replace("<ExtensionData>", filler + "<ExtensionData>", 1), encoding="utf-8", newline="\n")
    tracemalloc.start()
    try:
        report = read_rsop(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(report.policies) == 3
    assert peak < path.stat().st_size / 3


@pytest.mark.parametrize("data", [b"", b"<html></html>", b"\xff\xfe\x00", b"<tr>" * 10_000, b"<td " * 10_000])
def test_a_page_without_settings_is_said(data: bytes) -> None:
    report = read_gpresult_html(data)
    assert report.settings == () and [fault.why.key for fault in report.unread] == ["readers.no_setting"]


def test_a_tag_without_end_is_let_go() -> None:
    page = (FIXTURES / "gpresult-licensing-en.html").read_text(encoding="utf-16") + "<!--" + "x" * (9 << 20)
    report = read_gpresult_html(page.encode())
    assert len(report.settings) == 3 and report.unread[0].why.key == "readers.endless_tag"


def test_absent_files_are_said(tmp_path: Path) -> None:
    assert read_rsop(tmp_path / "absent.xml").unread[0].why.key == "readers.no_file"
    assert read_gpresult_html(tmp_path / "absent.html").unread[0].why.key == "readers.no_file"


def test_names_are_compared_without_accents_case_or_kind_of_apostrophe() -> None:
    assert fold("L’HÔTE\u00a0 de  la session") == fold("l'hote de la session")
    assert fold("Par utilisateur") != fold("Par périphérique")
