"""Activate: the target license server is activated before anything is asked of the Clearinghouse.

The Product ID is dictated, the License Server ID comes back (activate.microsoft.com, Faq). It is the wizard of
Remote Desktop Licensing Manager that activates; this step only looks at what the server itself says.
"""

from __future__ import annotations

from typing import Any

from runbook.identifiers import normalise_id35
from runbook.outcome import Line, Status, Verdict
from runbook.readers.answers import ActivateAnswer
from runbook.verdicts.context import Context
from runbook.verdicts.entries import is_masked, masked, moment, said
from runbook.verdicts.hint_ids import hints_for
from runbook.verdicts.reading import failed, reading

#: Win32_TSLicenseServer.GetActivationStatus: 0 activated, 1 not activated, 2 unknown.
ACTIVATED = 0


def activate(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``method`` (telephone, automatic, web), ``license_server_id`` (private, by telephone only).

    Already done where the server says it is activated and nobody confirmed anything; succeeded where somebody
    did and the server bears it out; waiting in every other case, with what to dictate or to check.
    """
    status = context.fact("license-server", "activation_status")
    if not entries:
        if status == ACTIVATED:
            server_id = context.fact("license-server", "license_server_id", "")
            return Verdict(Status.ALREADY_DONE, (Line("steps.activate_already", {"id": server_id}),))
        return Verdict(Status.WAITING, _dictation(context))
    entry, private = entries[-1], context.private("activate")
    given = said(entry, "license_server_id")
    full = next((str(f["license_server_id"]) for f in reversed(private) if f.get("license_server_id")), given)
    facts = {
        "method": said(entry, "method") or context.case.clearinghouse.method,
        "license_server_id": masked(full),
        "confirmed_by": str(entry.get("who", "")),
        "at": moment(entry),
    }
    if full and not is_masked(full) and normalise_id35(full) is None:
        return Verdict(Status.WAITING, (Line("steps.activate_bad_id", {"id": masked(full)}),), facts)
    if status != ACTIVATED:
        return Verdict(Status.WAITING, (Line("steps.activate_unproven"), *_dictation(context)), facts)
    seen = context.fact("license-server", "license_server_id", "")
    if full and seen and masked(full) != seen:
        other = {"entered": masked(full), "seen": seen}
        return Verdict(Status.FINDING, (Line("steps.activate_other_id", other),), facts)
    line = Line("steps.activate_done", {"server": context.case.license_server.name, "id": seen or masked(full)})
    return Verdict(Status.SUCCEEDED, (line,), facts)


def _dictation(context: Context) -> tuple[Line, ...]:
    """What to do in the wizard, by the case's way; the Product ID is what is dictated by telephone."""
    server = context.case.license_server.name
    product = context.fact("license-server", "product_id", "")
    if context.case.clearinghouse.method == "automatic":
        return (Line("steps.activate_automatic", {"server": server}),)
    if context.case.clearinghouse.method == "web":
        return (Line("steps.activate_web", {"server": server, "product": product}),)
    return (Line("steps.activate_telephone", {"server": server, "product": product}),)


def activate_cim(context: Context, seen: ActivateAnswer) -> Verdict:
    """The WMI method, asked for by name in ``apply``: ReturnValue 0 and status 0 afterwards, nothing less."""
    facts = {
        "method": seen.way,
        "before": seen.before,
        "activation_status": seen.after,
        "return_value": seen.return_value,
        "license_server_id": f"…{seen.license_server_id_tail}" if seen.license_server_id_tail else "",
    }
    if seen.already:
        line = Line("steps.activate_already", {"id": facts["license_server_id"] or "—"})
        return Verdict(Status.ALREADY_DONE, (line,), facts)
    if seen.fault is not None:
        return failed("activate_fault", seen.fault, hints_for("wmi", seen.fault.code))
    if seen.return_value != 0:
        code = "?" if seen.return_value is None else f"0x{seen.return_value & 0xFFFFFFFF:08X}"
        empty = ", ".join(contact.name for contact in seen.contacts if not contact.filled)
        line = Line("steps.activate_contacts" if empty else "steps.activate_refused", {"code": code, "names": empty})
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("wmi", code))
    if seen.after != ACTIVATED:
        line = Line("steps.activate_not_borne_out", {"status": seen.after})
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("activation"))
    fields = {"server": context.case.license_server.name, "id": facts["license_server_id"] or "—"}
    return Verdict(Status.SUCCEEDED, (Line("steps.activate_done", fields),), facts)


JUDGES = {"activate": reading("activate", activate_cim)}
MANUAL = {"activate": activate}
