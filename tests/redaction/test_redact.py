"""Leaks: secrets seeded in every place and every form of writing are gone from the redacted copy."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import logging
import re
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bagit
import pytest
from made_case import KEY_PACK_ID, LICENCE_CODE, SERVER_ID, clock, digest, files_of, listed, make_case, rechain

from runbook.archive.seal import seal
from runbook.archive.verify import verify
from runbook.journal.lines import Journal, check_chain
from runbook.journal.story import read_entries
from runbook.redaction.leaks import Search
from runbook.redaction.redact import LeakFound, Redacted, redact
from runbook.redaction.rewrite import Rewriter, decode
from runbook.redaction.sensitive import Found, Kind, by_pattern, compact
from runbook.redaction.tokens import TOKEN, Tokens

logging.getLogger("bagit").setLevel(logging.CRITICAL)

SID_VALUE = "S-1-5-21-1000000001-1000000002-1000000003-1105"
SECRETS = {
    "key pack": KEY_PACK_ID,
    "server id": SERVER_ID,
    "code": LICENCE_CODE,
    "person": "Hélène Exemplaire",
    "approver": "Octave Fictif",
    "agent": "Rodolphe Zéphyrin",
    "email": "helene.exemplaire@corp.exemple.test",
    "phone": "+33 1 99 00 00 01",
    "contract": "0123456",
    "company": "Exemple & Fils SA",
    "session host": "rdsh-paris",
    "lost server": "rdls-perdu",
    "domain": "corp.exemple.test",
    "operator account": "hexemplaire",
    # nowhere in the case file: found by form alone
    "sid": SID_VALUE,
    "stranger": "inconnu.total@ailleurs.test",
    "address": "10.20.30.40",
    "address 6": "fd00:1234::20:40",
    "account": "EXEMPLE\\rinconnu",
    "host of the domain": "srv-oublie.corp.exemple.test",
    "product id": "00000-00000-00000-AAAAA",
    "profile": "C:\\Users\\profilinconnu\\Desktop",
    "directory name": "CN=Serveurs RDS,OU=Paris,DC=corp,DC=exemple,DC=test",
}
#: What must not be found, in any writing (of the profile path only the account matters, of the phone the digits).
TRACES = [value for name, value in SECRETS.items() if name not in ("account", "profile", "phone", "contract")]
TRACES += ["rinconnu", "profilinconnu", "srv-evenement", "compteevenement", "10.20.30.41"]
TRACES += ["Exemplaire", "Fictif", "Zéphyrin", "srv-oublie", "Serveurs RDS"]


def groups(value: str, between: str) -> str:
    return between.join(value[i : i + 5] for i in range(0, len(value), 5))


def writings(value: str) -> Iterator[str]:
    """The ways in which a value may stand in a text."""
    yield value
    yield value.upper()
    yield value.lower()
    yield html.escape(value)
    yield value.encode("ascii", "xmlcharrefreplace").decode()
    yield json.dumps(value)
    yield json.dumps(json.dumps({"inner": value}))
    yield urllib.parse.quote(value, safe="")
    yield urllib.parse.quote_plus(value)
    if len(value) in (25, 35) and value.isalnum():
        for between in ("-", " ", "\u00a0", "\u2011", "%20", " - "):
            yield groups(value, between)
    for shift in ("", "x", "xy"):
        for encoding in ("utf-8", "utf-16-le"):
            yield "b64 " + base64.b64encode(f"{shift}{value} et la suite".encode(encoding)).decode()
    yield "b64 " + base64.urlsafe_b64encode(f"… {value}".encode()).decode()


def everything() -> str:
    lines = [f"[{writing}]" for value in SECRETS.values() for writing in writings(value)]
    return "\n".join(lines) + "\n"


EVENT = f"""<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>
<Computer>srv-evenement.corp.exemple.test</Computer><Security UserID="{SID_VALUE}"/></System>
<EventData><Data Name="SubjectUserName">compteevenement</Data><Data Name="IpAddress">10.20.30.41</Data></EventData>
</Event>
"""


def seed(place: Path) -> list[Path]:
    """Leave the secrets in a step's evidence, in every kind of file."""
    text = everything()
    files = place / "files"
    files.mkdir()
    (files / "plain.txt").write_text(text, encoding="utf-8", newline="\n")
    (files / "utf16-bom.txt").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    (files / "utf16.log").write_bytes("".join(f"{value}\r\n" for value in SECRETS.values()).encode("utf-16-le"))
    (files / "utf16-be.csv").write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
    (files / "oem.txt").write_bytes("\r\n".join(SECRETS.values()).encode("cp850"))
    (files / "ansi.txt").write_bytes("\r\n".join(SECRETS.values()).encode("cp1252"))
    nested = {value: [value, {"deep": value, "escaped": json.dumps(value)}] for value in SECRETS.values()}
    (files / "data.json").write_text(json.dumps([nested, {"agreement": 1234567}]), encoding="utf-8", newline="\n")
    (files / "ascii.json").write_text(json.dumps(nested, ensure_ascii=True), encoding="utf-8", newline="\n")
    (files / "torn.json").write_text(json.dumps(nested)[:-5], encoding="utf-8", newline="\n")
    (files / "events.xml").write_text(EVENT, encoding="utf-8", newline="\n")
    (files / "page.html").write_text(f"<p>{html.escape(text)}</p>", encoding="utf-8", newline="\n")
    (files / "rdsh-paris.corp.exemple.test.txt").write_text("x", encoding="utf-8", newline="\n")
    (files / f"{KEY_PACK_ID}.txt").write_text("y", encoding="utf-8", newline="\n")
    (files / "System.evtx").write_bytes(b"ElfFile\0" + KEY_PACK_ID.encode())
    (files / "gpresult.html").write_text(text, encoding="utf-8", newline="\n")
    (files / "rsop.xml").write_text(text, encoding="utf-8", newline="\n")
    (files / "binary.dat").write_bytes(b"\0\1\2" + SECRETS["session host"].encode() + b"\3\0")
    (files / "lserver").mkdir()
    (files / "lserver" / "TLSLic.edb").write_bytes(KEY_PACK_ID.encode())
    (files / "picture.png").write_bytes(b"\x89PNG\r\n" + KEY_PACK_ID.encode())
    return sorted(path for path in files.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with the secrets in its evidence, its notebook, its pictures, its journal and its file names."""
    case = make_case(tmp_path_factory.mktemp("redact") / "cases", extra=seed)
    path = case / "r02" / "migrate.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = notebook["cells"][2]
    cell["source"] += everything()
    cell["outputs"] += [
        {"output_type": "stream", "name": "stdout", "text": "sur rdsh-pa"},
        {"output_type": "stream", "name": "stdout", "text": ["ris ce soir\n", everything()]},
        {
            "output_type": "display_data",
            "metadata": {"note": SECRETS["person"]},
            "data": {
                "text/html": f"<pre>{html.escape(everything())}</pre>",
                "image/png": base64.b64encode(b"\x89PNG " + KEY_PACK_ID.encode()).decode(),
            },
        },
    ]
    notebook["metadata"]["papermill"]["parameters"] = {"case": "x", "operator": SECRETS["person"]}
    path.write_text(json.dumps(notebook), encoding="utf-8", newline="\n")
    picture = case / "r02" / "pictures" / "hosts-rdsh-paris.svg"
    picture.write_text(
        f"<svg xmlns='http://www.w3.org/2000/svg'><text>{html.escape(everything())}</text></svg>",
        encoding="utf-8",
        newline="\n",
    )

    def enter(entries: list[dict[str, object]]) -> list[dict[str, object]]:
        entries[-1]["sha256"] = digest(path)
        for entry in entries:
            if entry["event"] == "end":
                entry["lines"] = [{"key": "x.y", "fields": {"text": everything(), "host": SECRETS["session host"]}}]
                entry["facts"] = {value: {"Value": value} for value in SECRETS.values()}
        return entries

    rechain(case / "journal.jsonl", enter)
    return case


@pytest.fixture(scope="module")
def redacted(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Redacted:
    return redact(case, tmp_path_factory.mktemp("out"), clock=clock())


def undone(raw: bytes) -> Iterator[str]:
    """A file's bytes in every form of reading, written apart from the product's own."""
    text = raw.decode("utf-8", "replace")
    yield text
    yield raw.replace(b"\0", b"").decode("latin-1")
    yield raw.decode("cp850", "replace")
    yield urllib.parse.unquote(text)
    yield html.unescape(text)
    yield re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text)
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}={0,2}", text):
        for start in range(4):
            piece = run[start:].rstrip("=").translate(str.maketrans("-_", "+/"))
            piece = piece[: len(piece) - (len(piece) % 4 == 1)]
            inner = base64.b64decode(piece + "=" * (-len(piece) % 4))
            yield inner.decode("utf-8", "replace")
            yield inner.decode("utf-16-le", "replace")
            yield inner[1:].decode("utf-16-le", "replace")


def test_no_secret_is_left_in_any_form(redacted: Redacted) -> None:
    for file in files_of(redacted.bag):
        name = file.relative_to(redacted.bag).as_posix()
        for text in (name, *undone(file.read_bytes())):
            low = text.lower()
            squeezed = re.sub(r"[^a-z0-9]", "", low)
            for trace in TRACES:
                assert trace.lower() not in low, f"{trace} in {name}"
            for number in (KEY_PACK_ID, SERVER_ID, LICENCE_CODE, "33199000001"):
                assert number.lower() not in squeezed, f"{number} in {name}"
            assert not re.search(r"(?<![0-9a-z])0123456(?![0-9a-z])", low), name


def test_the_copy_is_a_bag_of_its_own_that_verifies(redacted: Redacted) -> None:
    report = verify(redacted.bag, redacted.seal)
    assert report.ok, report.text("en")
    bagit.Bag(str(redacted.bag)).validate()


def test_its_journal_is_chained_anew_and_names_the_original(case: Path, redacted: Redacted) -> None:
    journal = redacted.bag / "data" / "journal.jsonl"
    assert check_chain(journal.read_bytes()) == []
    entries, before = read_entries(journal), read_entries(case / "journal.jsonl")
    assert entries[0]["event"] == "redaction"
    salt = json.loads((case / "private" / "redaction.json").read_text(encoding="utf-8"))["salt"]
    whole = hmac.new(bytes.fromhex(salt), (case / "journal.jsonl").read_bytes(), hashlib.sha256).hexdigest()
    assert entries[0]["of"] == f"hmac-sha256:{whole}", "the plain hash would let anyone try out the values in it"
    assert [e["event"] for e in entries[1:]] == [e["event"] for e in before]
    assert [e.get("status") for e in entries[1:]] == [e.get("status") for e in before]


def test_the_same_value_gets_the_same_token_everywhere(case: Path, redacted: Redacted) -> None:
    data = redacted.bag / "data"
    assert "names: [RDSH01.DOMAIN01, RDSH02.DOMAIN01]" in (data / "case.yml").read_text(encoding="utf-8")
    out = json.loads((data / "r02" / "key-packs" / "out.json").read_text(encoding="utf-8"))
    assert out[0]["Host"] == "RDSH01.DOMAIN01"
    assert (data / "r02" / "key-packs" / "files" / "RDSH01.DOMAIN01.txt").is_file(), "in file names too"
    again = redact(case, redacted.bag.parent, clock=clock())
    assert again.seal == redacted.seal, "a second redaction says the same"


def test_what_cannot_be_searched_stays_inside_and_is_listed(case: Path, redacted: Redacted) -> None:
    names = {path.name for path in files_of(redacted.bag)}
    kept = "System.evtx gpresult.html rsop.xml binary.dat TLSLic.edb picture.png facture-2022.pdf call-sheet.txt"
    assert not names & set(kept.split())
    rows = (redacted.bag / "withheld.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("# ") and rows[2] == "hmac_sha256\tpath"
    listed = {path: mark for mark, path in (row.split("\t") for row in rows[3:])}
    kept = case / "r02" / "key-packs" / "files" / "System.evtx"
    salt = json.loads((case / "private" / "redaction.json").read_text(encoding="utf-8"))["salt"]
    computed = hmac.new(bytes.fromhex(salt), kept.read_bytes(), hashlib.sha256).hexdigest()
    assert listed["r02/key-packs/files/System.evtx"] == computed, "with the salt, a paper can be proven"
    for file in files_of(redacted.bag):
        raw = file.read_bytes()
        assert salt.encode() not in raw
        assert digest(kept).encode() not in raw, f"the plain hash of a withheld file, to be guessed from: {file.name}"
    assert "proofs/facture-2022.pdf" in listed and "private/call-sheet.txt" in listed
    assert not any("redaction.json" in path for path in listed), "the table of tokens is not even named"
    text = (redacted.bag / "data" / "record.en.html").read_text(encoding="utf-8")
    assert "withheld" in text and "Redacted copy" in text


def test_what_redaction_changed_is_called_redacted(redacted: Redacted) -> None:
    page = (redacted.bag / "data" / "record.en.html").read_text(encoding="utf-8")
    assert "SHA-256 of the notebook, redacted in this copy" in page and "SHA-256 of the executed notebook" not in page
    assert '<span class="bad-text">redacted</span>' in page


def test_the_table_of_tokens_is_private(case: Path, redacted: Redacted) -> None:
    table = case / "private" / "redaction.json"
    assert table.is_file()
    assert KEY_PACK_ID in table.read_text(encoding="utf-8")
    assert sys.platform == "win32" or table.stat().st_mode & 0o077 == 0  # there by the rights of its folder


REAL_LOOKING = {
    "approver": "Barnabé Inventé",
    "editor": "Sidonie Chimérique",
    "policy": "GPO-Licences-Tour-Ouest",
    "reference": "SRX-24-0071",
    "ticket": "CHG0042119",
    "account": "EXEMPLE\\binvente",
    "common account": "EXEMPLE\\backup",  # a word of the project's own text
    "machine": "pc-de-barnabe",
    "workspace": "D:\\Barnabé\\Licences perdues",
    "python": "C:\\Outils\\binvente\\python.exe",
}


def test_people_policies_references_accounts_and_folders_get_tokens(tmp_path: Path) -> None:
    """Recordings name everybody REHEARSAL, which proves nothing: here are names like real ones, all made up."""
    case = make_case(tmp_path / "cases")
    journal = Journal(case / "journal.jsonl", clock("2024-02-03T00:00:00+00:00"))
    known = REAL_LOOKING
    journal.append(
        "confirm", step="source-lost", who=known["editor"], account=f"binvente@{known['machine']}", entry=1,
        at="2024-02-03T00:00:00Z", attachments=[], rehearsal=False,
        fields={"approved_by": known["approver"], "ticket": known["ticket"], "reason": f"vu avec {known['approver']}"},
    )  # fmt: skip
    journal.append(
        "confirm", step="hosts-configure", who=known["editor"], entry=1, at="2024-02-03T00:00:00Z", attachments=[],
        fields={"gpo": known["policy"], "edited_by": known["editor"], "way": "gpo"}, rehearsal=False,
    )  # fmt: skip
    journal.append(
        "confirm", step="clearinghouse", who=known["editor"], entry=2, at="2024-02-03T00:00:00Z", attachments=[],
        fields={"reference": known["reference"], "note": f"{known['account']} et {known['common account']}"},
        rehearsal=False,
    )  # fmt: skip
    place = case / "r02" / "point-hosts"
    root = known["workspace"]
    plan = {
        "case": rf"{root}\cases\case-2024-01",
        "argv": [known["python"], rf"{root}\cases\case-2024-01\r02\point-hosts\plan.json"],
        "user": known["common account"],
    }
    (place / "guard.json").write_text(json.dumps(plan), encoding="utf-8", newline="\n")
    (place / "notes.txt").write_text(f"{root}\\x.ipynb, {known['policy']}", encoding="utf-8", newline="\n")
    left = [listed(place / name, case) for name in ("guard.json", "notes.txt")]

    def tell(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ended = [e for e in entries if e["event"] == "end" and (e["run"], e["step"]) == ("r02", "point-hosts")]
        ended[-1]["evidence"] = [*ended[-1].get("evidence", []), *left]
        return entries

    rechain(case / "journal.jsonl", tell)
    copy = redact(case, tmp_path / "archive", clock=clock())
    for file in files_of(copy.bag):
        for text in undone(file.read_bytes()):
            for name, value in known.items():
                for trace in {value, value.replace("\\", "\\\\"), value.lower()}:
                    assert trace not in text, f"{name} in {file.name}"
            assert "binvente" not in text.lower(), file.name
    guard = (copy.bag / "data" / "r02" / "point-hosts" / "guard.json").read_text(encoding="utf-8")
    assert re.search(r"<workspace\d*>\\\\cases", guard) and re.search(r'"<python\d*>"', guard)
    journal_text = (copy.bag / "data" / "journal.jsonl").read_text(encoding="utf-8")
    for token in ("GPO01", "REFERENCE0", "PERSON"):
        assert token in journal_text
    told = (copy.bag / "REDACTED.txt").read_bytes().decode("utf-8-sig")
    assert "RDSHnn" in told and "HMAC" in told and "jetons" in told.lower() and "\r\n" in told


def test_the_first_line_tells_when_it_was_redacted_and_what_of(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    sealed = seal(case, tmp_path / "archive")
    copy = redact(case, tmp_path / "archive", clock=clock("2024-05-05T05:05:05+00:00"))
    first = read_entries(copy.bag / "data" / "journal.jsonl")[0]
    assert first["t"].startswith("2024-05-05T05:05:")
    info = (copy.bag / "bag-info.txt").read_text(encoding="utf-8")
    assert f"Runbook-Redaction-Of: journal.jsonl HMAC-SHA256 {first['of'].removeprefix('hmac-sha256:')}\n" in info
    assert digest(case / "journal.jsonl") not in info
    assert f"Runbook-Full-Edition-Seal: {sealed.seal}" in info


def test_a_script_that_redaction_changed_is_told_by_the_hmac_of_what_ran(tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    script = case / "r02" / "point-hosts" / "script.ps1"
    script.write_bytes(script.read_bytes() + b"# pour rdsh-paris\n")
    ran = digest(script)

    def enter(entries: list[dict[str, object]]) -> list[dict[str, object]]:
        for entry in entries:
            if (entry.get("run"), entry.get("step")) == ("r02", "point-hosts"):
                if entry["event"] == "begin":
                    entry["script_sha256"] = ran
                for item in entry.get("evidence") or []:  # type: ignore[attr-defined]
                    if item["path"].endswith("script.ps1"):
                        item.update(sha256=ran, size=script.stat().st_size)
        return entries

    rechain(case / "journal.jsonl", enter)
    copy = redact(case, tmp_path / "archive", clock=clock())
    page = (copy.bag / "data" / "record.en.html").read_text(encoding="utf-8")
    section = page[page.index('id="r02-point-hosts"') :].split("</section>")[0]
    assert "Command, redacted" in section and "Exact command" not in section and ran not in page
    salt = json.loads((case / "private" / "redaction.json").read_text(encoding="utf-8"))["salt"]
    mark = hmac.new(bytes.fromhex(salt), script.read_bytes(), hashlib.sha256).hexdigest()
    assert f"The text that ran: HMAC-SHA256 {mark}" in section
    assert "RDSH01" in section
    untouched = page[page.index('id="r01-license-server"') :].split("</section>")[0]
    assert "Exact command" in untouched
    assert f"SHA-256 {digest(case / 'r01' / 'license-server' / 'script.ps1')}" in untouched


def test_hosts_are_counted_from_one_though_their_names_look_like_tokens() -> None:
    """A case whose hosts are called RDSH01 to RDSH03 used to get RDSH04 to RDSH06: three hosts that look like six."""
    tokens = Tokens()
    tokens.add(Found(Kind.SESSION_HOST, name) for name in ("RDSH01", "RDSH02", "RDSH03"))
    assert [token for _, _, token in tokens] == ["RDSHX01", "RDSHX02", "RDSHX03"]
    tokens.add([Found(Kind.SESSION_HOST, "autre")])
    assert [token for _, _, token in tokens][-1] == "RDSHX04"
    assert all(TOKEN.fullmatch(token) for _, _, token in tokens)


class Careless(Rewriter):
    """A rewriter that forgets one value."""

    def __init__(self, tokens: Tokens, forgotten: str) -> None:
        kept = Tokens({k: v for k, v in tokens.known.items() if compact(v[1]) != compact(forgotten)})
        super().__init__(kept)


@pytest.mark.parametrize("name", ["key pack", "session host", "agent", "stranger", "sid", "contract", "domain"])
def test_the_second_pass_catches_what_the_first_forgot(name: str, tmp_path: Path) -> None:
    case = make_case(tmp_path / "cases")
    journal = case / "journal.jsonl"

    def enter(entries: list[dict[str, object]]) -> list[dict[str, object]]:
        for entry in entries:
            if entry["event"] == "end":
                entry["lines"] = [{"key": "x.y", "fields": {"text": f"voici {SECRETS[name]}."}}]
        return entries

    rechain(journal, enter)
    with pytest.raises(LeakFound) as caught:
        redact(case, tmp_path / "archive", rewrite=lambda tokens: Careless(tokens, SECRETS[name]))
    assert any("journal.jsonl" in leak.path for leak in caught.value.leaks)
    assert SECRETS[name] not in str(caught.value), "the message repeats no secret"
    assert [path.name for path in (tmp_path / "archive").iterdir() if not path.name.endswith(".lock")] == []


def forms(value: str) -> dict[str, bytes]:
    """One file content per form of writing the second pass must undo."""
    found = {
        "plain": value.encode(),
        "UTF-16": f"ici {value}".encode("utf-16-le"),
        "UTF-16 inside bytes": b"\1\2" + value.encode("utf-16-be") + b"\3",
        "URL": "".join(f"%{byte:02x}" for byte in value.encode()).encode(),
        "HTML": "".join(f"&#x{ord(character):x};" for character in value).encode(),
        "JSON": "".join(f"\\u{ord(character):04x}" for character in value).encode(),
    }
    for shift in range(3):
        found[f"base64 {shift}"] = base64.b64encode(b"." * shift + value.encode() + b"...")
        found[f"base64 of UTF-16 {shift}"] = base64.b64encode(b"." * shift + value.encode("utf-16-le") + b"...")
    if value in (KEY_PACK_ID, LICENCE_CODE):
        found |= {f"by {between!r}": groups(value, between).encode() for between in ("-", " ", "–", " - ", "\n")}
        found["lower"] = value.lower().encode()
    return found


def test_the_second_pass_reads_every_form() -> None:
    tokens = Tokens()
    kinds = {
        Kind.KEY_PACK: KEY_PACK_ID, Kind.CODE: LICENCE_CODE, Kind.PERSON: "Hélène Exemplaire",
        Kind.SESSION_HOST: "rdsh-paris", Kind.EMAIL: "a.b@exemple.test", Kind.SID: SID_VALUE,
    }  # fmt: skip
    tokens.add(Found(kind, value) for kind, value in kinds.items())
    search = Search(tokens)
    for kind, value in kinds.items():
        for form, raw in forms(value).items():
            told = {leak.what for leak in search.file("x", raw)}
            assert any(what.startswith(kind) for what in told), f"{kind} {form}: {told}"


@pytest.mark.parametrize(
    "text",
    ["qui: S-1-5-21-1-2-3-500", "a@b.test", "10.1.2.3", "2001:db8::7", "CORP\\jdoe", "AAAAA-BBBBB-CCCCC-DDDDD-EEEE0",
     "x.corp.test", "00000-00000-00000-AAAAA"],
)  # fmt: skip
def test_the_second_pass_knows_unknown_values_by_their_form(text: str) -> None:
    tokens = Tokens()
    tokens.add([Found(Kind.DOMAIN, "corp.test")])
    assert list(Search(tokens).file("x", text.encode())), text


def test_what_is_no_secret_stays() -> None:
    innocent = (
        "HKLM\\SOFTWARE\\Policies NT AUTHORITY\\SYSTEM BUILTIN\\Administrators root\\cimv2 S-1-5-18 S-1-5-32-544 "
        "127.0.0.1 255.255.255.0 10.0.20348 2.7.0 08:15:00 [math]::Abs C:\\Windows\\System32 "
        "0123456789abcdef0123456789abcdef 6f9619ff-8b86-d011-b42d-00c04fc964ff RDSH01.DOMAIN01 USER01@RDLS01"
    )
    assert list(by_pattern(innocent)) == []
    assert list(Search(Tokens()).file("x", innocent.encode())) == []


def test_tokens_are_stable_and_never_a_value_of_the_case(tmp_path: Path) -> None:
    tokens = Tokens()
    tokens.add(
        [Found(Kind.SESSION_HOST, "RDSH01"), Found(Kind.SESSION_HOST, "rdsh02"), Found(Kind.PERSON, "Éloi Test")]
    )
    table = {value: token for _, value, token in tokens}
    assert table == {"RDSH01": "RDSHX01", "rdsh02": "RDSHX02", "Éloi Test": "PERSON01-ET"}
    assert all(TOKEN.fullmatch(token) for token in table.values())
    tokens.save(tmp_path / "t.json")
    loaded = Tokens.load(tmp_path / "t.json")
    loaded.add([Found(Kind.HOST, "rdsh01"), Found(Kind.SESSION_HOST, "new")])
    assert {value: token for _, value, token in loaded}["RDSH01"] == table["RDSH01"]
    assert len(loaded.known) == 4, "a session host met again as a plain host gets no second token"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_keep_their_encoding(encoding: str) -> None:
    raw = "Réponse de serveur\r\n".encode(encoding)
    text, encode = decode(raw)
    assert text == "Réponse de serveur\r\n"
    assert encode(text) == raw
