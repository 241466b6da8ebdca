/* The call sheet: a full group moves on to the next, a pasted identifier fills all seven. Nothing is stored or sent. */
(function () {
  "use strict";
  var GROUP = 5;

  function groupsOf(input) {
    return Array.prototype.slice.call(input.closest("fieldset").querySelectorAll(".group"));
  }

  function fill(input, text) {
    var characters = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
    var groups = groupsOf(input);
    groups.slice(groups.indexOf(input)).forEach(function (group, place) {
      group.value = characters.slice(place * GROUP, (place + 1) * GROUP) || (place ? group.value : "");
    });
  }

  function moveOn(event) {
    var input = event.target;
    if (!input.classList.contains("group")) return;
    input.value = input.value.toUpperCase();
    var next = groupsOf(input)[groupsOf(input).indexOf(input) + 1];
    if (next && input.value.length === GROUP && input.selectionEnd === GROUP) next.focus();
  }

  function start(form) {
    form.reset(); /* the browser may have kept what was typed before a reload */
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("input", moveOn);
    form.addEventListener("paste", function (event) {
      if (!event.target.classList.contains("group")) return;
      event.preventDefault();
      fill(event.target, event.clipboardData.getData("text"));
    });
    var bar = document.createElement("div");
    bar.className = "buttons";
    [["print", function () {
      document.body.classList.add("only-sheet");
      print();
      document.body.classList.remove("only-sheet");
    }], ["empty", function () { form.reset(); }]].forEach(function (entry) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "md-button";
      button.textContent = form.dataset[entry[0]];
      button.addEventListener("click", entry[1]);
      bar.append(button);
    });
    form.before(bar);
  }

  document.querySelectorAll("form.call-sheet").forEach(start);
})();
