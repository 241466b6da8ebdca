"""What must not leave the company: one table, a row per kind, that finding, replacing and checking read.

The kinds and what remains of each follow the project's sensitivity table: of a bearer value (License Key Pack ID,
licence code) and of a confidential number the last characters may be shown, of a person the initials; hosts,
domains, accounts and addresses become stable names.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from runbook.case.identifiers import bare, written_secrets
from runbook.case.spelling import spelled_secrets
from runbook.words.sentences import data_root


class Kind(StrEnum):
    """The kinds of sensitive value; the word is the stem of their tokens (RDSH01)."""

    KEY_PACK = "KEYPACK"
    CODE = "CODE"
    SERVER_ID = "SERVERID"
    PRODUCT_ID = "PRODUCTID"
    CONTRACT = "CONTRACT"
    PERSON = "PERSON"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    USER = "USER"
    SID = "SID"
    LICENSE_SERVER = "RDLS"
    SESSION_HOST = "RDSH"
    HOST = "HOST"
    DOMAIN = "DOMAIN"
    IP = "IP"
    COMPANY = "COMPANY"
    DIRECTORY = "DN"
    POLICY = "GPO"
    REFERENCE = "REFERENCE"
    PLACE = "PLACE"


@dataclass(frozen=True)
class Found:
    """A sensitive value and its kind; ``token`` where it is to be called by a name of its own."""

    kind: Kind
    value: str
    token: str = ""


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
#: The Clearinghouse, its sign-in and the like: everybody's hosts, nobody's secret.
_MICROSOFT = re.compile(
    r"(?:^|\.)(?:microsoft|microsoftonline|windows|windowsupdate|msftncsi|live|office)\.(?:com|net)$", re.IGNORECASE
)
_EDGE = r"(?<![A-Za-z0-9])"
_END = r"(?![A-Za-z0-9])"
SID = re.compile(r"S-1-(?:5-21|12-1)(?:-\d+){3,}", re.IGNORECASE)
EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+'-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
PRODUCT_ID = re.compile(rf"{_EDGE}\d{{5}}-\d{{5}}-\d{{5}}-[A-Z0-9]{{5}}{_END}", re.IGNORECASE)
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.\]])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
#: NetBIOS domain, one backslash, account. Not a path (no backslash, colon or word before or after), not an escape.
ACCOUNT = re.compile(
    r"(?<![\w\\/:.$%-])([A-Za-z][A-Za-z0-9-]{1,14})\\{1,2}(?!u[0-9A-Fa-f]{4}|[nrt][A-Z])([A-Za-z0-9][\w.-]*\$?)(?![\\\w])"
)
PROFILE = re.compile(r"(?:[A-Za-z]:\\{1,2}Users\\{1,2}|(?<![A-Za-z0-9])/home/)([^\\/\s\"'<>:|?*]+)")
DIRECTORY = re.compile(
    r"(?<![A-Za-z])(?:CN|OU|DC)=[^,;\"<>\n\r\\]+(?:,\s*(?:CN|OU|DC)=[^,;\"<>\n\r\\]+)+", re.IGNORECASE
)
_GAP = r"[ .\-/\u00a0\u202f\u2010-\u2015]"
#: No date. International; French; with an area code that begins with 0; North American.
PHONE = re.compile(
    rf"(?<![\w+/.-])(?<!\d:)(?!\d{{1,2}}([/.-])\d{{1,2}}\1\d{{4}})"
    rf"(?:(?:\+|00 ?)[1-9]\d{{0,2}}(?:{_GAP}{{0,2}}[(]?\d[)]?){{7,12}}"
    rf"|0[1-9](?:{_GAP}?\d{{2}}){{4}}"
    rf"|[(]?0[1-9]\d{{1,3}}[)]?{_GAP}{{1,2}}\d{{3,4}}{_GAP}?\d{{3,5}}"
    rf"|(?:1{_GAP})?(?:[(][2-9]\d\d[)] ?|[2-9]\d\d{_GAP})\d{{3}}{_GAP}\d{{4}})(?![\w-]|[.,:]\d)"
)
_EVENT_COMPUTER = re.compile(r"<Computer>([^<]+)</Computer>")
_EVENT_DATA = re.compile(r"<Data Name=[\"']([A-Za-z]+)[\"']>([^<]+)</Data>")

#: What stands before a backslash without being a domain: registry hives, namespaces, built-in authorities.
_NO_DOMAIN = frozenset(
    re.findall(
        r"\w+",
        """hklm hkcu hkcr hku hkey_local_machine root builtin software system currentcontrolset security sam microsoft
        windows terminal services system32 syswow64 termsrv nt authority service program files users temp registry
        workgroup wow6432node policies parameters""",
    )
)
_NO_USER = frozenset(
    re.findall(
        r"\w+",
        """public default all system administrator administrateur administrators administrateurs guest invité network
        local service anonymous everyone root localsystem defaultaccount""",
    )
)
_NO_HOST = frozenset(
    ("localhost", "windows", "rehearsal", "substitute", "server", "host", "local", "true", "false", "none", "null")
)


def compact(value: str) -> str:
    """A value without separators, upper case: how numbers and identifiers are compared."""
    return bare(value)


def key_of(kind: Kind, value: str) -> str:
    """By what two writings of a value are the same."""
    return TABLE[kind].normal(value)


def by_key(key: str, value: str) -> Iterator[Found]:
    """What a property's name says about its value."""
    kind = _kind_of_key().get(re.sub(r"[^a-z0-9]", "", key.lower()))
    value = value.strip()
    if kind and value and "…" not in value:  # the journal shows secrets by their last five characters
        yield from TABLE[kind].read(kind, value)


