/* Takes the place of the theme's search worker, in the page itself: a browser starts no worker from file://, and this
 * needs none (a question takes milliseconds). Speaks the messages of Material 9.8.1's worker. Loaded before the theme,
 * after search-rank.js and search-show.js. */
(function () {
  "use strict";

  var SETUP = 0, READY = 1, QUERY = 2, RESULT = 3;
  var PAGES = 20; /* shown at most */
  var SECTIONS = 6; /* of one page */
  var OPEN = 3; /* of them shown at once; the theme folds away what scores less than the first */
  var WORTH = 0.2; /* of the page's best section: less is not shown */
  var RealWorker = window.Worker;

  function pageOf(location) { return location.split("#")[0]; }

  /* The best sections of each page, pages by their best one: [[{location, score}]]. */
  function grouped(scores) {
    var pages = new Map();
    scores.forEach(function (score, location) {
      if (score <= 0) return;
      var page = pageOf(location);
      if (!pages.has(page)) pages.set(page, []);
      pages.get(page).push({ location: location, score: score });
    });
    return Array.from(pages.values())
      .map(function (group) {
        group.sort(function (one, two) { return two.score - one.score; });
        return group.filter(function (found, place) { return place < SECTIONS && found.score >= WORTH * group[0].score; });
      })
      .sort(function (one, two) { return two[0].score - one[0].score; })
      .slice(0, PAGES);
  }

  var best = ""; /* location of what answers the last question best */

  /* Says above the results which words were taken for slips, and for what: "results for sauvegarde". */
  function tellMended(words) {
    var list = document.querySelector(".md-search-result__list");
    if (!list) return;
    var told = document.querySelector(".search-mended");
    if (!told) {
      told = document.createElement("p");
      told.className = "search-mended";
      told.setAttribute("role", "status");
      list.before(told);
    }
    told.hidden = !words.length;
    told.textContent = words.length ? (document.documentElement.lang === "fr" ? "Résultats pour : " : "Results for: ") + words.join(", ") : "";
  }

  /* Enter in the field opens the section that answers best; the theme would open its page's top. */
  document.addEventListener("keydown", function (event) {
    var field = event.target;
    if (event.key !== "Enter" || !best || !field.matches || !field.matches("[data-md-component=search-query]")) return;
    var links = Array.from(document.querySelectorAll(".md-search-result__list a[href]"));
    var link = links.find(function (one) {
      var url = new URL(one.href);
      return (url.pathname + url.hash).endsWith("/" + best);
    });
    if (!link) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    link.click();
  }, true);

  /* Only the section that was opened is marked: the theme marks the question's words on the whole page. */
  function keepTargetMarks() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !new URLSearchParams(location.search).get("h")) return;
    var heading = target.closest("h1,h2,h3,h4,tr") || target;
    var next = /^H[1-4]$/.test(heading.tagName)
      ? Array.from(document.querySelectorAll("h1,h2,h3,h4")).find(function (other) {
        return other.tagName <= heading.tagName && heading.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
      })
      : null;
    document.querySelectorAll("article mark[data-md-highlight]").forEach(function (mark) {
      var inside = heading.contains(mark) || (/^H[1-4]$/.test(heading.tagName) &&
        heading.compareDocumentPosition(mark) & Node.DOCUMENT_POSITION_FOLLOWING &&
        (!next || next.compareDocumentPosition(mark) & Node.DOCUMENT_POSITION_PRECEDING));
      if (!inside) mark.replaceWith(mark.textContent);
    });
  }
  window.addEventListener("load", function () { setTimeout(keepTargetMarks, 300); });

  class SearchWorker extends EventTarget {
    constructor() {
      super();
      this.lang = document.documentElement.lang;
      this.docs = new Map();
      this.ranking = null;
    }

    postMessage(message) {
      var answer = null;
      if (message.type === SETUP) answer = this.setUp(message.data.docs);
      if (message.type === QUERY) answer = { type: RESULT, data: this.search(String(message.data)) };
      var self = this;
      if (answer) setTimeout(function () { self.dispatchEvent(new MessageEvent("message", { data: answer })); });
    }

    setUp(docs) {
      this.docs = new Map(docs.map(function (doc) { return [doc.location, doc]; }));
      this.ranking = new window.SearchRanking.Ranking(docs, this.lang);
      return { type: READY };
    }

    search(question) {
      if (!this.ranking || !question.trim()) return { items: [] };
      var self = this;
      var found = this.ranking.ask(question);
      var marks = window.SearchShow.marker(found.words, this.lang);
      tellMended(found.mended);
      var groups = grouped(found.scores);
      best = groups.length ? groups[0][0].location : "";
      var items = groups.map(function (group) { return self.shown(group, found, marks); });
      return { items: items, suggest: this.ranking.completions(question) };
    }

    /* The theme wants the page itself in every group. */
    shown(group, found, marks) {
      var self = this;
      var page = pageOf(group[0].location);
      var list = group.some(function (entry) { return entry.location === page; })
        ? group
        : group.concat({ location: page, score: 0 });
      return list.map(function (entry, place) {
        var missing = found.missing(entry.location);
        return window.SearchShow.item(self.docs.get(entry.location), marks, missing, place < OPEN ? 2 : 1);
      });
    }

    terminate() { this.ranking = null; }
  }

  window.Worker = function (url, options) {
    return /\/search\.[0-9a-f]+\.min\.js/.test(String(url)) ? new SearchWorker() : new RealWorker(url, options);
  };
})();
