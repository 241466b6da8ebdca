"""The drawings. Positions are user units; texts wrap by themselves."""

from __future__ import annotations

import posixpath

from macros.pictures.drawing import Drawing
from macros.words import Here
from runbook import knowledge


def _href(here: Here, target: str) -> str:
    """``target`` ("restore.html", from the language's root) as seen from the page."""
    return posixpath.relpath(target, posixpath.dirname(here.page) or ".")


def two_exchanges(here: Here) -> Drawing:
    """Two telephone or web exchanges with the Clearinghouse, one after the other."""
    drawing = Drawing(640, 520)
    left, right = 110, 530
    for x, who in ((left, "you"), (right, "clearinghouse")):
        drawing.line((x, 60), (x, 505), dashed=True)
        drawing.box(x - 108, 8, 216, 52, here.word(f"pic_two_exchanges_{who}"), "actor")
    for top, number in ((88, "1"), (298, "2")):
        drawing.box(40, top, 560, 34, here.word(f"pic_two_exchanges_head{number}"), "band")
        drawing.arrow((left, top + 84), (right, top + 84))
        drawing.text(320, top + 64, here.word(f"pic_two_exchanges_say{number}"), 400, "middle")
        drawing.arrow((right, top + 136), (left, top + 136))
        drawing.text(320, top + 116, here.word(f"pic_two_exchanges_get{number}"), 400, "middle")
        drawing.text(left + 14, top + 172, here.word(f"pic_two_exchanges_then{number}"), 390)
    return drawing


def decision(here: Here) -> Drawing:
    """Which way to take: questions down the left side, ways out on the right."""
    drawing = Drawing(640, 640)
    yes, no = here.word("yes"), here.word("no")
    questions = (
        ("backup", yes, "restore.html", "restore"),
        ("alive", yes, "migrate-telephone.html#source-alive", "alive"),
        ("contract", yes, "migrate-online.html", "online"),
    )
    for place, (question, answer, target, way) in enumerate(questions):
        top = 10 + place * 122
        drawing.box(10, top, 320, 84, here.word(f"pic_decision_ask_{question}"), "ask")
        drawing.arrow((330, top + 42), (430, top + 42))
        drawing.label(378, top + 42, answer, 60)
        drawing.box(430, top + 10, 182, 64, here.word(f"pic_decision_way_{way}"), "end", _href(here, target))
        drawing.arrow((170, top + 84), (170, top + 122))
        drawing.label(170, top + 100, no, 60)
    drawing.box(10, 376, 320, 60, here.word("pic_decision_way_telephone"), "end",
                _href(here, "migrate-telephone.html"))  # fmt: skip
    drawing.arrow((170, 436), (170, 462))
    drawing.box(10, 462, 320, 64, here.word("pic_decision_ask_found"), "ask")
    drawing.arrow((330, 494), (430, 494))
    drawing.label(378, 494, no, 60)
    drawing.box(430, 462, 182, 64, here.word("pic_decision_way_escalate"), "end", _href(here, "escalate.html"))
    drawing.arrow((170, 526), (170, 566))
    drawing.label(170, 543, yes, 60)
    drawing.box(10, 566, 628, 60, here.word("pic_decision_way_after"), "end", _href(here, "session-hosts.html"))
    drawing.arrow((612, 296), (627, 296), (627, 566))  # online and done: past the telephone
    return drawing


def _ports(direction: str) -> str:
    """The ports of all flows of ``direction``, as ports.yml writes them: "TCP 135, 445"."""
    found: dict[str, list[str]] = {}
    for row in knowledge.ports():
        if row.direction == direction:
            found.setdefault(row.protocol, []).append(row.ports)
    return "\n".join(f"{protocol} {', '.join(dict.fromkeys(ports))}" for protocol, ports in found.items())


def who_talks_to_whom(here: Here) -> Drawing:
    """Hosts, license server, directory, Microsoft: who opens a connection to whom, on which ports."""
    drawing = Drawing(640, 470)
    say = {k: here.word(f"pic_who_{k}") for k in ("microsoft", "server", "hosts", "directory", "admin", "users")}
    drawing.arrow((320, 190), (320, 72))
    drawing.label(320, 130, _ports("server to Microsoft"), 190)
    drawing.box(215, 8, 210, 64, say["microsoft"], "actor")
    drawing.box(220, 190, 200, 80, say["server"], "end")
    drawing.box(10, 190, 130, 80, say["hosts"], "actor")
    drawing.box(500, 190, 130, 80, say["directory"], "actor")
    drawing.arrow((140, 230), (220, 230))
    drawing.text(10, 296, _ports("host to server"), 235)
    drawing.arrow((420, 230), (500, 230))
    drawing.text(630, 296, _ports("server to directory"), 190, "end")
    drawing.arrow((320, 392), (320, 270))
    drawing.label(320, 344, _ports("administration"), 150)
    drawing.box(215, 392, 210, 64, say["admin"], "actor")
    drawing.box(10, 60, 130, 64, say["users"], "actor")
    drawing.arrow((75, 124), (75, 190))
    return drawing


def life_of_a_case(here: Here) -> Drawing:
    """What the runbook does and what people do, from the first run to the sealed folder."""
    drawing = Drawing(640, 700)
    drawing.text(165, 18, here.word("pic_life_runbook"), 300, "middle", "head")
    drawing.text(495, 18, here.word("pic_life_people"), 280, "middle", "head")
    stations = (
        ("case", "people", 40), ("run1", "runbook", 122), ("call", "people", 222), ("confirm", "people", 322),
        ("run2", "runbook", 404), ("judge", "people", 504), ("seal", "runbook", 586),
    )  # fmt: skip
    edges = {"runbook": (10, 310), "people": (360, 270)}
    for place, (name, side, top) in enumerate(stations):
        x, w = edges[side]
        kind = "end" if side == "runbook" else "box"
        height = 64 if name in ("case", "confirm", "judge") else 82
        drawing.box(x, top, w, height, here.word(f"pic_life_{name}"), kind)
        if place + 1 < len(stations):
            _, next_side, next_top = stations[place + 1]
            if next_side == side:
                drawing.arrow((x + w / 2, top + height), (x + w / 2, next_top))
            else:
                _turn(drawing, edges, side, top + height, next_top)
    drawing.text(165, 690 - 4, here.word("pic_life_kept"), 310, "middle")
    return drawing


def how_it_runs(here: Here) -> Drawing:
    """What a run reads, what it starts, what it leaves: case file and knowledge in, journal and archive out."""
    drawing = Drawing(640, 700)
    say = {k: here.word(f"pic_runs_{k}") for k in (
        "case", "knowledge", "notebook", "script", "server", "you", "journal", "record", "archive",
    )}  # fmt: skip
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


def _turn(drawing: Drawing, edges: dict[str, tuple[int, int]], side: str, bottom: float, top: float) -> None:
    """An arrow from a station of one column down and across to the next station of the other."""
    x, w = edges[side]
    other = edges["people" if side == "runbook" else "runbook"]
    middle = (bottom + top) / 2
    here_x, there_x = x + w / 2, other[0] + other[1] / 2
    drawing.arrow((here_x, bottom), (here_x, middle), (there_x, middle), (there_x, top))