def by_pattern(text: str) -> Iterator[Found]:
    """Everything in ``text`` that looks like a sensitive value, by its form alone."""
    for kind, row in TABLE.items():
        yield from row.find(kind, text)


@cache
def _kind_of_key() -> dict[str, Kind]:
    return {name: kind for kind, row in TABLE.items() for name in row.keys.split()}


def host(value: str, kind: Kind = Kind.HOST) -> Iterator[Found]:
    """A host name: its first label is the host, the rest its domain."""
    if not _HOST.fullmatch(value) or value.lower() in _NO_HOST or _is_address(value) or value.isdigit():
        return
    label, _, domain = value.partition(".")
    if _MICROSOFT.search(value):
        return
    # a label that is an everyday word ("backup") tells nothing by itself, and must not be replaced by itself
    if label.lower() not in public_words():
        yield Found(kind, label)
    elif domain:
        yield Found(kind, value)
    if domain:
        yield Found(Kind.DOMAIN, domain)


def person(value: str, kind: Kind = Kind.PERSON) -> Iterator[Found]:
    """A person, or a company: any name but one everyday word."""
    if value.lower() not in public_words():
        yield Found(kind, value)


def reference(value: str) -> Iterator[Found]:
    """A number that a company or Microsoft gave to a call or a change: not "none", not a word, not a digit or two."""
    if len(compact(value)) >= 4 and any(c.isdigit() for c in value) and value.lower() not in public_words():
        yield Found(Kind.REFERENCE, value)


def _telling(name: str) -> list[str]:
    """The words of a person's or company's name that would still tell who it is."""
    words = re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", name)
    return [word for word in words if len(word) >= 3 and word.lower() not in public_words()]


def _initials(name: str) -> str:
    """``HE`` for Hélène Exemplaire, without accents; ``X`` where there are none."""
    letters = "".join(part[0] for part in re.findall(r"[^\W\d_]+", name))[:3]
    return unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode().upper() or "X"


def _end(count: int) -> Callable[[str], str]:
    return lambda value: compact(value)[-count:]


@cache
def public_text() -> str:
    """Everything the project itself publishes (facts, scripts, notebooks): what stands there is no secret."""
    root = data_root()
    files = [*(root / "knowledge").rglob("*.yml"), *(root / "notebooks" / "steps").glob("*.ps1")]
    return "\n".join(file.read_text(encoding="utf-8-sig") for file in sorted(files))


@cache
def public_words() -> frozenset[str]:
    """The words of that text, lower case: too common to tell a company by."""
    return frozenset(word.lower() for word in re.findall(r"[^\W\d_]{3,}", public_text()))


