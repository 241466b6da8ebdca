"""Activate: the target license server is activated before anything is asked of the Clearinghouse.

The Product ID is dictated, the License Server ID comes back (activate.microsoft.com, Faq). It is the wizard of
Remote Desktop Licensing Manager that activates; this step only looks at what the server itself says.
"""

from __future__ import annotations

from typing import Any, ClassVar

from runbook.case.identifiers import normalise_id35
from runbook.hints.ids import hints_for
from runbook.journal.context import Context
from runbook.journal.entries import is_masked, masked, moment, said
from runbook.journal.facts import Facts
from runbook.journal.outcome import Line, Status, Verdict
from runbook.journal.private import entered_since
from runbook.steps.answer_shape import Answered, Fault, Flag, Int
from runbook.steps.codes import ActivationStatus
from runbook.steps.opening import Contact, LicenseServer, LicenseServerAnswer, own_identifiers, set_up_anew
from runbook.steps.preflight import server_of
from runbook.steps.purpose import machine
from runbook.steps.reading import failed
from runbook.steps.registry import CONFIRM, Attempt, manual, script, verification


class ActivateAnswer(Answered):
    """activate: ActivateServer (telephone, web) or ActivateServerAutomatic; statuses before and after."""

    way: str  # "telephone" | "automatic"
    before: Int | None
    after: Int | None
    return_value: Int | None  # None: nothing was called (already activated) or the call threw
    already: Flag
    license_server_id_tail: str | None
    contacts: list[Contact]
    fault: Fault | None


class Activated(Facts):
    """The activation by the wizard, as a person told it; the identifier by its last five characters."""

    step: ClassVar[str] = "activate"
    method: str = ""
    license_server_id: str = ""
    confirmed_by: str = ""
    at: str = ""


class ActivatedByCim(Facts):
    """The activation by the WMI method: statuses before and after, what the call returned."""

    step: ClassVar[str] = "activate"
    method: str = ""
    before: int | None = None
    activation_status: int | None = None
    return_value: int | None = None
    license_server_id: str = ""


@manual("activate")
def activate(context: Context, entries: list[dict[str, Any]]) -> Verdict:
    """``entries``: ``method`` (telephone, automatic, web), ``license_server_id`` (private, by telephone only).

    Already done where the server says it is activated and nobody confirmed anything; succeeded where somebody
    did and the server bears it out; waiting in every other case, with what to dictate or to check.
    """
    server = context.known(LicenseServer)
    if not entries:
        if server.activated:
            line = Line("steps.activate_already", {"id": server.license_server_id})
            return Verdict(Status.ALREADY_DONE, (line,))
        return Verdict(Status.WAITING, _dictation(context))
    entry, private = entries[-1], context.private("activate")
    given = said(entry, "license_server_id")
    full = next((str(f["license_server_id"]) for f in reversed(private) if f.get("license_server_id")), given)
    facts = Activated(
        method=said(entry, "method") or context.case.clearinghouse.method,
        license_server_id=masked(full),
        confirmed_by=str(entry.get("who", "")),
        at=moment(entry),
    )
    if full and not is_masked(full) and normalise_id35(full) is None:
        return Verdict(Status.WAITING, (Line("steps.activate_bad_id", {"id": masked(full)}),), facts)
    if not server.activated:
        return Verdict(Status.WAITING, (Line("steps.activate_unproven"), *_dictation(context)), facts)
    seen = server.license_server_id
    if full and seen and masked(full) != seen:
        other = Line("steps.activate_other_id", {"entered": masked(full), "seen": seen})
        way = Line("steps.activate_correct", {"case": context.case.name, "entry": entry.get("entry")})
        return Verdict(Status.FINDING, (other, way), facts)
    line = Line("steps.activate_done", {"server": server_of(context), "id": seen or masked(full)})
    return Verdict(Status.SUCCEEDED, (line,), facts)


def _dictation(context: Context) -> tuple[Line, ...]:
    """What to do in the wizard, by the case's way; the Product ID is what is dictated by telephone."""
    server = server_of(context)
    product = context.known(LicenseServer).product_id
    if context.case.clearinghouse.method == "automatic":
        return (Line("steps.activate_automatic", {"server": server}),)
    if context.case.clearinghouse.method == "web":
        return (Line("steps.activate_web", {"server": server, "product": product}),)
    return (Line("steps.activate_telephone", {"server": server, "product": product}),)


