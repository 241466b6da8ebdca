"""What must not leave the company, and how it is recognised in a case: the table of kinds, the patterns, the harvest.

The kinds and what remains of each follow the project's sensitivity table: of a bearer value (License Key Pack ID,
licence code) and of a confidential number the last characters may be shown, of a person the initials; hosts,
domains, accounts and addresses become stable names.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from runbook.sentences import data_root


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


#: Written with or without separators: compared without them.
COMPACT = frozenset({Kind.KEY_PACK, Kind.CODE, Kind.SERVER_ID, Kind.PRODUCT_ID, Kind.CONTRACT, Kind.PHONE})
#: How many characters a token shows of the value's end.
TAIL = {Kind.KEY_PACK: 5, Kind.CODE: 5, Kind.SERVER_ID: 5, Kind.PRODUCT_ID: 5, Kind.CONTRACT: 2}


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
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015"
#: 5 x 5 (a licence code) or 7 x 5 (a License Server ID, a License Key Pack ID).
GROUPS = re.compile(
    rf"{_EDGE}(?:[A-Za-z0-9]{{5}}(?:[{_HYPHENS}][A-Za-z0-9]{{5}}){{4}}(?:(?:[{_HYPHENS}][A-Za-z0-9]{{5}}){{2}})?"
    rf"|[A-Z0-9]{{5}}(?:[ \u00a0\u202f][A-Z0-9]{{5}}){{4}}(?:(?:[ \u00a0\u202f][A-Z0-9]{{5}}){{2}})?"
    rf"|(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])(?:[A-Z0-9]{{35}}|[A-Z0-9]{{25}})){_END}"
)
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
PHONE = re.compile(r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(0\)[ ]?)?\d(?:[ .-]?\d){7,12}|0\d(?:[ .-]\d{2}){4})(?![\w.-])")
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

#: Names of JSON properties and event fields (lower case, letters only) that hold a value of a kind.
KEYS: dict[str, Kind] = {
    name: kind
    for kind, names in {
        Kind.PERSON: "who agent agentname witness firstname lastname fullname contact contactname"
        " approvedby editedby statedby confirmedby",
        Kind.USER: "username user issuedtouser sissuedtouser account accountname samaccountname subjectusername"
        " targetusername useraccount operator",
        Kind.HOST: "computername pscomputername computer host hostname dnshostname machine machinename servername"
        " server issuedtocomputer sissuedtocomputer broker licenseserver csname",
        Kind.DOMAIN: "domain domainname dnsroot forest userdomain subjectdomainname targetdomainname netbiosname"
        " domaindnsname",
        Kind.EMAIL: "email mail emailaddress userprincipalname",
        Kind.PHONE: "phone telephone phonenumber fax callback",
        Kind.CONTRACT: "agreement agreementnumber enrollment enrollmentnumber licensenumber authorizationnumber"
        " contractnumber",
        Kind.REFERENCE: "reference ticket casenumber confirmationcode changerequest",
        Kind.POLICY: "gpo gponame object policyobject",
        Kind.PRODUCT_ID: "productid",
        Kind.SERVER_ID: "serverid licenseserverid slicenseserverid",
        Kind.KEY_PACK: "keypackid licensekeypackid key",
        Kind.CODE: "licencecode licensecode code retailcode",
        Kind.COMPANY: "company organization organisation",
    }.items()
    for name in names.split()
}


def compact(value: str) -> str:
    """A value without separators, upper case: how numbers and identifiers are compared."""
    return re.sub(r"[^A-Za-z0-9]", "", value).upper()


def by_key(key: str, value: str) -> Iterator[Found]:
    """What a property's name says about its value."""
    kind = KEYS.get(re.sub(r"[^a-z0-9]", "", key.lower()))
    value = value.strip()
    if kind is None or not value or "…" in value:  # the journal shows secrets by their last five characters
        return
    user, at, machine = value.partition("@")
    if kind in (Kind.USER, Kind.PERSON) and at and not EMAIL.fullmatch(value) and _HOST.fullmatch(machine):
        yield from account(user)  # an account and its machine, as the journal names who ran it
        yield from host(machine)
    elif kind is Kind.USER and "\\" in value:
        domain, _, user = value.partition("\\")
        yield from _account(domain, user)
    elif kind is Kind.USER and not EMAIL.fullmatch(value):
        yield from account(value)
    elif kind is Kind.HOST:
        yield from host(value)
    elif kind is Kind.DOMAIN:
        if _HOST.fullmatch(value) and value.lower() not in _NO_DOMAIN | _NO_HOST:
            yield Found(Kind.DOMAIN, value)
    elif kind in (Kind.KEY_PACK, Kind.SERVER_ID, Kind.CODE):
        if len(compact(value)) == (25 if kind is Kind.CODE else 35):
            yield Found(kind, value)
    elif kind in (Kind.CONTRACT, Kind.PRODUCT_ID, Kind.PHONE):
        if len(compact(value)) >= 5 and any(character.isdigit() for character in value):
            yield Found(kind, value)
    elif kind is Kind.REFERENCE:
        yield from reference(value)
    elif kind is Kind.PERSON:
        if re.search(r"[^\W\d_]{2}", value) and "\\" not in value and "@" not in value:
            yield from person(value)
    elif len(value) > 2:
        yield from person(value, kind)


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


