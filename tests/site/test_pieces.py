"""The pieces that make the site, without a build."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from macros import (
    cli_texts,
    commands,
    faults,
    forms,
    languages,
    marks,
    markup,
    print_page,
    project,
    search_index,
    sections,
    tables,
)
from macros.pictures import drawing, mockups, picture, scenes
from macros.words import Here, search_words, section_title
from runbook.cli import build
from runbook.knowledge import reference
from runbook.words import sentences
from runbook.words.sentences import LANGS

ROOT = Path(__file__).resolve().parents[2]
HERE = [Here(lang, page) for lang in LANGS for page in ("index.md", "reference/ports.md")]


# ---------------------------------------------------------------- words and links


@pytest.mark.parametrize(
    ("page", "target", "link"),
    [
        ("index.md", "errors.html#e01", "errors.md#e01"),
        ("errors.md", "errors.html#e01", "#e01"),
        ("errors.md", "errors.html", "errors.md"),
        ("reference/ports.md", "errors.html#e01", "../errors.md#e01"),
        ("reference/ports.md", "reference/sources.html#w32", "sources.md#w32"),
        ("index.md", "runbook/index.html", "runbook/index.md"),
    ],
)
def test_links_lead_from_the_page_that_calls(page: str, target: str, link: str) -> None:
    assert Here("fr", page).link(target) == link


def test_every_word_stands_in_both_languages_with_the_same_fields() -> None:
    for key, texts in sentences.read_yaml("words/site").items():
        assert set(texts) == set(LANGS), key
        fields = [{re.split("[:}]", part)[0] for part in texts[lang].split("{")[1:]} for lang in LANGS]
        assert fields[0] == fields[1], key


def test_french_words_have_french_spaces_and_apostrophes() -> None:
    for key, texts in sentences.read_yaml("words/site").items():
        french = texts["fr"]
        assert "'" not in french, key
        assert not any(f" {mark}" in french for mark in ":;?!»"), key
        assert "« " not in french, key


def test_every_page_has_the_words_that_people_type_for_it() -> None:
    pages = {p.relative_to(ROOT / "docs/fr").with_suffix("").as_posix() for p in (ROOT / "docs/fr").rglob("*.md")}
    for lang in LANGS:
        assert {page for page, typed in search_words(lang).items() if len(typed.split()) > 3} >= pages


def test_nav_titles_are_found_by_their_french_form() -> None:
    assert section_title("Migrer", "en") == "Migrate"
    assert section_title("Migrer", "fr") == "Migrer"
    assert section_title("Sans mots", "en") is None


# ---------------------------------------------------------------- macros over the whole of knowledge/


@pytest.mark.parametrize("here", HERE, ids=str)
@pytest.mark.parametrize("name", sorted(tables.TABLES))
def test_every_table_renders_a_row_for_each_record(here: Here, name: str) -> None:
    text = tables.table(here, name)
    assert "None" not in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    rows = [line for block in text.split("\n\n") for line in block.splitlines() if line.startswith("|")]
    widths = {len(re.sub(r"`[^`]*`|\\\|", "", row).split("|")) for row in rows if name != "cim"}  # code splits no cell
    assert len(widths) <= 1


@pytest.mark.parametrize("here", HERE, ids=str)
def test_every_error_and_event_has_its_anchor(here: Here) -> None:
    text = faults.errors(here) + faults.events(here)
    for row in (*reference.errors(), *reference.events()):
        assert re.search(rf'\{{: #{row.anchor}[ }}]|<(span|details)[^>]* id="{row.anchor}"', text), row.anchor


NOTHING = re.compile(r"^(Rien à faire|Sans objet)")


@pytest.mark.parametrize("lang", LANGS)
def test_every_row_that_asks_for_something_leads_to_a_section_that_exists(lang: str) -> None:
    here = Here(lang, "errors.md")
    for row in (*reference.errors(), *reference.events()):
        asks = not NOTHING.match(row.fix.fr)
        assert bool(row.act) == asks, row
        if row.act:
            assert " › " in sections.name(here, row.act), row.act
    for target in ("tonight.html#nowhere", "nowhere.html"):
        with pytest.raises((KeyError, FileNotFoundError)):
            sections.name(here, target)


def test_every_short_command_that_a_row_or_a_step_names_exists() -> None:
    named = {one for row in reference.errors() for one in row.run}
    assert named <= {row.id for row in reference.shorts()}
    for row in reference.shorts():
        assert row.text
        assert row.text.count("\n") < 4, row.id
        assert row.step is None or reference.step(row.step).script, row.id


def test_a_change_that_a_row_shows_is_the_one_its_sentence_asks_for() -> None:
    """A command below "run mstsc once" that deletes a key would be run by whoever is in a hurry."""
    shorts = {row.id: row for row in reference.shorts()}
    for row in reference.errors():
        named = [span.split()[0] for span in re.findall(r"`([^`]+)`", row.fix.en)]
        for one in row.run:
            if shorts[one].kind == "change":
                assert any(word in shorts[one].text for word in named), f"{row.id}: {one}"


@pytest.mark.parametrize("lang", LANGS)
def test_what_stands_beside_the_classes_has_a_heading_in_words(lang: str) -> None:
    headings = re.findall(r"^## (.*?) \{", tables.table(Here(lang, "reference/cim.md"), "cim"), re.MULTILINE)
    named = {row.id for row in reference.cim() if row.namespace}
    assert [heading for heading in headings if heading not in named and " " not in heading] == []


def test_a_word_and_a_limit_are_said_as_people_say_them() -> None:
    here = Here("en", "reference/steps.md")
    asked = tables.table(here, "asks")
    assert "`refused`, `not_found` (packs not found)" in asked
    assert "`Not" not in asked and "))" not in asked
    assert "limit: 24\u00a0h 10\u00a0min" in tables.table(here, "steps")


def test_the_events_that_say_the_same_share_a_row() -> None:
    text = faults.events(HERE[0])
    assert ">4107, 4108<" in text
    assert '<span id="ls-4108"></span>' in text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Activez-le. Ensuite, migrez.", "Activez-le."),
        ("Lancez `gpupdate`, puis attendez", "Lancez `gpupdate`, puis attendez"),
        ("Ouvrez TCP 443. `licmgr` suffit.", "Ouvrez TCP 443."),
        ("Run it. Then wait.", "Run it."),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert faults.first_sentence(text) == first


@pytest.mark.parametrize("lang", LANGS)
def test_every_script_is_shown_once_as_it_is_pasted(lang: str) -> None:
    pages = {page: commands.commands(Here(lang, page.removesuffix(".html") + ".md")) for page in commands.PAGES}
    text = "".join(pages.values())
    for step in reference.steps():
        if step.script:
            page, _, anchor = commands.place(step).partition("#")
            assert f"{{: #{anchor} }}" in pages[page], step.id
            assert text.count(reference.paste(step.id).rstrip("\n")) == 1, step.id


def test_a_command_is_short_first_and_folds_its_script() -> None:
    text = commands.command(HERE[0], "license-server")
    assert (
        text.index("GetActivationStatus).ActivationStatus")
        < text.index("??? script")
        < text.index(".script-license-server")
    )
    assert "hl_lines" in commands.command(HERE[0], "export-logs")


def test_the_lines_that_a_person_changes_are_marked_and_no_others() -> None:
    marked = {}
    for step in reference.steps():
        if step.script:
            head, *code = commands.script(HERE[0], step).strip("\n").split("\n")
            numbers = re.search(r'hl_lines="([\d ]+)"', head)
            assert bool(numbers) == ("# Inputs" in code), step.id
            marked[step.id] = [code[int(number) - 1] for number in numbers[1].split()] if numbers else []
    assert marked["service"] == ["# Inputs", "$Name = 'TermServLicensing'"]
    assert len(marked["roles"]) == 1 + 4  # a list over four lines
    for first, *others in filter(None, marked.values()):
        assert first == "# Inputs"
        assert re.match(r"\$[A-Z]\w* = ", others[0])
        assert all(re.match(r"\$[A-Z]\w* = |    '|\)$", line) for line in others)


def test_a_step_without_a_script_has_no_command() -> None:
    manual = next(step for step in reference.steps() if not step.script)
    with pytest.raises(FileNotFoundError):
        commands.command(HERE[0], manual.id)


@pytest.mark.parametrize("here", HERE, ids=str)
def test_the_letter_has_a_blank_and_a_field_for_each_name(here: Here) -> None:
    text = forms.letter(here)
    for name in forms.FIELDS:
        assert f'data-field="{name}"' in text
        assert f'id="letter-{name}"' in text


@pytest.mark.parametrize("here", HERE, ids=str)
def test_the_checklist_has_nine_boxes(here: Here) -> None:
    assert forms.checklist(here).count('type="checkbox"') == 9


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(KeyError):
        marks.source(HERE[0], "NOPE page.md")


def test_the_tree_names_every_module_with_its_first_line() -> None:
    text = project.tree(HERE[0])
    for path in (sentences.data_root() / "runbook").glob("*.py"):
        assert path.name.startswith("_") or path.name in text
    assert "One build, one language" in text  # macros/languages.py
    assert "__pycache__" not in text


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", sorted(picture.SCENES))
def test_every_picture_is_well_formed_and_its_text_stays_inside_and_off_its_lines(lang: str, name: str) -> None:
    here = Here(lang, "reference/ports.md")
    for svg in re.findall("<svg.*?</svg>", picture.picture(here, name)):
        _stays_inside(ElementTree.fromstring(svg))


def _stays_inside(svg: Element) -> None:
    width, height = (float(part) for part in svg.get("viewBox").split()[2:])
    space = "{http://www.w3.org/2000/svg}"
    hidden = [
        [float(box.get(side)) for side in ("x", "y", "width", "height")]
        for box in svg.iter(f"{space}rect")
        if box.get("class") == "pic-behind"
    ]
    level = [
        (min(x, to_x), max(x, to_x), y)
        for path in svg.iter(f"{space}path")
        if "pic-line" in path.get("class")
        for (x, y), (to_x, to_y) in pairwise(
            [float(part) for part in point.split()] for point in path.get("d").lstrip("M").split(" L")
        )
        if y == to_y
    ]
    for text in svg.iter(f"{space}text"):
        anchor = text.get("text-anchor")
        for line in text.iter(f"{space}tspan"):
            x, y, long = float(line.get("x")), float(line.get("y")), drawing.measure((line.text or "").strip())
            left = x - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
            assert left >= -4, line.text
            assert left + long <= width + 4, line.text
            assert 0 <= y <= height, line.text
            if any(x0 <= x <= x0 + w and y0 <= y <= y0 + h for x0, y0, w, h in hidden):
                continue  # the line is hidden behind it
            crossed = [at for start, end, at in level if y - 12 < at < y + 3 and left < end and start < left + long]
            assert crossed == [], line.text
    for link in svg.iter(f"{space}a"):
        assert link.get("href").startswith("../")


@pytest.mark.parametrize("lang", LANGS)
def test_every_window_is_drawn_in_both_widths_says_it_is_drawn_and_marks_what_nobody_read(lang: str) -> None:
    here = Here(lang, "migrate-telephone.md")
    for window in sentences.read_yaml("mockups"):
        figure = mockups.mockup(here, window["id"])
        assert here.word("site.mock_caption") in html.unescape(figure)
        assert " › " in sections.name(here, window["page"])
        drawn = re.findall("<svg.*?</svg>", figure)
        assert len(drawn) == 2
        for svg in drawn:
            _stays_inside(ElementTree.fromstring(svg))
        rings = sum(line["sure"] == "ours" and line["kind"] != "buttons" for line in window["lines"])
        assert drawn[0].count("°") == rings


ACTORS = {
    "server": "serveur de licences|license server",
    "hosts": "hôte|host",
    "microsoft": "microsoft",
    "directory": "contrôleur de domaine|domain controller",
    "manager": "gestionnaire de licences|licensing manager",
}


@pytest.mark.parametrize("lang", LANGS)
def test_the_picture_of_ports_agrees_with_the_table(lang: str) -> None:
    """Each row of the table is an arrow from its origin to its target with its ports, and no arrow is without a row."""
    shown = re.sub(r"<[^>]+>", "", picture.picture(Here(lang), "who-talks-to-whom"))
    shown = shown.replace("\u2011", "-").replace("\u00a0", " ")
    drawn = set()
    # The picture shows a case that is run on the server: what only a workstation opens stands in the table.
    for row in (row for row in reference.ports() if row.direction not in ("none", "workstation to server")):
        assert row.ports in shown
        flows = {flow for flow in scenes.FLOWS[row.direction] if _joins(flow, row, lang)}
        assert flows, row.id
        drawn |= flows
    assert drawn == {flow for flows in scenes.FLOWS.values() for flow in flows}


def _joins(flow: tuple[str, str], row: reference.Port, lang: str) -> bool:
    origin, target = (ACTORS[name] for name in flow)
    named = re.search(origin, Here(lang).word(f"site.pic_who_{flow[0]}"), re.IGNORECASE)
    at_origin = re.search(origin, row.origin.of(lang), re.IGNORECASE)
    return bool(named and at_origin and re.search(target, row.target.of(lang), re.IGNORECASE))


def test_pictures_differ_in_words_only() -> None:
    one, two = (picture.picture(Here(lang), "life-of-a-case") for lang in LANGS)
    assert one != two
    assert one.count("<rect") == two.count("<rect")
    assert one.count("<path") == two.count("<path")


def test_wrapping_keeps_every_word() -> None:
    text = "Une phrase assez longue pour tenir sur plusieurs lignes"
    lines = drawing.wrap(text, 120)
    assert " ".join(lines) == text
    assert len(lines) > 2


# ---------------------------------------------------------------- markup


TITLES = {"warning": "Attention", "note": "Note"}


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("!!! warning", '!!! warning "Attention"'),
        ("    ??? note", '    ??? note "Note"'),
        ("???+ note inline", '???+ note inline "Note"'),
        ('!!! warning "Mine"', '!!! warning "Mine"'),
        ("text !!! warning", "text !!! warning"),
    ],
)
def test_an_admonition_without_a_title_gets_one(line: str, title: str) -> None:
    assert markup.title_admonitions(line, TITLES) == (title, [])


def test_code_is_left_alone_and_unknown_kinds_are_named() -> None:
    text = "```\n!!! warning\n```\n!!! odd"
    assert markup.title_admonitions(text, TITLES) == (text, ["odd"])


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Win32_TSLicenseServer", "Win32_<wbr>TSLicense<wbr>Server"),
        (r"HKLM\SOFTWARE\Policies", r"HKLM\<wbr>SOFTWARE\<wbr>Policies"),
        ("archive/case-2024-01.seal.html", "archive/<wbr>case-<wbr>2024-<wbr>01.<wbr>seal.<wbr>html"),
        ("uint32 ActivationStatus", "uint32 Activation<wbr>Status"),
        ("-FilterHashtable", "-Filter<wbr>Hashtable"),
        ("a &lt;NomLong&gt; b", "a &lt;Nom<wbr>Long&gt; b"),
    ],
)
def test_code_in_a_cell_breaks_where_a_reader_would(text: str, broken: str) -> None:
    assert markup.breakable(f"<td><code>{text}</code> AaBb</td>") == f"<td><code>{broken}</code> AaBb</td>"
    assert markup.breakable(f"<p><code>{text}</code></p>") == f"<p><code>{text}</code></p>"


def test_wide_tables_name_the_column_of_each_cell() -> None:
    head = "<thead>\n<tr>\n<th>A</th>\n<td></td>\n<th>C <em>c</em></th>\n</tr>\n</thead>"
    table = f'<table>\n{head}\n<tbody>\n<tr>\n<td id="x">1</td>\n<td>2</td>\n<td>3</td>\n</tr>\n</tbody>\n</table>'
    found = markup.stackable(table)
    for part in (
        '<table data-stack role="table">',
        '<tr role="row">\n<th role="columnheader">A</th>',
        '<td role="cell" data-label="A" id="x">1</td>',
        '<td role="cell" data-label="">2</td>',
        '<td role="cell" data-label="C c">3</td>',
    ):
        assert part in found
    narrow = table.replace("<td></td>\n", "").replace("<td>2</td>\n", "")
    assert markup.stackable(narrow) == narrow


@pytest.mark.parametrize(
    ("html", "whole"),
    [
        ("<code>runbook x --at 02:00</code>", ["--at"]),
        ("<pre><code>Get-Item -Path C:\\a-b</code></pre>", ["Get-Item", "-Path"]),
        ('<pre><code><span class="nb">Format-Table</span> -Wrap</code></pre>', ["Format-Table", "-Wrap"]),
        ("<td><code>winrm quickconfig -transport:https</code></td>", ["-transport"]),
        ("<code>Microsoft-Windows-TerminalServices-Licensing</code>", []),  # no telephone is so wide
        ('<div class="language-powershell script-x highlight"><pre><code>Get-Item -Path</code></pre></div>', []),
        ('<p title="1-2">S-1-5-32-561, CVE-2024-38077, 49152-65535, e-mail</p>',
         ["S-1-5-32-561", "CVE-2024-38077", "49152-65535"]),
        ("<svg><title>1-2</title></svg>", []),
        ('<em class="unconfirmed">not seen</em>. And', ['<em class="unconfirmed">not seen</em>.']),
        ('<em class="unconfirmed">non vu</em> : et', ['<em class="unconfirmed">non vu</em> :']),
        ('<em class="unconfirmed">not seen</em> and', []),
    ],
)  # fmt: skip
def test_what_no_line_may_part_is_held_together(html: str, whole: list[str]) -> None:
    made = markup.unbroken(html)
    assert [piece for piece in whole if f'<span class="held">{piece}</span>' not in made] == []
    assert made.count('class="held"') == len(whole)
    assert re.sub(r'<span class="held">(.*?)</span>', r"\1", made) == html


def test_an_address_in_a_table_breaks_after_its_signs() -> None:
    link = '<a href="https://a.example/b-c">https://a.example/b-c</a>'
    assert markup.breakable(f"<td>{link}</td>") == (
        '<td><a href="https://a.example/b-c">https://<wbr>a.<wbr>example/<wbr>b-<wbr>c</a></td>'
    )
    assert markup.breakable(f"<p>{link}</p>") == f"<p>{link}</p>"


def test_the_pinned_theme_still_has_the_places_that_are_mended(site: Path) -> None:
    html = (site / "fr/errors.html").read_text(encoding="utf-8")
    for wanted in (
        'tabindex="0" title="Menu"',
        'role="dialog" aria-label="Recherche"',
        'lang="en" class="md-select__link"',
    ):
        assert wanted in html


@pytest.mark.parametrize(
    ("html", "squeezed"),
    [
        ("<ul>\n\n    <li>a  b\n</ul>", "<ul>\n<li>a  b\n</ul>"),
        ("<pre>\n  x\n\n  y</pre>  \n <p>", "<pre>\n  x\n\n  y</pre>\n<p>"),
    ],
)
def test_squeezing_keeps_what_is_in_pre(html: str, squeezed: str) -> None:
    assert markup.squeeze(html) == squeezed


@pytest.mark.parametrize(
    ("lang", "html", "dressed"),
    [
        ("en", "<p>the host's and hosts' \"mode\"</p>", "<p>the host’s and hosts’ “mode”</p>"),
        ("en", "<p>the host&#39;s &quot;mode&quot;</p>", "<p>the host’s “mode”</p>"),
        ("en", "<p><code>a'b</code>'s <q>user's</q></p>", "<p><code>a'b</code>’s <q>user's</q></p>"),
        ("en", "<a title=\"it's\">x</a><pre>'y'</pre>", "<a title=\"it’s\">x</a><pre>'y'</pre>"),
        ("en", "<svg><text>it's</text></svg>", "<svg><text>it’s</text></svg>"),
        ("fr", "<p>oui ? « non »</p><pre>a ; b</pre>", "<p>oui\u00a0? «\u00a0non\u00a0»</p><pre>a ; b</pre>"),
        ("fr", '<a aria-label="Suivant: Un cas">', '<a aria-label="Suivant\u00a0: Un cas">'),
        ("en", '<a aria-label="Next: A case">', '<a aria-label="Next: A case">'),
        ("fr", '{"search.result.term.missing": "Non trouvé"}', '{"search.result.term.missing": "Non trouvé\u00a0"}'),
        ("fr", '<a aria-label="Étape : une"><b>x</b> ;</a>', '<a aria-label="Étape\u00a0: une"><b>x</b>\u00a0;</a>'),
    ],
)
def test_prose_wears_its_languages_typography(lang: str, html: str, dressed: str) -> None:
    assert markup.dressed(html, lang) == dressed


def test_code_keeps_the_spans_that_have_a_colour_of_their_own() -> None:
    html = '<span class="nv">$a</span><span class="p">.</span><span class="n">Name</span><span class="k">if</span>'
    assert markup.plain_code(html) == '<span class="nv">$a</span>.Name<span class="k">if</span>'


# ---------------------------------------------------------------- search index


def test_the_index_gets_what_people_type_and_the_pages_of_records(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    folder.mkdir()
    entries = [
        {"location": "ports.html", "title": "Réseau", "text": "<p>TCP</p>"},
        {"location": "ports.html#a", "title": "Flux", "text": "<p>clé</p>"},
    ]
    (folder / "search_index.json").write_text(json.dumps({"docs": entries}), encoding="utf-8")
    search_index.finish(tmp_path, "fr", {"ports": "pare-feu"}, ["ports"])
    page, section = json.loads((folder / "search_index.json").read_text(encoding="utf-8"))["docs"]
    assert page == {**entries[0], "k": "pare-feu", "lookup": True}
    assert section == entries[1]
    assert (folder / "search_index.js").read_text(encoding="utf-8").startswith("var __index = {")


# ---------------------------------------------------------------- print page


def test_a_section_of_the_print_page_has_its_own_ids_and_inner_links() -> None:
    html = (
        '<h1 id="top">T</h1><a href="#top">a</a><a href="../b.html#x">b</a><a href="https://e.org/">c</a>'
        '<img src="../img/p.png" alt=""><pre id="__code_0"><a id="__codelineno-0-1" href="#x"></a></pre>'
        "<details>d</details>"
    )
    section = print_page.section("deep/a.html", html, {"deep/a.html", "b.html"})
    assert 'id="p-deep-a"' in section
    assert 'id="p-deep-a--top"' in section
    assert 'href="#p-deep-a--top"' in section
    assert 'href="#p-b--x"' in section
    assert 'href="https://e.org/"' in section
    assert 'src="img/p.png"' in section
    assert "__codelineno" not in section
    assert "<details open" in section


def test_a_script_is_printed_once() -> None:
    whole = '<div class="language-powershell script-key-packs-after highlight"><pre>x</pre></div>'
    folded = f'<details class="script"><summary>T</summary>{whole}</details>'
    urls = {"a.html", "reference/commands.html"}
    elsewhere = print_page.section("a.html", folded, urls, "See there")
    assert "<pre" not in elsewhere
    assert '<strong>T</strong><br><a href="#p-reference-commands--key-packs-before">See there</a>' in elsewhere
    assert "<pre" in print_page.section("reference/commands.html", whole, urls, "See there")


# ---------------------------------------------------------------- languages


def test_the_menu_links_the_same_page() -> None:
    links = {entry["lang"]: entry["link"] for entry in languages.alternates("reference/ports.html")}
    assert links == {"fr": "../fr/reference/ports.html", "en": "../en/reference/ports.html"}


def test_record_sheets_and_notebook_tables_have_the_colours_of_the_look() -> None:
    """They travel without the site, so they cannot read look.css: here they are held to its values, light and dark."""
    look = (ROOT / "overrides/assets/stylesheets/look.css").read_text(encoding="utf-8")
    ours = set(re.findall(r"--look-[\w-]+: (#\w+)", look))
    rooms = ("record/templates", "run/templates", "papers/templates", "archive")
    made = [path for room in rooms for path in (ROOT / "runbook" / room).rglob("*") if path.suffix in (".css", ".j2")]
    made += [ROOT / "runbook/run" / name for name in ("show.py", "closing.py", "cells.py")]
    assert len(made) > 10
    for path in made:
        used = set(re.findall(r"(?<![&\w])#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", path.read_text(encoding="utf-8").lower()))
        assert used <= ours, f"{path.name}: {used - ours}"


def test_colours_stand_in_the_look_alone() -> None:
    """Style sheets and pictures name them; the landing page repeats the look's where no style sheet arrives."""
    named = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b|\brgba?\(", re.IGNORECASE)
    paper = {"#000"}  # a printed box is black
    for path in (ROOT / "overrides/assets/stylesheets/site.css", *(ROOT / "macros/pictures").glob("*.py")):
        assert set(named.findall(path.read_text(encoding="utf-8"))) <= paper, path.name
    look = (ROOT / "overrides/assets/stylesheets/look.css").read_text(encoding="utf-8")
    landing = (ROOT / "overrides/landing.html").read_text(encoding="utf-8")
    assert set(named.findall(landing)) <= {*named.findall(look), "#fff"}


@pytest.mark.parametrize("lang", LANGS)
def test_helps_on_pages_are_plain_text(lang: str) -> None:
    """A terminal's signs for bold are no part of a page."""
    helps = cli_texts.helps(build(lang), "runbook")
    assert len(helps) > 10
    assert not any("\x1b" in text for text in helps.values())
