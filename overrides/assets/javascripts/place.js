/* The language switcher keeps the place: ids are the same in both languages, so the link gets the heading in view.
 * How far below it one has read goes through session storage, where the browser shares that between files. */
(function () {
  "use strict";
  var KEY = "site-place";
  var HEADER = 70; /* pixels that the sticky header covers */

  function inView(element) {
    var box = element.getBoundingClientRect();
    return box.top < innerHeight && box.bottom > 0;
  }

  /* The element to land on: what the address names while it is in view, else the last heading above. */
  function landmark() {
    var named = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named && inView(named)) return named;
    var last = null;
    document.querySelectorAll("article :is(h1, h2, h3, h4, details)[id]").forEach(function (heading) {
      if (heading.getBoundingClientRect().top <= HEADER) last = heading;
    });
    return last;
  }

  function keep(event) {
    var link = event.target.closest && event.target.closest("a.md-select__link");
    if (!link) return;
    var target = landmark();
    link.hash = target ? target.id : "";
    if (!target) return;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ id: target.id, below: Math.round(-target.getBoundingClientRect().top) }));
    } catch (e) { /* storage refused: the anchor alone is kept */ }
  }

  function restore() {
    var place = null;
    try {
      place = JSON.parse(sessionStorage.getItem(KEY));
      sessionStorage.removeItem(KEY);
    } catch (e) { return; }
    if (!place || location.hash !== "#" + place.id) return;
    var target = document.getElementById(place.id);
    if (target) scrollTo(0, target.getBoundingClientRect().top + scrollY + place.below);
  }

  /* What an address names inside something folded opens with it, and what a heading has folded right below it. */
  function unfold() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var below = target && /^H\d$/.test(target.tagName) && target.nextElementSibling;
    if (below && below.tagName === "DETAILS") below.open = true;
    for (var fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  unfold();
  addEventListener("hashchange", unfold);
  ["pointerdown", "click", "auxclick"].forEach(function (type) { document.addEventListener(type, keep, true); });
  addEventListener("load", function () { setTimeout(restore, 100); });
})();
