/* Keyboard and screen reader: what scrolls can be reached, and says what it is. */
(function () {
  "use strict";
  var BOXES = ".md-typeset__scrollwrap, .picture-box, .tabbed-labels, .md-typeset pre > code";
  var french = document.documentElement.lang === "fr";
  var WORDS = french
    ? { table: "Tableau qui défile", picture: "Image qui défile", colon: "\u00a0: " }
    : { table: "Scrollable table", picture: "Scrollable picture", colon: ": " };

  /* The heading above, without its permanent link. */
  function headingOf(box) {
    var above = null;
    document.querySelectorAll("article :is(h1, h2, h3, h4)").forEach(function (heading) {
      if (heading.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING) above = heading;
    });
    return above ? above.firstChild.textContent.trim() : document.title;
  }

  /* A label that no other box has: two landmarks of one name cannot be told apart. */
  function labelOf(box, used) {
    var base = (box.classList.contains("picture-box") ? WORDS.picture : WORDS.table) + WORDS.colon + headingOf(box);
    var label = base;
    for (var number = 2; used.has(label); number += 1) label = base + " (" + number + ")";
    used.add(label);
    return label;
  }

  function reachable(box, used) {
    var scrolls = box.scrollWidth > box.clientWidth + 1;
    var code = box.tagName === "CODE" || box.classList.contains("tabbed-labels");
    if (scrolls) {
      box.tabIndex = 0;
      if (!code) { box.setAttribute("role", "region"); box.setAttribute("aria-label", labelOf(box, used)); }
    } else {
      ["tabindex", "role", "aria-label"].forEach(function (name) { box.removeAttribute(name); });
    }
  }

  function update() {
    var used = new Set();
    document.querySelectorAll(BOXES).forEach(function (box) { reachable(box, used); });
  }

  /* The theme puts a <nav> around each code block's buttons: too many landmarks. */
  function unmark() {
    document.querySelectorAll(".md-code__nav:not([role])").forEach(function (nav) {
      nav.setAttribute("role", "presentation");
    });
  }

  /* The theme builds its boxes and buttons when it is ready, which may be after the page has loaded. */
  var soon = 0;
  new MutationObserver(function () {
    unmark();
    clearTimeout(soon);
    soon = setTimeout(update, 30);
  }).observe(document.documentElement, { childList: true, subtree: true });
  addEventListener("load", update);
  addEventListener("resize", update);
})();
