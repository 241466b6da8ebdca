"""Bytes to text, CLIXML and out.json."""

from __future__ import annotations

import json
import re
from io import BytesIO

import pytest
from samples import samples

from runbook.formats.clixml import Piece, read_clixml, read_stderr, unescape
from runbook.formats.decode import Decoded, decode, xml_encoding
from runbook.formats.out_json import read_out_json

SAMPLES = samples()
OBJS = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (b"\xef\xbb\xbf\xc3\xa9", "cp850", Decoded("é", "utf-8", False)),
        (b"\xff\xfe\xe9\x00", "cp850", Decoded("é", "utf-16-le", False)),
        (b"\xfe\xff\x00\xe9", "utf-8", Decoded("é", "utf-16-be", False)),
        (b"\xe9\x00", "utf-16", Decoded("é", "utf-16-le", False)),
        (b"\x82", "cp850", Decoded("é", "cp850", False)),
        (b"\xe9", "cp1252", Decoded("é", "cp1252", False)),
        (b"a\x82", "utf-8", Decoded("a\ufffd", "utf-8", True)),
        (b"a\x00b", "utf-16", Decoded("a\ufffd", "utf-16-le", True)),
        (b"a\x81", "cp1252", Decoded("a\ufffd", "cp1252", True)),
        (b"", "utf-8-sig", Decoded("", "utf-8", False)),
    ],
)
def test_decode(data: bytes, declared: str, expected: Decoded) -> None:
    assert decode(data, declared) == expected


@pytest.mark.parametrize("name", ["no-such-encoding", "hex", "rot13"])
def test_decode_refuses_what_is_no_text_encoding(name: str) -> None:
    with pytest.raises(LookupError):
        decode(b"", name)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("<é/>".encode("utf-16"), "utf-16-le"),
        ("<é/>".encode("utf-16-be"), "utf-16-be"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "utf-8"),
        (b'<?xml version="1.0" encoding="windows-1252"?><a>\xe9</a>', "cp1252"),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xe9</a>', "cp850"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "utf-8"),
        (b'<?xml version="1.0" encoding="zip"?><a/>', "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_encoding_in_which_xml_is_really_written(data: bytes, encoding: str) -> None:
    assert xml_encoding(BytesIO(data))[0] == encoding


def test_clixml_of_a_real_error() -> None:
    found = read_stderr((SAMPLES / "clixml/pypsrp_sanitise_clixml_with_error.xml").read_bytes(), "utf-8")
    assert {piece.stream for piece in found.pieces} == {"error"} and len(found.pieces) == 8
    assert found.of("error").splitlines()[2] == "At line:1 char:1"
    assert found.of("error").endswith("FullyQualifiedErrorId : CommandNotFoundException\r\n \r\n")
    assert not found.unread


def test_clixml_of_nothing_but_progress_is_empty() -> None:
    found = read_stderr((SAMPLES / "clixml/pypsrp_sanitise_clixml_with_no_errors.xml").read_bytes(), "utf-8")
    assert found.pieces == () and found.unread == ()


def test_several_documents_with_text_around_them() -> None:
    text = (
        "before\r\n#< CLIXML\r\n"
        f'{OBJS}<S S="Error">one_x000D__x000A_</S><S S="warning">w &lt;/Objs&gt;</S></Objs>'
        f'{OBJS}<S S="Error">two</S></Objs>'
        f'between\n#< CLIXML\n{OBJS}<S S="verbose">v</S></Objs>after'
    )
    assert [(piece.stream, piece.text) for piece in read_clixml(text).pieces] == [
        ("plain", "before\r\n"),
        ("error", "one\r\n"),
        ("warning", "w </Objs>"),
        ("error", "two"),
        ("plain", "between\n"),
        ("verbose", "v"),
        ("plain", "after"),
    ]


def test_nested_objects_say_their_own_text() -> None:
    record = (
        '<Obj S="Error" RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T></TN>'
        "<ToString>Acc\u00e8s refus\u00e9.</ToString><Props><Obj N='Exception' RefId='1'>"
        "<ToString>inner</ToString><Props><S N='Message'>inner</S></Props></Obj></Props></Obj>"
        '<Obj S="information" RefId="2"><MS><S N="MessageData">first</S><S N="Source">second</S></MS></Obj>'
        '<Obj S="progress" RefId="3"><ToString>gone</ToString></Obj><I32>7</I32>'
    )
    assert read_clixml(f"#< CLIXML\r\n{OBJS}{record}</Objs>").pieces == (
        Piece("error", "Accès refusé."),
        Piece("information", "first\nsecond"),
    )


def test_escapes() -> None:
    assert unescape("a_x000D__x000A_b_xD83D__xDE00__x005F_x000A_") == "a\r\nb😀_x000A_"
    assert unescape("_xD83D_ alone, _x12_ none, _xZZZZ_ none") == "\ufffd alone, _x12_ none, _xZZZZ_ none"


@pytest.mark.parametrize("cut", range(1, 46))
def test_a_document_cut_anywhere_keeps_what_it_holds(cut: int) -> None:
    document = f'{OBJS}<S S="Error">whole &amp; well</S><S S="Error">half of _x000A_ it</S></Objs>'
    found = read_clixml("#< CLIXML\r\n" + document[:-cut])
    assert found.pieces[0] == Piece("error", "whole & well")
    assert [fault.why.key for fault in found.unread] == ["readers.cut_document"]
    said = found.of("error").removeprefix("whole & well")
    assert "half of \n it".startswith(re.sub(r"_(x[0-9A-F]{0,4})?$", "", said))


def test_an_entity_bomb_is_refused() -> None:
    found = read_clixml(f'#< CLIXML\n<!DOCTYPE x [<!ENTITY a "b">]>{OBJS}<S S="Error">&a;</S></Objs>')
    assert [fault.why.key for fault in found.unread] == ["readers.damaged_document"]


def test_stderr_in_the_console_code_page() -> None:
    found = read_stderr("Accès refusé".encode("cp850"))
    assert found.pieces == (Piece("plain", "Accès refusé"),)
    assert read_stderr(b"\x82", "utf-8").unread[0].why.fields == {"encoding": "utf-8"}


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b'\xef\xbb\xbf[{"Name":"\xc3\xa9"}]', [{"Name": "é"}]),
        (b'{"A":1}', [{"A": 1}]),
        (b"\xef\xbb\xbf\r\n", []),
        (b"null", []),
        (b"[]", []),
        (b'[{"A":NaN}]', [{"A": None}]),
        (rb'[{"A":"\ud83d\ude00 \ud83d"}]', [{"A": "😀 \ufffd"}]),
    ],
)
def test_out_json(data: bytes, rows: list[dict[str, object]]) -> None:
    found = read_out_json(data)
    assert found.rows == rows and found.unread is None
    json.dumps(found.rows, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b'[{"A":', "not_json"),
        (b"[" * 200_000, "not_json"),
        (b'[{"A":' + b"9" * 5000 + b"}]", "not_json"),
        ('[{"A":"é"}]'.encode("cp850"), "not_json"),
        ('[{"A":1}]'.encode("utf-16"), "not_json"),
        (b'[{"A":1}, 2]', "not_objects"),
        (b'"text"', "not_objects"),
    ],
)
def test_out_json_that_cannot_be_read(data: bytes, word: str) -> None:
    found = read_out_json(data)
    assert found.rows is None and found.unread is not None
    assert found.unread.why.key == f"readers.{word}"
    assert found.unread.text("fr") != found.unread.text("en")
