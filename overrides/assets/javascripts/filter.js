/* A field that narrows the rows of errors or events. The only one left opens. */
(function () {
  "use strict";
  var SHORTEST = 20; /* characters: a message that a pasted text is searched for */

  /* Without capitals and accents; quotes and apostrophes, which keyboards and pages write differently, are spaces. */
  function fold(text) {
    return text.toLowerCase().replace(/\u0153/g, "oe").normalize("NFKD").replace(/[\u0300-\u036f]/g, "")
      .replace(/["'`\u2018-\u201f\u2032\u00ab\u00bb]/g, " ").replace(/\s+/g, " ").trim();
  }

  /* The messages and wordings of a row, each cut where it leaves out a name: a longer text that was pasted has them. */
  function messages(row) {
    var texts = Array.from(row.querySelectorAll("q, details.quote span[lang]"), function (e) { return e.textContent.split(" · "); });
    return texts.flat().map(function (text) {
      return fold(text).split(/<[^>]*>|\.\.\./).map(function (part) { return part.replace(/^[\s.,;:]+|[\s.,;:]+$/g, ""); }).filter(Boolean);
    }).filter(function (parts) { return parts.join(" ").length >= SHORTEST; });
  }

  /* The rows, each with its text; a row also answers to the heading above its table: the machine it happens on. */
  function rows(box) {
    var heading = "";
    var items = [];
    box.parentElement.querySelectorAll(".filter ~ h2, details.fault").forEach(function (element) {
      if (element.tagName === "H2") heading = element.textContent;
      else items.push({ element: element, text: fold(heading + " " + element.textContent), messages: messages(element) });
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
      var typed = fold(field.value);
      var words = typed.split(" ").map(function (word) { return word.replace(/[.,;:!?]+$/, ""); }).filter(Boolean);
      var levels = chips.filter(function (chip) { return chip.getAttribute("aria-pressed") === "true"; })
        .map(function (chip) { return fold(chip.textContent); });
      var fitting = [];
      items.forEach(function (item) {
        var has = function (word) { return item.text.includes(word); };
        var holds = function (parts) { return parts.every(function (part) { return typed.includes(part); }); };
        var fits = levels.every(has) && (words.every(has) || item.messages.some(holds));
        if (fits) fitting.push(item.element);
        item.element.classList.toggle("filtered", !fits);
      });
      hideEmpty();
      var asked = words.length + levels.length;
      if (asked && fitting.length === 1) fitting[0].open = true;
      count.textContent = !asked ? "" : fitting.length ? fitting.length + " / " + items.length : box.dataset.none;
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