def account(value: str) -> Iterator[Found]:
    """A user account; one that ends in $ is a computer's."""
    if value.endswith("$"):
        yield from host(value[:-1])
    elif value.lower() not in _NO_USER | public_words() and len(value) > 1 and re.search(r"[^\W\d_]", value):
        yield Found(Kind.USER, value)


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- what a property's value says


def _name(kind: Kind, value: str) -> Iterator[Found]:
    if len(value) > 2:
        yield from person(value, kind)


def _host(kind: Kind, value: str) -> Iterator[Found]:
    yield from host(value, kind)


def _domain(kind: Kind, value: str) -> Iterator[Found]:
    if _HOST.fullmatch(value) and value.lower() not in _NO_DOMAIN | _NO_HOST:
        yield Found(kind, value)


def _who(kind: Kind, value: str) -> Iterator[Found]:
    """A person or an account, also with its machine, as the journal names who ran it, or with its domain."""
    user, at, machine = value.partition("@")
    domain, slash, inside = value.partition("\\")
    if at and not EMAIL.fullmatch(value) and _HOST.fullmatch(machine):
        yield from account(user)
        yield from host(machine)
    elif kind is Kind.USER and slash:
        yield from _pair(domain, inside)
    elif kind is Kind.USER and not EMAIL.fullmatch(value):
        yield from account(value)
    elif kind is Kind.PERSON and re.search(r"[^\W\d_]{2}", value) and not at and not slash:
        yield from person(value)


def _identifier(kind: Kind, value: str) -> Iterator[Found]:
    if len(compact(value)) == (25 if kind is Kind.CODE else 35):
        yield Found(kind, value)


def _number(kind: Kind, value: str) -> Iterator[Found]:
    digits = set(filter(str.isdigit, value))
    # "+00 00 00 00 00" stands for no number, and is found again in every row of zeros
    if len(compact(value)) >= 5 and digits and (kind is not Kind.PHONE or len(digits) > 1):
        yield Found(kind, value)


def _reference(_: Kind, value: str) -> Iterator[Found]:
    yield from reference(value)


# ---------------------------------------------------------------- what a text holds by its form

Find = Callable[[Kind, str], Iterator[Found]]


def _nothing(_: Kind, text: str) -> Iterator[Found]:
    yield from ()


def _form(pattern: re.Pattern[str]) -> Find:
    def find(kind: Kind, text: str) -> Iterator[Found]:
        for match in pattern.finditer(text):
            yield Found(kind, match[0].strip())

    return find


def _secrets(kind: Kind, text: str) -> Iterator[Found]:
    for match in written_secrets(text):
        yield Found(kind if len(compact(match[0])) == 25 else Kind.KEY_PACK, match[0])
    for _, _, said in spelled_secrets(text):
        yield Found(kind if len(said) < 35 else Kind.KEY_PACK, said)


