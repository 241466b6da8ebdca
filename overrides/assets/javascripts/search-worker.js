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
      var items = grouped(found.scores).map(function (group) { return self.shown(group, found, marks); });
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