def _given(context: Context) -> dict[str, Any]:
    way = "automatic" if context.case.clearinghouse.method == "automatic" else "telephone"
    given = [fields.get("license_server_id") for fields in entered_since(context, set_up_anew(context.history))]
    last = next((normalise_id35(str(text)) for text in reversed(given) if text), None)
    return {"Way": way, "LicenseServerId": last or own_identifiers(context).license_server_id or ""}


@script(
    "activate",
    ActivateAnswer,
    given=_given,
    asked=lambda context: [machine(server_of(context))],
    wants={"LicenseServerId": (CONFIRM, "activate")},
)
def activate_cim(context: Context, seen: ActivateAnswer) -> Verdict:
    """The WMI method, asked for by name in ``apply``: ReturnValue 0 and status 0 afterwards, nothing less."""
    facts = ActivatedByCim(
        method=seen.way,
        before=seen.before,
        activation_status=seen.after,
        return_value=seen.return_value,
        license_server_id=f"…{seen.license_server_id_tail}" if seen.license_server_id_tail else "",
    )
    if seen.already:
        line = Line("steps.activate_already", {"id": facts.license_server_id or "steps.not_read"})
        return Verdict(Status.ALREADY_DONE, (line,), facts)
    if seen.return_value is None and seen.fault is None:  # unknown: the script leaves it to the console
        line = Line("steps.license_server_unknown", {"status": seen.before})
        return Verdict(Status.WAITING, (line,), facts, hints=hints_for("activation"))
    if seen.fault is not None:
        refused = failed("steps.activate_fault", seen.fault, hints_for("wmi", seen.fault.code))
        if seen.after != ActivationStatus.ACTIVATED:
            return refused
        # Only the answer was lost: Microsoft is not to be asked a second time.
        seen_line = Line("steps.activate_seen", {"id": facts.license_server_id or "steps.not_read"})
        return Verdict(Status.FINDING, (*refused.lines, seen_line), facts, hints=refused.hints)
    if seen.return_value != 0:
        code = "?" if seen.return_value is None else f"0x{seen.return_value & 0xFFFFFFFF:08X}"
        if seen.after == ActivationStatus.ACTIVATED:  # the code is not believed against the server's own word
            fields = {"code": code, "id": facts.license_server_id or "steps.not_read"}
            return Verdict(Status.FINDING, (Line("steps.activate_code_and_done", fields),), facts)
        empty = ", ".join(contact.name for contact in seen.contacts if not contact.filled)
        line = Line("steps.activate_contacts" if empty else "steps.activate_refused", {"code": code, "names": empty})
        misheard = {"id": facts.license_server_id, "case": context.case.name}
        read_back = (Line("steps.activate_read_back", misheard),) if facts.license_server_id and not empty else ()
        return Verdict(Status.FAILED, (line, *read_back), facts, hints=hints_for("wmi", code))
    if seen.after != ActivationStatus.ACTIVATED:
        line = Line("steps.activate_not_borne_out", {"status": seen.after})
        return Verdict(Status.FAILED, (line,), facts, hints=hints_for("activation"))
    fields = {"server": server_of(context), "id": facts.license_server_id or "steps.not_read"}
    return Verdict(Status.SUCCEEDED, (Line("steps.activate_done", fields),), facts)


@verification("activate", by="license-server")
def activation_seen(context: Context, attempt: Attempt, seen: LicenseServerAnswer) -> Verdict | None:
    """The server says of itself whether it is activated; by what, it does not say."""
    if not seen.found or seen.fault is not None or seen.properties_empty:
        return None
    tail = f"…{seen.license_server_id_tail}" if seen.license_server_id_tail else ""
    facts = ActivatedByCim(activation_status=seen.activation_status, license_server_id=tail)
    if seen.activation_status == ActivationStatus.ACTIVATED:
        return Verdict(Status.FINDING, (Line("steps.activate_seen", {"id": tail or "steps.not_read"}),), facts)
    if seen.activation_status == ActivationStatus.NOT_ACTIVATED:
        return Verdict(Status.FAILED, (Line("steps.activate_seen_not"),), facts)
    return None