def _addresses(kind: Kind, text: str) -> Iterator[Found]:
    """IP addresses of machines: no loopback, no mask, no "any"."""
    for pattern in (IPV4, IPV6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            mask = match[0].startswith("255.")
            if not (address.is_loopback or address.is_unspecified or address.is_multicast or mask):
                yield Found(kind, match[0])


def _accounts(_: Kind, text: str) -> Iterator[Found]:
    r"""DOMAIN\user pairs (hives, namespaces and built-in authorities are none), and whose profile a path is in."""
    for domain, user in ACCOUNT.findall(text):
        if domain.lower() not in _NO_DOMAIN and domain.upper() == domain and len(user) > 1:
            yield from _pair(domain, user)
    for match in PROFILE.finditer(text):
        yield from account(match[1])


def _pair(domain: str, user: str) -> Iterator[Found]:
    if domain.lower() not in _NO_DOMAIN and _HOST.fullmatch(domain):
        yield Found(Kind.DOMAIN, domain)
    if user.lower() in public_words() and user.lower() not in _NO_USER:
        yield Found(Kind.USER, f"{domain}\\{user}")  # an everyday word is replaced only where it is an account
    yield from account(user)


def _in_events(_: Kind, text: str) -> Iterator[Found]:
    for match in _EVENT_COMPUTER.finditer(text):
        yield from host(match[1].strip())
    for match in _EVENT_DATA.finditer(text):
        yield from by_key(match[1], match[2])


# ---------------------------------------------------------------- the table


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def _nine_digits(value: str) -> str:
    """Of a telephone number the last nine digits, which neither the country's code nor the 0 in its place changes."""
    return re.sub(r"\D", "", value)[-9:]


@dataclass(frozen=True)
class Row:
    """All that is known of a kind.

    ``keys``: names of JSON properties and event fields (lower case, letters and digits only) that hold one;
    ``read``: what the value of such a property says; ``find``: what a text holds by its form alone; ``normal``: by
    what two writings are the same; ``shown``: what of it its token shows; ``words``: what of it would still tell, taken
    alone; ``family``: kinds of one family name the same thing, and a value has one token in it.
    """

    keys: str = ""
    read: Find = _name
    find: Find = _nothing
    normal: Callable[[str], str] = _folded
    shown: Callable[[str], str] = lambda _: ""
    words: Callable[[str], list[str]] = lambda _: []
    family: str = ""

    @property
    def compact(self) -> bool:
        """Whether it is written with or without separators, and compared without them."""
        return self.normal is not _folded


#: In the order in which a text is searched: what has the more telling form comes first.
TABLE: dict[Kind, Row] = {
    Kind.SID: Row(find=_form(SID)),
    Kind.EMAIL: Row("email mail emailaddress userprincipalname", find=_form(EMAIL)),
    Kind.PRODUCT_ID: Row("productid", _number, _form(PRODUCT_ID), compact, _end(5)),
    Kind.CODE: Row(
        "licencecode licensecode code retailcode", _identifier, _secrets, compact, _end(5), family="identifier"
    ),
    Kind.KEY_PACK: Row(
        "keypackid licensekeypackid key", _identifier, normal=compact, shown=_end(5), family="identifier"
    ),
    Kind.SERVER_ID: Row(
        "serverid licenseserverid slicenseserverid", _identifier, normal=compact, shown=_end(5), family="identifier"
    ),
    Kind.IP: Row(find=_addresses),
    Kind.USER: Row(
        "username user issuedtouser sissuedtouser account accountname samaccountname subjectusername targetusername"
        " useraccount operator",
        _who,
        _accounts,
        family="machine",
    ),
    Kind.DIRECTORY: Row(find=_form(DIRECTORY)),
    Kind.PHONE: Row("phone telephone phonenumber fax callback", _number, _form(PHONE), _nine_digits),
    Kind.HOST: Row(
        "computername pscomputername computer host hostname dnshostname machine machinename servername server"
        " issuedtocomputer sissuedtocomputer broker licenseserver csname",
        _host,
        _in_events,
        family="machine",
    ),
    Kind.SESSION_HOST: Row(family="machine"),
    Kind.LICENSE_SERVER: Row(family="machine"),
    Kind.DOMAIN: Row(
        "domain domainname dnsroot forest userdomain subjectdomainname targetdomainname netbiosname domaindnsname",
        _domain,
    ),
    Kind.PERSON: Row(
        "who agent agentname witness firstname lastname fullname contact contactname approvedby editedby statedby"
        " confirmedby",
        _who,
        shown=_initials,
        words=_telling,
    ),
    Kind.COMPANY: Row("company organization organisation", words=_telling),
    Kind.CONTRACT: Row(
        "agreement agreementnumber enrollment enrollmentnumber licensenumber authorizationnumber contractnumber",
        _number,
        normal=compact,
        shown=_end(2),
    ),
    Kind.REFERENCE: Row("reference ticket casenumber confirmationcode changerequest", _reference),
    Kind.POLICY: Row("gpo gponame object policyobject"),
    Kind.PLACE: Row(),
}


def strings(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in JSON data with the name of the property it stands under (numbers as text too)."""
    if isinstance(data, dict):
        for name, item in data.items():
            yield "", str(name)
            yield from strings(item, str(name))
    elif isinstance(data, list):
        for item in data:
            yield from strings(item, key)
    elif isinstance(data, str):
        yield key, data
    elif isinstance(data, int) and not isinstance(data, bool):
        yield key, str(data)
