"""Which licensing policies a Group Policy report carries, what they say, and which GPO they come from.

Their official names, the labels of their choices and their registry values stand in knowledge/policies.yml and
registry.yml; a report shows them in the language of the system that wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from runbook.formats.gpresult_html import HtmlReport
from runbook.formats.rsop import Rsop
from runbook.knowledge import reference

_MARKS = str.maketrans({"’": "'", "‘": "'", "\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True)
class LicensingPolicy:
    """One licensing policy as found.

    ``id`` is its id in policies.yml ("servers", "mode", …). ``state`` is as the report writes it. ``text`` is
    the value as displayed ("" where none), ``number`` what the registry holds for it where that is known
    (2 per device, 4 per user, 6 AAD per user), ``servers`` the names in a list of license servers. ``gpo`` is
    the winning GPO's name, "" where the report does not say.
    """

    id: str
    name: str
    state: str
    text: str
    number: int | None
    servers: tuple[str, ...]
    gpo: str


def licensing_policies(report: Rsop) -> tuple[LicensingPolicy, ...]:
    """The licensing policies in a ``gpresult /x`` report that win, each once.

    A policy is known by its official French or English name; a registry setting without a template by its key,
    which ends in "Terminal Services", and its value's name.
    """
    found: dict[str, LicensingPolicy] = {}
    for policy in sorted(report.policies, key=lambda policy: policy.precedence):
        policy_id = _by_name().get(fold(policy.name))
        if policy_id and policy.scope == "computer":
            text = "\n".join(value.value for value in policy.values if value.value)
            found.setdefault(policy_id, _found(policy_id, policy.name, policy.state, text, policy.gpo))
    for setting in sorted(report.registry, key=lambda setting: setting.precedence):
        policy_id = _by_value().get(setting.value_name.casefold())
        if policy_id and setting.about_terminal_services and setting.scope == "computer":
            name = f"{setting.key_path}\\{setting.value_name}"
            found.setdefault(policy_id, _found(policy_id, name, "Enabled", setting.value, setting.gpo))
    return tuple(found.values())


def licensing_policies_of_html(report: HtmlReport) -> tuple[LicensingPolicy, ...]:
    """The licensing policies in a ``gpresult /h`` report, each once; their winning GPO is what it is read for."""
    found: dict[str, LicensingPolicy] = {}
    for setting in report.settings:
        policy_id = _by_name().get(fold(setting.name))
        if policy_id:
            text = "\n".join(value for _, value in setting.values if value)
            found.setdefault(policy_id, _found(policy_id, setting.name, setting.state, text, setting.gpo))
    return tuple(found.values())


def fold(text: str) -> str:
    """``text`` for comparison: no case, accents, double spaces, nor the kind of apostrophe or space."""
    plain = unicodedata.normalize("NFKD", text.translate(_MARKS))
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).casefold().split())


def _found(policy_id: str, name: str, state: str, text: str, gpo: str) -> LicensingPolicy:
    plain = text.isascii() and text.isdigit() and len(text) < 10
    number = int(text) if plain else _labels(policy_id).get(fold(text))
    # The policy's list is separated by commas; machine names hold neither those, semicolons nor blanks.
    servers = tuple(part for part in re.split(r"[,;\s]+", text) if part) if policy_id == "servers" else ()
    return LicensingPolicy(policy_id, name, state, text, number, servers, gpo)


@cache
def _by_name() -> dict[str, str]:
    return {fold(name): policy.id for policy in reference.policies() for name in (policy.name.fr, policy.name.en)}


@cache
def _by_value() -> dict[str, str]:
    values = {row.id: row.value.casefold() for row in reference.registry()}
    return {values[ref]: policy.id for policy in reference.policies() for ref in policy.registry if ref in values}


@cache
def _labels(policy_id: str) -> dict[str, int]:
    return {
        fold(label): value.number
        for policy in reference.policies()
        if policy.id == policy_id
        for value in policy.values
        if value.number is not None
        for label in (value.label.fr, value.label.en)
    }
