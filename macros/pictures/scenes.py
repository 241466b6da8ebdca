"""The drawings, each for a wide page and for a telephone. Positions are user units; texts wrap by themselves."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from macros.pictures.drawing import Drawing
from macros.words import Here
from runbook.knowledge import reference

WIDE, NARROW = 640, 340


def _href(here: Here, target: str) -> str:
    """``target`` ("restore.html", from the language's root) as seen from the page."""
    return posixpath.relpath(target, posixpath.dirname(here.page) or ".")


#: Of each exchange its heading, what a person says, what comes back, and what the person does then.
_EXCHANGES = (
    (
        "site.pic_two_exchanges_head1",
        "site.pic_two_exchanges_say1",
        "site.pic_two_exchanges_get1",
        "site.pic_two_exchanges_then1",
    ),
    (
        "site.pic_two_exchanges_head2",
        "site.pic_two_exchanges_say2",
        "site.pic_two_exchanges_get2",
        "site.pic_two_exchanges_then2",
    ),
)


def two_exchanges(here: Here, wide: bool) -> Drawing:
    """Two telephone or web exchanges with the Clearinghouse, one after the other."""
    width = WIDE if wide else NARROW
    drawing = Drawing(width, 520 if wide else 690)
    left, right, half, tall = (110, 530, 108, 52) if wide else (78, 262, 74, 70)
    # Where each part of an exchange stands below its band: what is said on its arrow, what comes back on its own, then.
    room, step, there, back, then = (400, 210, 84, 136, 172) if wide else (170, 290, 106, 194, 218)
    for x, who in ((left, "site.pic_two_exchanges_you"), (right, "site.pic_two_exchanges_clearinghouse")):
        drawing.line((x, 8 + tall), (x, drawing.height - 15), dashed=True)
        drawing.box(x - half, 8, 2 * half, tall, here.word(who), "actor")
    edge = 40 if wide else 4
    for number, (head, said, got, done) in enumerate(_EXCHANGES):
        top = 36 + tall + number * step
        drawing.box(edge, top, width - 2 * edge, 34, here.word(head), "band")
        drawing.arrow((left, top + there), (right, top + there))
        drawing.above(width / 2, top + there, here.word(said), room)
        drawing.arrow((right, top + back), (left, top + back))
        drawing.above(width / 2, top + back, here.word(got), room)
        drawing.text(left + 14, top + then, here.word(done), room - 10)
    return drawing


def _questions(here: Here, drawing: Drawing, asked: Sequence[tuple[str, str, str, str]], wide: bool, tall: int) -> int:
    """Questions one below the other, each (question, answer, way, target) with its way out at the right, or below on
    a telephone. One without a question is a way that everybody takes. Returns where the last one's arrow ends."""
    other = {here.word("site.yes"): here.word("site.no"), here.word("site.no"): here.word("site.yes")}
    top = 10
    for question, answer, way, target in asked:
        if not question:
            drawing.box(10 if wide else 4, top, 320 if wide else 332, 52, way, "end", _href(here, target))
            x, top = 170 if wide else 34, top + 52
            drawing.arrow((x, top), (x, top + 30))
            top += 30
            continue
        if wide:
            drawing.box(10, top, 320, tall, question, "ask")
            drawing.arrow((330, top + tall / 2), (430, top + tall / 2))
            drawing.label(378, top + tall / 2, answer, 60)
            drawing.box(430, top + 6, 200, tall - 12, way, "end", _href(here, target))
            bottom = top + tall
        else:
            drawing.box(4, top, 332, tall, question, "ask")
            drawing.arrow((200, top + tall), (200, top + tall + 36))
            drawing.label(200, top + tall + 14, answer, 60)
            drawing.box(70, top + tall + 36, 266, 52, way, "end", _href(here, target))
            bottom = top + tall + 88
        start = top + tall
        x = 170 if wide else 34
        end = bottom + (38 if wide else 30)
        drawing.arrow((x, start), (x, end))
        drawing.label(x, start + 16 if wide else bottom - 20, other[answer], 60)
        top = end
    return top


def _closing(drawing: Drawing, top: int, text: str, href: str, wide: bool) -> None:
    drawing.box(10 if wide else 4, top, 620 if wide else 332, 60, text, "end", href)
    drawing.height = top + 70


def tonight(here: Here, wide: bool) -> Drawing:
    """From a refusal to what restores access: three questions, each with its way out."""
    drawing = Drawing(WIDE if wide else NARROW, 0)
    ways = (
        ("site.pic_tonight_ask_stopped", "site.pic_tonight_way_start", "tonight.html#check-service"),
        ("site.pic_tonight_ask_dead", "site.pic_tonight_way_policy", "tonight.html#check-host"),
        ("site.pic_tonight_ask_gone", "site.pic_tonight_way_stand_in", "tonight.html#bridge"),
    )
    asked = [(here.word(ask), here.word("site.yes"), here.word(way), target) for ask, way, target in ways]
    top = _questions(here, drawing, asked, wide, 72)
    _closing(drawing, top, here.word("site.pic_tonight_way_message"), _href(here, "errors.html"), wide)
    return drawing


def decision(here: Here, wide: bool) -> Drawing:
    """Which way to take: questions down the left side, ways out on the right."""
    drawing = Drawing(WIDE if wide else NARROW, 0)
    yes, no = here.word("site.yes"), here.word("site.no")
    ways = (
        ("site.pic_decision_ask_backup", yes, "site.pic_decision_way_restore", "restore.html"),
        ("site.pic_decision_ask_alive", yes, "site.pic_decision_way_alive", "migrate-working.html"),
        ("site.pic_decision_ask_contract", yes, "site.pic_decision_way_online", "migrate-online.html"),
        ("", "", "site.pic_decision_way_telephone", "migrate-telephone.html"),
        ("site.pic_decision_ask_found", no, "site.pic_decision_way_escalate", "escalate.html"),
    )
    asked = [(here.word(ask) if ask else "", answer, here.word(way), target) for ask, answer, way, target in ways]
    top = _questions(here, drawing, asked, wide, 84)
    _closing(drawing, top, here.word("site.pic_decision_way_after"), _href(here, "session-hosts.html"), wide)
    return drawing


#: Which actors each direction of ports.yml joins, in the direction in which the connection is opened.
FLOWS = {
    "server to Microsoft": (("manager", "microsoft"),),
    "host to server": (("hosts", "server"),),
    "server to directory": (("server", "directory"), ("hosts", "directory")),
    "administration": (("server", "hosts"),),
}

_WHO = {
    "microsoft": "site.pic_who_microsoft",
    "manager": "site.pic_who_manager",
    "server": "site.pic_who_server",
    "directory": "site.pic_who_directory",
    "hosts": "site.pic_who_hosts",
    "users": "site.pic_who_users",
}


def ports_of(direction: str) -> str:
    """The ports of all flows of ``direction``, as ports.yml writes them: "TCP 135, 445"; a line holds together."""
    found: dict[str, list[str]] = {}
    for row in reference.ports():
        if row.direction == direction:
            found.setdefault(row.protocol, []).append(row.ports)
    return "\n".join(
        f"{protocol}\u00a0{', '.join(dict.fromkeys(ports))}".replace("-", "\u2011") for protocol, ports in found.items()
    )


def who_talks_to_whom(here: Here, wide: bool) -> Drawing:
    """Hosts, license server, directory, Microsoft: who opens a connection to whom, on which ports."""
    boxes: dict[str, tuple[int, int, int, int]] = (
        {
            "manager": (10, 8, 230, 64), "microsoft": (410, 8, 220, 64), "server": (200, 150, 220, 72),
            "directory": (500, 150, 130, 72), "hosts": (200, 340, 220, 64), "users": (200, 450, 220, 46),
        }
        if wide
        else {
            "microsoft": (30, 8, 280, 46), "manager": (30, 112, 280, 64), "server": (4, 216, 190, 72),
            "directory": (230, 228, 106, 60), "hosts": (4, 460, 190, 64), "users": (4, 566, 190, 46),
        }
    )  # fmt: skip
    arrows: dict[tuple[str, str], tuple[tuple[int, int], ...]] = (
        {
            ("manager", "microsoft"): ((240, 40), (410, 40)), ("hosts", "server"): ((250, 340), (250, 222)),
            ("server", "hosts"): ((370, 222), (370, 340)), ("server", "directory"): ((420, 186), (500, 186)),
            ("hosts", "directory"): ((420, 372), (565, 372), (565, 222)), ("users", "hosts"): ((310, 450), (310, 404)),
        }
        if wide
        else {
            ("manager", "microsoft"): ((170, 112), (170, 54)), ("hosts", "server"): ((24, 460), (24, 288)),
            ("server", "hosts"): ((176, 288), (176, 460)), ("server", "directory"): ((194, 252), (230, 252)),
            ("hosts", "directory"): ((194, 492), (283, 492), (283, 288)), ("users", "hosts"): ((99, 566), (99, 524)),
        }
    )  # fmt: skip
    drawing = Drawing(WIDE if wide else NARROW, 510 if wide else 624)
    for flows in (*FLOWS.values(), (("users", "hosts"),)):
        for flow in flows:
            drawing.arrow(*arrows[flow])
    drawing.line(*(((120, 72), (120, 186), (200, 186)) if wide else ((99, 176), (99, 216))), dashed=True)
    for name, (x, y, w, h) in boxes.items():
        drawing.box(x, y, w, h, here.word(_WHO[name]), "end" if name == "server" else "actor")
    to_server, to_hosts = ports_of("host to server"), ports_of("administration")
    if wide:
        drawing.text(325, 26, ports_of("server to Microsoft"), 160, "middle")
        drawing.text(240, 262, to_server, 190, "end")
        drawing.text(380, 282, to_hosts, 170)
        drawing.text(565, 112, ports_of("server to directory"), 140, "middle")
    else:
        drawing.text(180, 84, ports_of("server to Microsoft"), 150)
        drawing.text(32, 306, to_server, 138)
        drawing.text(186, 390, to_hosts, 90)
        drawing.text(336, 196, ports_of("server to directory"), 140, "end")
    return drawing


def life_of_a_case(here: Here, wide: bool) -> Drawing:
    """What the runbook does and what people do, from the first run to the sealed folder."""
    edges = {"runbook": (10, 310), "people": (360, 270)} if wide else {"runbook": (4, 262), "people": (74, 262)}
    drawing = Drawing(WIDE if wide else NARROW, 0)
    for side, name in (("runbook", "site.pic_life_runbook"), ("people", "site.pic_life_people")):
        x, w = edges[side]
        middle, anchor = (x + w / 2, "middle") if wide else ((x, "start") if side == "runbook" else (x + w, "end"))
        drawing.text(middle, 18, here.word(name), w, anchor, "head")
    stations = (
        ("site.pic_life_case", "people", 64),
        ("site.pic_life_run1", "runbook", 82),
        ("site.pic_life_call", "people", 82),
        ("site.pic_life_confirm", "people", 64),
        ("site.pic_life_run2", "runbook", 82),
        ("site.pic_life_judge", "people", 64),
        ("site.pic_life_seal", "runbook", 82),
    )
    top, before = 40, ""
    for name, side, tall in stations:
        x, w = edges[side]
        if before:
            gap = 18 if before == side else 36
            _turn(drawing, edges, before, side, top, top + gap, wide)
            top += gap
        height = tall if wide else 82
        drawing.box(x, top, w, height, here.word(name), "end" if side == "runbook" else "box")
        top, before = top + height, side
    drawing.text(10 if wide else 4, top + 22, here.word("site.pic_life_kept"), 310)
    drawing.height = top + 40
    return drawing


def _turn(
    drawing: Drawing, edges: dict[str, tuple[int, int]], side: str, other: str, bottom: float, top: float, wide: bool
) -> None:
    """An arrow from a station of one column down, and across where the next one stands in the other column."""
    if side == other or not wide:
        x = sum(edges[side]) - edges[side][1] / 2 if wide else 170
        drawing.arrow((x, bottom), (x, top))
        return
    middle = (bottom + top) / 2
    here_x, there_x = (edges[name][0] + edges[name][1] / 2 for name in (side, other))
    drawing.arrow((here_x, bottom), (here_x, middle), (there_x, middle), (there_x, top))


_RUNS = {
    "case": "site.pic_runs_case",
    "knowledge": "site.pic_runs_knowledge",
    "notebook": "site.pic_runs_notebook",
    "script": "site.pic_runs_script",
    "server": "site.pic_runs_server",
    "you": "site.pic_runs_you",
    "journal": "site.pic_runs_journal",
    "record": "site.pic_runs_record",
    "archive": "site.pic_runs_archive",
}


def how_it_runs(here: Here, wide: bool) -> Drawing:
    """What a run reads, what it starts, what it leaves: case file and knowledge in, journal and archive out."""
    say = {name: here.word(key) for name, key in _RUNS.items()}
    if not wide:
        drawing = Drawing(NARROW, 0)
        kinds = {"notebook": "end", "journal": "end", "server": "actor", "you": "actor"}
        top = 8
        for place, name in enumerate(_RUNS):
            if place:
                drawing.arrow((170, top), (170, top + 26), both=name in ("server", "you"))
                top += 26
            drawing.box(4, top, 332, 70, say[name], kinds.get(name, "box"))
            top += 70
        drawing.height = top + 8
        return drawing
    drawing = Drawing(WIDE, 700)
    for x, name in ((10, "case"), (350, "knowledge")):
        drawing.box(x, 8, 280, 64, say[name])
    drawing.arrow((150, 72), (150, 96), (260, 96), (260, 122))
    drawing.arrow((490, 72), (490, 96), (380, 96), (380, 122))
    drawing.box(130, 122, 380, 64, say["notebook"], "end")
    drawing.arrow((200, 186), (200, 226))
    drawing.arrow((440, 186), (440, 226), both=True)
    drawing.box(10, 226, 290, 82, say["script"])
    drawing.box(350, 226, 280, 82, say["you"], "actor")
    drawing.arrow((80, 308), (80, 352), both=True)
    drawing.box(10, 352, 190, 82, say["server"], "actor")
    drawing.arrow((255, 308), (255, 480))
    drawing.arrow((490, 308), (490, 480))
    drawing.box(130, 480, 500, 64, say["journal"], "end")
    drawing.arrow((255, 544), (255, 592))
    drawing.box(10, 592, 290, 82, say["record"])
    drawing.arrow((300, 633), (350, 633))
    drawing.box(350, 592, 280, 82, say["archive"])
    return drawing
