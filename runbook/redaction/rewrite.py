"""Putting tokens in place of values, in text and in files, whatever way the value was written."""

from __future__ import annotations

import html
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable
from typing import Any

from runbook.case.identifiers import BETWEEN, Squeezed, bare
from runbook.redaction.opaque import without_opaque
from runbook.redaction.packed import PACKED, hides_identifier, numbered, unpacked
from runbook.redaction.sensitive import TABLE, Kind, key_of
from runbook.redaction.tokens import Tokens, put
from runbook.redaction.traces import Traces

#: A word begins after what is no letter or digit, and after an escape that ends in one (%5C, \\n, \\u00e9).
_BEFORE = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4}))"
#: From this length on a number is one even inside other characters.
LONG = 15
#: From this length on one is told by some of its characters.
IDENTIFIER = 20
#: From this length on a value is looked for in base64.
HIDDEN = 5
WITHHELD_BASE64 = "[base64-withheld]"
WITHHELD_PICTURE = "[image withheld]"


class Rewriter:
    """Replaces every known value of a case."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens: dict[str, str] = {}
        self._hides: dict[str, bool] = {}  # whether a packed run does
        numbers: dict[str, str] = {}
        for kind, value, token in tokens:
            if TABLE[kind].compact:
                numbers[key_of(kind, value)] = token
                if len(key_of(kind, value)) >= LONG:
                    continue
            for form in written(kind, value):
                self._tokens.setdefault(_lookup(form), token)
        self._numbers = numbers
        words = _trie(set(self._tokens))
        self._words = re.compile(rf"{_BEFORE}(?:{words})(?![^\W_])", re.IGNORECASE) if words else None
        hidden = _trie({form for form in self._tokens if len(form) >= HIDDEN})
        self._hidden = re.compile(hidden, re.IGNORECASE) if hidden else None
        phones = {key_of(kind, value) for kind, value, _ in tokens if kind is Kind.PHONE}
        ordered = sorted(numbers, key=len, reverse=True)
        long = "|".join(number for number in ordered if len(number) >= LONG)
        self._traces = Traces({number: token for number, token in numbers.items() if len(number) >= IDENTIFIER})
        self._long = re.compile(long) if long else None
        spaced = "|".join(_spaced(number, number in phones) for number in ordered if len(number) < LONG)
        self._spaced = re.compile(spaced, re.IGNORECASE) if spaced else None

    def text(self, text: str) -> str:
        """``text`` with a token for every value, and without what hides one or may hide anything."""
        text = self._without_identifiers(PACKED.sub(self._packed, text))
        if self._spaced:
            text = self._spaced.sub(self._number, text)
        if self._words:
            text = self._words.sub(lambda match: self._tokens.get(_lookup(match[0]), "REDACTED"), text)
        return without_opaque(text)

    def _without_identifiers(self, text: str) -> str:
        """Without the known ones, whole or in pieces, and those that numbers spell."""
        spelled = ((s, e) for s, e, said in numbered(text) if self.holds_any(said) or hides_identifier(said))
        text = put(text, ((start, end, WITHHELD_BASE64) for start, end in spelled))
        return self._traces.replace(self._without_long(text))

    def _without_long(self, text: str) -> str:
        """Identifiers are found in the squeezed text: in whatever writing, even inside other characters."""
        if not self._long:
            return text
        squeezed = Squeezed(text)
        for match in reversed(list(self._long.finditer(squeezed.text))):
            start, end = squeezed.span(*match.span())
            text = text[:start] + self._numbers[match[0]] + text[end:]
        return text

    def _number(self, match: re.Match[str]) -> str:
        return self._numbers.get(bare(match[0])) or self._numbers[re.sub(r"\D", "", bare(match[0]))[-9:]]

    def holds_any(self, text: str) -> bool:
        """Whether a known value stands in unpacked ``text``, with whatever before and after it. Values shorter
        than HIDDEN do not count: bytes at random hold them."""
        return bool(
            (self._long and self._long.search(Squeezed(text).text))
            or next(self._traces.find(text), None)
            or (self._spaced and self._spaced.search(text))
            or (self._hidden and self._hidden.search(text))
        )

    def data(self, data: Any) -> Any:
        """JSON data with every text in it, names of properties too, rewritten."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {self.text(str(key)): self.data(item) for key, item in data.items()}
        if isinstance(data, list):
            return [self.data(item) for item in data]
        if isinstance(data, int) and not isinstance(data, bool) and str(data) in self._numbers:
            return self._numbers[str(data)]
        return data

    def notebook(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """A notebook: pictures made of pixels are taken out (nothing can search them), text is rewritten."""
        for cell in notebook.get("cells", []):
            cell.pop("attachments", None)
            outputs: list[dict[str, Any]] = []
            for output in cell.get("outputs", []):
                data = output.get("data")
                if isinstance(data, dict):
                    pixels = [form for form in data if form.startswith("image/") and form != "image/svg+xml"]
                    for form in pixels:
                        del data[form]
                    if pixels:
                        data.setdefault("text/plain", WITHHELD_PICTURE)
                    output["data"] = {form: _joined(content) for form, content in data.items()}
                if "text" in output:
                    output["text"] = _joined(output["text"])
                last = outputs[-1] if outputs else {}
                # a value may be cut in two where the kernel sent its stream in two pieces
                if (
                    output.get("output_type") == "stream" == last.get("output_type")
                    and output.get("name") == last["name"]
                ):
                    last["text"] += output["text"]
                else:
                    outputs.append(output)
            if "outputs" in cell:
                cell["outputs"] = outputs
            cell["source"] = _joined(cell.get("source", ""))
        rewritten: dict[str, Any] = self.data(notebook)
        return rewritten

    def file(self, name: str, raw: bytes) -> bytes | None:
        """The bytes of a file, rewritten; None for one that cannot be read as text and so must stay inside."""
        text, encode = decode(raw)
        if text is None:
            return None
        suffix = name.rsplit(".", 1)[-1].lower()
        if suffix in ("json", "ipynb"):
            try:
                data = json.loads(text)
            except ValueError:
                pass
            else:
                fresh = self.notebook(data) if suffix == "ipynb" and isinstance(data, dict) else self.data(data)
                told = json.dumps(fresh, ensure_ascii=False, indent=1) + "\n"
                return encode(self._across(told))
        if suffix == "jsonl":
            return encode("".join(map(self._line, text.splitlines(keepends=True))))
        return encode(self.text(text))

    def _line(self, line: str) -> str:
        """A line of JSON, or of any text."""
        try:
            data = json.loads(line)
        except ValueError:
            return self.text(line)
        end = line[len(line.rstrip()) :]
        return json.dumps(self.data(data), ensure_ascii=False) + end

    def _across(self, told: str) -> str:
        """JSON without an identifier whose pieces stand in several of its texts. What it cannot do without the file
        ceasing to be JSON is left to the second pass, which refuses it."""
        without = self._without_identifiers(told)
        try:
            json.loads(without)
        except ValueError:
            return told
        return without

    def _packed(self, match: re.Match[str]) -> str:
        """Base64 in whose bytes a value stands is taken out as a whole."""
        run = match[0]
        if run not in self._hides:  # the same words stand in many texts
            self._hides[run] = any(self.holds_any(text) or hides_identifier(text) for text in unpacked(run))
        return WITHHELD_BASE64 if self._hides[run] else run


def decode(raw: bytes) -> tuple[str | None, Callable[[str], bytes]]:
    """The text of a file and the way back to bytes; None for what is no text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw.startswith(mark):
            try:
                text = raw[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                break
            return text, lambda fresh, mark=mark, encoding=encoding: mark + fresh.encode(encoding)
    if b"\0" in raw:
        for encoding in ("utf-16-le", "utf-16-be"):
            zeros = raw[1::2] if encoding == "utf-16-le" else raw[::2]
            if len(raw) % 2 == 0 and zeros.count(0) > len(zeros) * 0.6:
                try:
                    text = raw.decode(encoding)
                except UnicodeDecodeError:
                    continue
                if "\0" not in text:
                    return text, lambda fresh, encoding=encoding: fresh.encode(encoding)
        return None, str.encode
    try:
        return raw.decode("utf-8"), str.encode
    except UnicodeDecodeError:
        pass
    if any(byte < 9 or (13 < byte < 32 and byte != 27) for byte in raw):
        return None, str.encode
    # a console page: values are met in the forms `written` gives for 850 and 1252
    return raw.decode("latin-1"), lambda fresh: fresh.encode("latin-1", "replace")


def written(kind: Kind, value: str) -> set[str]:
    """Every way in which a value may stand in a text: as it is, folded, escaped for JSON, HTML, XML and URLs, in
    the console's code pages read as Latin-1; a person also by each part of the name."""
    bases = {value}
    if words := TABLE[kind].words(value):
        bases |= {" ".join(value.split()), " ".join(reversed(value.split())), *words}
    bases |= {unicodedata.normalize(form, base) for base in set(bases) for form in ("NFC", "NFD")}
    plain = {unicodedata.normalize("NFKD", base).encode("ascii", "ignore").decode() for base in bases}
    bases |= {base for base in plain if base}
    # escapes spell an accented capital otherwise than its small letter, so that ignoring case is not enough
    bases |= {base.upper() for base in bases} | {base.lower() for base in bases}
    forms = set(bases)
    for base in bases:
        forms |= {html.escape(base), html.escape(base, quote=False), json.dumps(base)[1:-1]}
        forms |= {json.dumps(base, ensure_ascii=False)[1:-1], base.encode("ascii", "xmlcharrefreplace").decode()}
        forms |= {urllib.parse.quote(base, safe=""), urllib.parse.quote(base), urllib.parse.quote_plus(base)}
        forms |= {base.replace("\\", "\\\\"), base.replace("\\", "/"), base.replace(".", "\\.")}
        for page in ("cp850", "cp1252", "utf-8"):
            forms.add(base.encode(page, "ignore").decode("latin-1"))
    return {form for form in forms if len(form) > 1}


def _joined(content: Any) -> Any:
    return "".join(content) if isinstance(content, list) and all(isinstance(c, str) for c in content) else content


def _spaced(number: str, phone: bool = False) -> str:
    pattern = (BETWEEN + "{0,6}").join(map(_wide, number))
    if phone:  # with the country's code, the 0 in its place or neither
        before = rf"{_BEFORE}[+(]?(?:\d{{1,3}}[()]?{BETWEEN}{{0,2}}[()]?){{0,2}}"
        return before + pattern.replace("{0,6}", "{0,2}[()]?") + r"(?!\d)"
    return rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])"


def _wide(character: str) -> str:
    """A letter or digit, also in the full width of an Asian keyboard."""
    return f"[{character}{chr(ord(character) + 0xFEE0)}]"


def _lookup(form: str) -> str:
    """How forms are compared: case aside, and however often a backslash was escaped."""
    return re.sub(r"\\+", r"\\", form.lower())


def _character(character: str) -> str:
    return r"\\{1,8}" if character == "\\" else re.escape(character)


def _trie(forms: set[str]) -> str:
    """One pattern for all forms, longest first, that tries each character once."""
    root: dict[str, Any] = {}
    for form in forms:
        node = root
        for character in form:
            node = node.setdefault(character, {})
        node[""] = {}
    return _pattern(root)


def _pattern(node: dict[str, Any]) -> str:
    ends = "" in node
    branches = [_character(character) + _pattern(inner) for character, inner in sorted(node.items()) if character]
    if not branches:
        return ""
    joined = branches[0] if len(branches) == 1 and not ends else f"(?:{'|'.join(branches)})"
    return f"{joined}?" if ends else joined
