/* Keyboard and screen reader: what scrolls can be reached, and says what it is. */
(function () {
  "use strict";
  var french = document.documentElement.lang === "fr";
  var TABLE = french ? "Tableau qui défile" : "Scrollable table";

  function reachable(box) {
    var scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    var table = box.tagName === "DIV";
    if (scrolls) {
      box.tabIndex = 0;
      if (table) { box.setAttribute("role", "region"); box.setAttribute("aria-label", TABLE); }
    } else if (table) {
      ["tabindex", "role", "aria-label"].forEach(function (name) { box.removeAttribute(name); });
    }
  }

  function update() {
    document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code").forEach(reachable);
  }

  /* The theme puts a <nav> around each code block's buttons: too many landmarks. */
  function unmark() {
    document.querySelectorAll(".md-code__nav:not([role])").forEach(function (nav) {
      nav.setAttribute("role", "presentation");
    });
  }

  new MutationObserver(unmark).observe(document.documentElement, { childList: true, subtree: true });
  addEventListener("load", function () { setTimeout(update, 50); });
  addEventListener("resize", update);
})();
