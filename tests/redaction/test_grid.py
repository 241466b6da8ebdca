"""Generated secrets in every writing and place: each is replaced, or the copy is refused; none goes out unnoticed."""

from __future__ import annotations

import base64
import gzip
import html
import json
import random
import re
import time
import urllib.parse
from collections.abc import Callable

import pytest
import writings

from runbook.case.identifiers import bare, mask_all
from runbook.redaction.leaks import Search
from runbook.redaction.rewrite import Rewriter
from runbook.redaction.sensitive import Found, Kind, by_pattern
from runbook.redaction.tokens import Tokens
from runbook.words.sentences import data_root

Writing = Callable[[str], str]


def groups(secret: str, size: int = 5) -> list[str]:
    return [secret[i : i + size] for i in range(0, len(secret), size)]


BETWEEN = [
    "", "-", " ", "\u00a0", "\u202f", " - ", " – ", "\u2212", "\u2011", ".", "_", "/", ",", "\n", "\r\n", "\t",
    "\u00ad", "\u200b", "\u00b7", "|", "*", "&nbsp;", "&shy;", "&#160;", "</b><b>", "<br>",
    "%20", "%2D", "%C2%A0", "\\u00a0",
    "•", "\u2060", "  ", "—", "\uff0d", "&#8209;", "&#x2011;", "%E2%80%91", "%2520", "%u2011", "+", '", "', "] [",
    " = ", ": ", "; ", "\n> ", "-\n        ", "' + '", "\ufe0f", "\u2800", "\u3164", "\u301c", "\u2043", "\U0001f33f",
    " → ", "=E2=80=91", "\\'2d", "\x1b[0m\x1b[1m", "</td>\n  <td class=\"a\">", "<!-- x -->", "\u202a",
]  # fmt: skip
WRITINGS: dict[str, Writing] = {
    **{repr(between): lambda s, b=between: b.join(groups(s)) for between in BETWEEN},
    **{f"small {between!r}": lambda s, b=between: b.join(groups(s)).lower() for between in BETWEEN},
    **{f"{n} by {b!r}": lambda s, n=n, b=b: b.join(groups(s, n)) for n in (1, 2, 4, 7, 9, 10, 11) for b in " -"},
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) for c in s),
    "each letter by a line": "\n".join,
    "each letter in a tag": lambda s: "".join(f"<span style='x'>{c}</span>" for c in s),
    "soft hyphens inside groups": lambda s: "-".join(f"{part[:2]}\u00ad{part[2:]}" for part in groups(s)),
    "underlined": lambda s: "".join(f"{c}\u0332" for c in s),
    "mixed width": lambda s: "-".join("".join(chr(ord(c) + 0xFEE0) for c in part[:3]) + part[3:] for part in groups(s)),
    "hex": lambda s: s.encode().hex(),
    "hex of groups": lambda s: "-".join(groups(s)).encode().hex(),
    "as Word begins a sentence": lambda s: s[0] + s[1:].lower(),
    "base64": lambda s: base64.b64encode(f"id {s} x".encode()).decode(),
    "base64 of groups": lambda s: base64.b64encode("-".join(groups(s)).encode()).decode(),
    "base64 of UTF-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 in lines": lambda s: base64.encodebytes(f"{'sent to us: ' * 4}{s} and the rest of it".encode()).decode(),
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "base32": lambda s: base64.b32encode(s.encode()).decode(),
    "hex as a registry exports it": lambda s: "hex:" + ",".join(f"{b:02x}" for b in s.encode("utf-16-le")),
    "hex as an array": lambda s: ", ".join(f"0x{b:02X}" for b in s.encode()),
    "decimal as an array": lambda s: ", ".join(str(b) for b in s.encode()),
    "gzip in base64": lambda s: base64.b64encode(gzip.compress(f"the {s}".encode())).decode(),
    "entities": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "URL": lambda s: "".join(f"%{ord(c):02X}" for c in s),
}
PLACES = [
    "Le code est {} , merci.", "{}\n", '{{"note": "avant {} après"}}', "<a>{}</a>", "a;{};b", "« {} »",
    "C:\\x\\{}.txt", "x ({}).",
]  # fmt: skip


def secret(dice: random.Random, length: int) -> str:
    made = "".join(dice.choice("ABCDEFGHJKMNPQRSTVWXYZ23456789") for _ in range(length))
    return made if sum(c.isdigit() for c in made) > 3 else secret(dice, length)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("writing", WRITINGS)
def test_no_identifier_goes_out_unnoticed(writing: str, known: bool) -> None:
    dice = random.Random(f"{writing} {known}")
    rows, tokens = [], Tokens()
    for number, place in enumerate(PLACES):
        length = 25 if number % 2 else 35
        value = secret(dice, length)
        written = WRITINGS[writing](value)
        text = place.format(json.dumps(written)[1:-1] if place.startswith("{{") else written)
        if known:
            tokens.add([Found(Kind.KEY_PACK if length == 35 else Kind.CODE, value)])
        tokens.add(by_pattern(json.loads(text)["note"] if place.startswith("{{") else text))
        rows.append((place, value, written, text))
    rewriter, search = Rewriter(tokens), Search(tokens)
    for place, value, written, text in rows:
        name = "x.json" if place.startswith("{{") else "x.txt"
        fresh = rewriter.file(name, text.encode())
        assert fresh is not None
        if list(search.file(name, fresh)):
            continue  # refused: nothing is written
        out = fresh.decode()
        assert written not in out, (place, out)
        for read in (out, html.unescape(out), urllib.parse.unquote(out)):
            assert value[:15] not in bare(read), (place, out)


