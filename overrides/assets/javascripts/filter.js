/* A field that narrows the rows of errors or events. The only one left opens. */
(function () {
  "use strict";

  function fold(text) {
    return text.toLowerCase().replace(/\u0153/g, "oe").normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  }

  /* The rows, each with its text; a row also answers to the heading above its table: the machine it happens on. */
  function rows(box) {
    var heading = "";
    var items = [];
    box.parentElement.querySelectorAll(".filter ~ h2, details.fault").forEach(function (element) {
      if (element.tagName === "H2") heading = element.textContent;
      else items.push({ element: element, text: fold(heading + " " + element.textContent) });
    });
    return items;
  }

  function button(text) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "chip";
    made.textContent = text;
    made.setAttribute("aria-pressed", "false");
    return made;
  }

  function start(box) {
    var items = rows(box);
    var label = document.createElement("label");
    var field = document.createElement("input");
    var count = document.createElement("p");
    var chips = (box.dataset.chips || "").split("|").filter(Boolean).map(button);
    field.type = "search";
    field.autocomplete = "off";
    label.append(box.dataset.label, field);
    count.setAttribute("aria-live", "polite");
    box.append(label);
    box.append.apply(box, chips);
    box.append(count);

    /* What stands above rows goes with the last of them: a head, a heading, its entry in the contents. */
    function hideEmpty() {
      var empty = true;
      Array.from(box.parentElement.children).reverse().forEach(function (part) {
        if (part.matches("details.fault") && !part.classList.contains("filtered")) empty = false;
        if (!part.matches(".filter ~ h2, .filter ~ .fault-head")) return;
        var above = part.tagName === "H2" ? [part].concat(linksTo(part.id)) : [part];
        above.forEach(function (element) { element.classList.toggle("filtered", empty); });
        if (part.tagName === "H2") empty = true;
      });
    }

    function linksTo(id) {
      return Array.from(document.querySelectorAll('.md-nav--secondary a[href="#' + id + '"]'), function (link) { return link.closest("li"); });
    }

    function apply() {
      var words = fold(field.value).split(/\s+/).filter(Boolean);
      chips.forEach(function (chip) {
        if (chip.getAttribute("aria-pressed") === "true") words.push(fold(chip.textContent));
      });
      var fitting = [];
      items.forEach(function (item) {
        var fits = words.every(function (word) { return item.text.includes(word); });
        if (fits) fitting.push(item.element);
        item.element.classList.toggle("filtered", !fits);
      });
      hideEmpty();
      if (words.length && fitting.length === 1) fitting[0].open = true;
      count.textContent = !words.length ? "" : fitting.length ? fitting.length + " / " + items.length : box.dataset.none;
    }

    field.addEventListener("input", apply);
    chips.forEach(function (chip) {
      chip.addEventListener("click", function () {
        var on = chip.getAttribute("aria-pressed") !== "true";
        chips.forEach(function (other) { other.setAttribute("aria-pressed", String(other === chip && on)); });
        apply();
      });
    });
    addEventListener("hashchange", function () { /* a link to something hidden shows it */
      var target = document.getElementById(location.hash.slice(1));
      if (target && target.closest(".filtered")) {
        field.value = "";
        chips.forEach(function (chip) { chip.setAttribute("aria-pressed", "false"); });
        apply();
        target.scrollIntoView();
      }
    });
  }

  document.querySelectorAll(".filter").forEach(start);
})();
