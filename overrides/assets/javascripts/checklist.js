/* Ticks stay in this browser's local storage and go nowhere else; both languages share them. */
(function () {
  "use strict";
  var KEY = "rds-cal-checklist";

  function stored() {
    try { return JSON.parse(localStorage.getItem(KEY)) || {}; } catch (e) { return {}; }
  }

  function store(ticks) {
    try { localStorage.setItem(KEY, JSON.stringify(ticks)); } catch (e) { /* refused: the ticks last as long as the page */ }
  }

  function button(text, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "md-button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function start(list) {
    var boxes = Array.prototype.slice.call(list.querySelectorAll("input[data-tick]"));
    var bar = document.createElement("div");
    var count = document.createElement("span");
    bar.className = "buttons";
    count.setAttribute("aria-live", "polite");

    function tell() {
      var done = boxes.filter(function (box) { return box.checked; }).length;
      count.textContent = done + " / " + boxes.length + " " + list.dataset.done;
    }

    function save() {
      var ticks = {};
      boxes.forEach(function (box) { if (box.checked) ticks[box.dataset.tick] = true; });
      store(ticks);
      tell();
    }

    function load() {
      var ticks = stored();
      boxes.forEach(function (box) { box.checked = Boolean(ticks[box.dataset.tick]); });
      tell();
    }

    function paper(empty) {
      var ticked = boxes.map(function (box) { return box.checked; });
      if (empty) boxes.forEach(function (box) { box.checked = false; });
      print();
      boxes.forEach(function (box, place) { box.checked = ticked[place]; });
    }

    boxes.forEach(function (box) { box.addEventListener("change", save); });
    addEventListener("storage", function (event) { if (event.key === KEY) load(); });
    bar.append(
      button(list.dataset.ticked, function () { paper(false); }),
      button(list.dataset.empty, function () { paper(true); }),
      button(list.dataset.clear, function () { boxes.forEach(function (box) { box.checked = false; }); save(); }),
      count
    );
    list.before(bar);
    load();
  }

  document.querySelectorAll("ol.checklist").forEach(start);
})();
