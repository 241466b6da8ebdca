/* Fills the letter while one types. Nothing is stored and nothing is sent; leaving the page empties it. */
(function () {
  "use strict";

  /* Without a prompt: the clipboard's own interface where the browser allows it, else a selection. */
  function copy(text) {
    function selection() {
      var area = document.createElement("textarea");
      area.value = text;
      area.style.position = "fixed";
      document.body.append(area);
      area.select();
      var done = document.execCommand("copy");
      area.remove();
      return done;
    }
    if (!navigator.clipboard) return Promise.resolve(selection());
    return navigator.clipboard.writeText(text).then(function () { return true; }, selection);
  }

  function plain(box) {
    return Array.prototype.map.call(box.querySelectorAll("p"), function (p) { return p.innerText.trim(); }).join("\n\n");
  }

  function start(letter) {
    var form = letter.querySelector("form");
    var text = letter.querySelector(".letter-text");
    var blank = {};
    text.querySelectorAll("[data-field]").forEach(function (span) { blank[span.dataset.field] = span.textContent; });

    function fill() {
      form.querySelectorAll("[data-fill]").forEach(function (field) {
        text.querySelectorAll('[data-field="' + field.dataset.fill + '"]').forEach(function (span) {
          var value = field.value.trim();
          span.textContent = value || blank[field.dataset.fill];
          span.classList.toggle("filled", Boolean(value));
        });
      });
    }

    var bar = document.createElement("div");
    var said = document.createElement("span");
    bar.className = "buttons";
    said.setAttribute("role", "status");
    [["copy", function () {
      copy(plain(text)).then(function (done) { said.textContent = done ? letter.dataset.copied : ""; });
    }], ["empty", function () { form.reset(); fill(); said.textContent = ""; }]].forEach(function (entry) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "md-button";
      button.textContent = letter.dataset[entry[0]];
      button.addEventListener("click", entry[1]);
      bar.append(button);
    });
    bar.append(said);
    form.hidden = false;
    form.reset(); /* the browser may have kept what was typed before a reload */
    form.addEventListener("input", fill);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    text.after(bar);
    fill();
  }

  document.querySelectorAll(".letter").forEach(start);
})();
