/* A field that narrows the errors (sections from one h2 to the next) or the events (rows of tables). */
(function () {
  "use strict";

  function fold(text) {
    return text.toLowerCase().replace(/\u0153/g, "oe").normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  }

  /* Each thing that is shown or hidden: its elements and its text. */
  function sections(box) {
    var items = [];
    for (var next = box.nextElementSibling; next; next = next.nextElementSibling) {
      if (next.tagName === "H2") items.push({ elements: [], text: "" });
      if (!items.length) continue;
      var item = items[items.length - 1];
      item.elements.push(next);
      if (next.id) {
        var entry = document.querySelector('.md-nav--secondary a[href="#' + next.id + '"]');
        if (entry) item.elements.push(entry.closest("li"));
      }
      item.text += " " + next.textContent;
    }
    return items;
  }

  function rows(box) {
    var found = box.parentElement.querySelectorAll("tbody tr");
    return Array.prototype.map.call(found, function (row) { return { elements: [row], text: row.textContent }; });
  }

  function start(box) {
    var items = (box.dataset.filter === "rows" ? rows : sections)(box);
    items.forEach(function (item) { item.text = fold(item.text); });
    var label = document.createElement("label");
    var field = document.createElement("input");
    var count = document.createElement("p");
    field.type = "search";
    field.autocomplete = "off";
    label.append(box.dataset.label, field);
    count.setAttribute("aria-live", "polite");
    box.append(label, count);

    function apply() {
      var words = fold(field.value).split(/\s+/).filter(Boolean);
      var shown = 0;
      items.forEach(function (item) {
        var fits = words.every(function (word) { return item.text.includes(word); });
        shown += fits;
        item.elements.forEach(function (element) { element.classList.toggle("filtered", !fits); });
      });
      count.textContent = !words.length ? "" : shown ? shown + " / " + items.length : box.dataset.none;
    }

    field.addEventListener("input", apply);
    addEventListener("hashchange", function () { /* a link to something hidden shows it */
      var target = document.getElementById(location.hash.slice(1));
      if (target && target.closest(".filtered")) { field.value = ""; apply(); target.scrollIntoView(); }
    });
  }

  document.querySelectorAll(".filter[data-filter]").forEach(start);
})();