#: Nobody types these at a prompt.
ENCODED = ("hex", "base", "decimal", "gzip", "entities", "URL")


@pytest.mark.parametrize("writing", [name for name in WRITINGS if not name.startswith(ENCODED)])
def test_a_free_answer_is_masked_in_every_writing(writing: str) -> None:
    """Before it reaches the journal: whatever a person or Word puts between the characters."""
    dice = random.Random(writing)
    for length in (25, 35):
        value = secret(dice, length)
        said = mask_all({"note": [f"lu {WRITINGS[writing](value)} au téléphone"]})["note"][0]
        assert value[:8] not in bare(said) and bare(said).endswith(f"{value[-5:]}AUTELEPHONE"), said


@pytest.mark.parametrize(
    "piece", ["<span class='x'>A</span>", "A\u200b\u200b", "A&nbsp;", "A%20%20", "A ", "=20A", "\\u00a0A"]
)
def test_no_text_makes_the_search_slow(piece: str) -> None:
    """Letters in tags once took it for ever: a way back into each piece doubles the time with each letter."""
    began = time.process_time()
    mask_all(piece * 3000)
    assert time.process_time() - began < 20


PHONES = [
    "0199000001", "01 99 00 00 01", "01.99.00.00.01", "01-99-00-00-01", "+33199000001", "0033199000001",
    "01/99/00/00/01", "+33 (0)1 99 00 00 01", "(+33) 1 99 00 00 01", "01 99000001",
    "+33\u00a01\u00a099\u00a000\u00a000\u00a001", "01\u201199\u201100\u201100\u201101", "01 99 00 00 01 poste 12",
    "+33 1 99 00 00 01 ext. 4", "01\u00ad99\u00ad00\u00ad00\u00ad01", "tel:+33-1-99-00-00-01;ext=4", "%2B33199000001",
    "01\u202f99\u202f00\u202f00\u202f01", "01&nbsp;99&nbsp;00&nbsp;00&nbsp;01",
    "\uff10\uff11 \uff19\uff19 \uff10\uff10 \uff10\uff10 \uff10\uff11",
]  # fmt: skip


@pytest.mark.parametrize("written", PHONES)
def test_a_known_telephone_goes_in_every_national_form(written: str) -> None:
    tokens = Tokens()
    tokens.add([Found(Kind.PHONE, "+33 1 99 00 00 01")])
    text = f"Appeler {written} avant midi"
    assert list(Search(tokens).text("x", text, "plain")), "the second pass sees it by itself"
    fresh = Rewriter(tokens).text(text)
    assert "PHONE01" in fresh and "99" not in fresh and not list(Search(tokens).text("x", fresh, "plain"))


@pytest.mark.parametrize(
    "written",
    ["(555) 123-4567", "020 7946 0018", "1-800-555-0199", "555-123-4567", "+1 (555) 123-4567", "+44 20 7946 0018",
     "0199000001", "+49 (0)30 901820", "tel:+33199000001", "00 33 1 99 00 00 01", "(020) 7946 0018", "0211 1234567"],
)  # fmt: skip
def test_an_unknown_telephone_is_found_by_its_form(written: str) -> None:
    text = f"Appeler {written}, merci"
    assert [each for each in by_pattern(text) if each.kind is Kind.PHONE]
    assert list(Search(Tokens()).text("x", text, "plain"))


@pytest.mark.parametrize(
    "text",
    ["2024-01-15 10:20:30", "01/02/2024\u00a009:00:00\u00a0UTC", "10.0.20348.1970", "1 234 567 octets", "0.1234567890",
     "RDSH1, RDSH2, RDSH3, RDSH4, RDSH5", "these words could never arise 12", "anticonstitutionnellement", "0x80070005",
     "b9f1 22c3 0a1b 22c3 0a1b 22c3 0a1b 22c3", "license_servers RDLIC01.CORP", "LICENSE_SERVERS,RDLIC01.corp",
     "servers-license: RDLIC02 HOST", "EventLogRecordNumber12345", "groupes serveur RDSRV01 PARI"],
)  # fmt: skip
def test_what_is_none_is_left_alone(text: str) -> None:
    assert not [each for each in by_pattern(text) if each.kind in (Kind.PHONE, Kind.CODE, Kind.KEY_PACK)]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_counts_what_is_tried(lang: str) -> None:
    page = (data_root() / "docs" / lang / "security-officer.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if "test_writings.py" in line).replace("\u00a0", "").replace(",", "")
    others = {**writings.BY_A_PERSON, **writings.HIDDEN}
    counts = [(len(WRITINGS), len(PLACES)), (len(others), len(writings.PLACES))]
    numbers = {each for ways, places in counts for each in (ways, places, ways * places * 2)}
    assert numbers <= set(map(int, re.findall(r"\d+", row))), (sorted(numbers), row)
