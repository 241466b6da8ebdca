"""MkDocs hooks: one build is one language. Each hook hands over to the module that knows how."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import CombinedEvent, event_priority, get_plugin_logger
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the `mkdocs` command does not add the folder

from macros import faults, languages, markup, parity, print_page, project, samples, search_index
from macros.words import search_words, section_title
from runbook.words.sentences import LANGS, say

log = get_plugin_logger("site")


class Build:
    """What the hooks of one build share. MkDocs calls them in a fixed order, in one thread."""

    command = "build"
    lang = "fr"
    root = Path()
    whole = Path()  # holds fr/ and en/
    other: languages.OtherBuild | None = None
    shared: tempfile.TemporaryDirectory[str] | None = None  # what both builds read, and
    helper: subprocess.Popen[bytes] | None = None  # who writes it
    nav: Navigation
    env: Any
    content: str | None = None
    context: Any
    pages: list[Page]


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether this is a build or a preview."""
    Build.command = command


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Point the configuration at one language, and start the other one's build."""
    lang = str(config.theme["language"])
    if lang not in LANGS:
        raise PluginError(f"DOC_LANG must be one of {LANGS}, not {lang!r}")
    Build.lang, Build.root = lang, Path(config.config_file_path).parent
    config.docs_dir = str(Build.root / "docs" / lang)
    config.site_name, config.site_description = say("site.site_name", lang), say("site.site_description", lang)
    config.mdx_configs["toc"]["permalink_title"] = say("site.permalink", lang)
    config.extra["t"] = {"extract": say("site.extract", lang)}
    for palette in config.theme["palette"]:
        key = palette["toggle"]["name"]
        palette["toggle"]["name"] = say(key, lang) if key.startswith("site.palette_") else key
    if not languages.is_part():
        for difference in parity.differences(Build.root / "docs"):
            log.warning("%s", difference)
    if Build.command == "build" and not languages.is_part():
        Build.whole = Path(config.site_dir)
        Build.shared = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        Build.helper = project.start_helps(Path(Build.shared.name))
        config.site_dir = str(Build.whole / lang)
        Build.other = languages.start_other(lang, config.config_file_path, Build.whole, config.strict)
    return config


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Give what mkdocs.yml names its title in this language; one without words is a warning, so strict fails."""
    for item in nav.items:
        if item.title and (item.is_section or item.is_page):
            title = section_title(str(item.title), Build.lang)
            if title is None:
                log.warning("%r of nav has no words in knowledge/words/site.yml", item.title)
            item.title = title or item.title
    Build.nav = nav
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Title the admonitions that have none, in this language; macros have been expanded by now. Set the boost."""
    boost = config.extra.get("search_boost", {}).get(page.file.src_uri)
    if boost is not None:
        page.meta.setdefault("search", {"boost": boost})
    text, unknown = markup.title_admonitions(
        markdown, {kind: say(key, Build.lang) for kind, key in markup.ADMONITIONS.items()}
    )
    for kind in unknown:
        log.warning("%s: no title for admonition %r in knowledge/words/site.yml", page.file.src_uri, kind)
    return text


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mend what Markdown cannot say."""
    return markup.stackable(markup.unbroken(markup.breakable(markup.empty_headers(markup.plain_code(html)))))


def on_env(env: Any, config: MkDocsConfig, files: Files) -> None:
    """Keep the template environment for the print page."""
    Build.env, Build.pages = env, []


@event_priority(100)
def before_search(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
    """Give the search plugin the page without the spans of coloured code: same text, a quarter of the build's time."""
    Build.content = page.content
    page.content = markup.without_spans(page.content or "")
    return context


@event_priority(-100)
def after_search(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
    """Link the page to its twin, and share the dark and light choice between both languages."""
    page.content = Build.content
    config.extra["alternate"] = languages.alternates(page.url)
    config.extra["scope"] = context["base_url"] + "/.."
    Build.pages.append(page)
    Build.context = context
    return context


on_page_context = CombinedEvent(before_search, after_search)


def on_template_context(context: Any, template_name: str, config: MkDocsConfig) -> Any:
    """Templates without a page (404.html) link to the home pages."""
    config.extra["alternate"] = languages.alternates("index.html")
    return context


def on_post_page(output: str, page: Page | None, config: MkDocsConfig) -> str:
    """Add the names that the theme leaves out, and the language's typography to all that is read."""
    names = (say(key, Build.lang) for key in ("site.search", "site.drawer", "site.site_brief"))
    return markup.dressed(markup.squeeze(markup.name_controls(output, *names)), Build.lang)


@event_priority(-200)
def on_post_build(config: MkDocsConfig) -> None:
    """After every plugin: print page, search index, tidying; then wait for the other language."""
    site = Path(config.site_dir)
    order = {page.url: place for place, page in enumerate(Build.nav.pages)}
    pages = sorted((p for p in Build.pages if p.url in order), key=lambda p: order[p.url])
    config.extra["alternate"] = languages.alternates("print.html")
    title, once = say("site.print", Build.lang), say("site.print_once", Build.lang)
    html = print_page.render(config, Build.env, Build.context, pages, title, once)
    (site / "print.html").write_text(on_post_page(html, None, config), encoding="utf-8", newline="\n")
    config.extra["alternate"] = languages.alternates("call-set.html")
    title, act = say("site.call_set", Build.lang), say("site.call_set_open", Build.lang)
    elsewhere = say("site.print_elsewhere", Build.lang)
    html = print_page.call_set(config, Build.env, Build.context, pages, title, act, elsewhere)
    (site / "call-set.html").write_text(on_post_page(html, None, config), encoding="utf-8", newline="\n")
    lookup = config.extra.get("search_lookup", ())
    search_index.finish(site, Build.lang, search_words(Build.lang), lookup, faults.found(Build.lang))
    if Build.command != "build":
        return
    markup.tidy(site)
    if Build.other is None:
        return
    code, text = Build.other.wait()
    Build.other = None
    end_helper()
    report_other(code, text)
    samples.take(Build.whole)
    landing = (Build.root / "overrides" / "landing.html").read_text(encoding="utf-8")
    (Build.whole / "index.html").write_text(landing, encoding="utf-8", newline="\n")


def end_helper() -> None:
    """The commands' helps have been read by both builds, or the build has failed."""
    if Build.helper is not None and Build.shared is not None:
        Build.helper.kill()
        Build.helper.communicate()
        Build.shared.cleanup()
    Build.helper = Build.shared = None


def report_other(code: int, text: str) -> None:
    """Repeat what the other language's build had to say; fail with it."""
    for line in text.splitlines():
        if line.startswith(("WARNING", "ERROR")):
            log.info("other language: %s", line)
    if code:
        raise PluginError(f"the build of the other language failed (exit code {code}):\n{text[-6000:]}")


def on_build_error(error: Exception) -> None:
    """This build has failed: do not leave the other one running."""
    if Build.other is not None:
        Build.other.stop()
        Build.other = None
    end_helper()