def by_pattern(text: str) -> Iterator[Found]:
    """Everything in ``text`` that looks like a sensitive value, by its form alone."""
    for match in SID.finditer(text):
        yield Found(Kind.SID, match[0])
    for match in EMAIL.finditer(text):
        yield Found(Kind.EMAIL, match[0])
    for match in PRODUCT_ID.finditer(text):
        yield Found(Kind.PRODUCT_ID, match[0])
    for match in GROUPS.finditer(text):
        yield Found(Kind.CODE if len(compact(match[0])) == 25 else Kind.KEY_PACK, match[0])
    for address in addresses(text):
        yield Found(Kind.IP, address)
    for domain, user in accounts(text):
        yield from _account(domain, user)
    for match in PROFILE.finditer(text):
        yield from account(match[1])
    for match in DIRECTORY.finditer(text):
        yield Found(Kind.DIRECTORY, match[0].strip())
    for match in PHONE.finditer(text):
        yield Found(Kind.PHONE, match[0])
    for match in _EVENT_COMPUTER.finditer(text):
        yield from host(match[1].strip())
    for match in _EVENT_DATA.finditer(text):
        yield from by_key(match[1], match[2])


def addresses(text: str) -> Iterator[str]:
    """IP addresses of machines: no loopback, no mask, no "any"."""
    for pattern in (IPV4, IPV6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            mask = match[0].startswith("255.")
            if not (address.is_loopback or address.is_unspecified or address.is_multicast or mask):
                yield match[0]


def accounts(text: str) -> Iterator[tuple[str, str]]:
    r"""DOMAIN\user pairs; hives, namespaces and built-in authorities are none."""
    for match in ACCOUNT.finditer(text):
        domain, user = match[1], match[2]
        if domain.lower() not in _NO_DOMAIN and domain.upper() == domain and len(user) > 1:
            yield domain, user


def parts_of_name(name: str) -> list[str]:
    """The words of a person's or company's name that would still tell who it is."""
    return [part for part in re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", name) if len(part) >= 3]


def initials(name: str) -> str:
    """``HE`` for Hélène Exemplaire, without accents."""
    letters = "".join(part[0] for part in re.findall(r"[^\W\d_]+", name))[:3]
    return unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode().upper()


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


def _account(domain: str, user: str) -> Iterator[Found]:
    if domain.lower() not in _NO_DOMAIN and _HOST.fullmatch(domain):
        yield Found(Kind.DOMAIN, domain)
    if user.lower() in public_words() and user.lower() not in _NO_USER:
        yield Found(Kind.USER, f"{domain}\\{user}")  # an everyday word is replaced only where it is an account
    yield from account(user)


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
