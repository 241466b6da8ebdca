/* Which page answers a question best: a ranking of its own over the documents of the search index.
 *
 * A word counts by how rare it is (inverse document frequency) and by where it stands: heading, page keywords (field
 * k of the index), page title, text (BM25 with weighted fields: Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework", 2009, section 3.6). Words are compared without accents and without endings: light rules for each
 * language that only cut, so that what is left of a word begins it. */
(function () {
  "use strict";

  var SEPARATOR = /[\s,;:!?=\[\]()"'`\u2018\u2019\u201c\u201d\u00ab\u00bb\\\/@{}|<>#*$^~+\u2026&%\u00b7\u2192]+/;
  var WEIGHT = { title: 6, keywords: 5, page: 2.5, pageKeywords: 1.5, text: 1 };
  var HALF = 1.5; /* weighted occurrences that give half of a word's worth */
  var LENGTH = 0.6; /* how much a long text dilutes its words, */
  var LONGEST = 2.5; /* but an identifier at most as in one of so many average lengths: a table of events is one text */
  var SAME_STEM = 0.9; /* of an exact match */
  var PREFIX = 0.4;
  var WHOLE_PAGE = 0.6; /* what a page's headings and keywords together add to each of its sections */
  var LOOKED_UP = 2; /* pages of records, when the question is hardly more than identifiers (4105, GetActivationStatus)
                      * or has one and names the page (event 26) */
  var SAME_TITLE = 1.6; /* a heading that says the question and nothing else, */
  var SAME_PAGE_TITLE = 2; /* a page's own */
  var PAIRS = 60; /* best documents whose word order is looked at */

  var ENDINGS = {
    fr: ("issements issement ications ication ations ation atrices ateurs atrice ateur ements ement euses euse eurs eur " +
      "ables able antes ante ants ant ions ion iers ier iees iee ies ie ees ee er ez ent aux al es e x s").split(" "),
    en: ("ications ication ations ation ating ated ates ate ments ment ings ing ions ion ying ied ies ures ure ers er " +
      "ors or ably able ed es ly e y s").split(" ")
  };
  /* Words of questions that say nothing about the answer. */
  var ASKING = new Set((
    "a an and are as at be but by can could did didn do does doesn doing don for from get getting got had has have how i if in into is " +
    "it its keep just me my no not of off on or our please should so some than that the their them then there these " +
    "they this to too us want was we were what when where which while who why will with would you your still " +
    "ai au aux avec ce ces cet cette ca comment d dans de des dois doit donc dont du elle en est et etre fait faire " +
    "faut il ils j je l la le les leur lors lui ma mais me mes mon n ne nos notre nous on ont ou par pas peut peux pour " +
    "pourquoi qu quand que quel quelle quelles quels qui quoi s sa se ses si son sont sur t ta te toi ton toujours " +
    "tous tout toute toutes tu un une va veut veux vos votre vous y"
  ).split(" "));

  function fold(text) {
    return text.toLowerCase().replace(/\u0153/g, "oe").replace(/\u00e6/g, "ae").normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  }

  /* What a folded word shares with its other forms; numbers, codes and names stay whole. */
  function stem(word, lang) {
    var code = /^0x0*([0-9a-f]+)$/.exec(word);
    if (code) return code[1];
    if (!/^[a-z]{4,}$/.test(word)) return word;
    var endings = ENDINGS[lang] || ENDINGS.en;
    for (var i = 0; i < endings.length; i += 1) {
      var least = endings[i].length === 1 && endings[i] !== "e" ? 3 : 4;
      if (word.endsWith(endings[i]) && word.length - endings[i].length >= least) {
        return word.slice(0, -endings[i].length);
      }
    }
    return word;
  }

  /* A number, a code, a name of a program's: 4105, 0x80070005, licmgr.exe, -FilterHashtable, TermServLicensing. */
  function identifier(word) {
    return /\d{2}|^-\w|[\w]\.\w|_|[a-z][A-Z]/.test(word);
  }

  /* The words of a text, and after each compound its parts: licmgr.exe, licmgr, exe; GetGracePeriodDays, grace,
   * period, days (three letters and more: what stands between capitals is often an abbreviation cut in two). */
  function words(text) {
    var found = [];
    text.replace(/<[^>]+>/g, " ").replace(/&[lg]t;|&amp;/g, " ").split(SEPARATOR).forEach(function (written) {
      var raw = written.replace(/^[.\-_]+|[.\-_]+$/g, "");
      if (!raw) return;
      var word = fold(raw);
      found.push(word);
      var parts = word.split(/[-._]/).filter(function (part) { return part.length > 1; });
      if (parts.length > 1) found.push.apply(found, parts);
      if (/[a-z][A-Z]/.test(raw)) {
        (raw.match(/[A-Z]?[a-z]{2,}/g) || []).forEach(function (part) {
          if (part.length > 2 && !/^get$/i.test(part)) found.push(part.toLowerCase());
        });
      }
    });
    return found;
  }

  /* How many signs are to be put in, taken out, changed or swapped with their neighbour to make `one` of `two`
   * (optimal string alignment); more than `most` counts as most + 1. */
  function distance(one, two, most) {
    var rows = [[]];
    for (var j = 0; j <= two.length; j += 1) rows[0].push(j);
    for (var i = 1; i <= one.length; i += 1) {
      var row = [i];
      for (j = 1; j <= two.length; j += 1) {
        var same = one[i - 1] === two[j - 1] ? 0 : 1;
        row.push(Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + same));
        if (i > 1 && j > 1 && one[i - 1] === two[j - 2] && one[i - 2] === two[j - 1]) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
      }
      if (Math.min.apply(null, row) > most) return most + 1;
      rows.push(row);
    }
    return Math.min(rows[one.length][two.length], most + 1);
  }

  /* docs: the index's documents (location, title, text, k). lang: "fr" or "en". */
  function Ranking(docs, lang) {
    this.lang = lang;
    this.docs = [];
    this.places = new Map(); /* location -> number */
    this.postings = new Map(); /* word -> Map(number -> weighted occurrences) */
    this.stems = new Map(); /* word -> stem */
    this.headings = new Map(); /* word of headings, with its accents -> occurrences */
    var pages = new Map(docs.map(function (doc) { return [doc.location, doc]; }));
    this.pages = new Map(); /* page's document -> what its sections share */
    var self = this;
    docs.forEach(function (doc) { self.add(doc, pages.get(doc.location.split("#")[0]) || doc); });
    this.average = this.docs.reduce(function (sum, doc) { return sum + doc.length; }, 0) / (this.docs.length || 1);
  }

  Ranking.prototype.add = function (doc, page) {
    var number = this.docs.length;
    var title = words(doc.title);
    var text = words(doc.text);
    var keywords = doc === page ? words(page.k || "") : [];
    if (!this.pages.has(page)) this.pages.set(page, { sections: 0, name: stem(words(page.title)[0] || "", this.lang) });
    var shared = this.pages.get(page);
    shared.sections += 1;
    this.docs.push({
      title: title, text: text, keywords: keywords, length: text.length, boost: page.boost || 1,
      lookup: Boolean(page.lookup), top: doc === page, page: shared
    });
    this.places.set(doc.location, number);
    var headings = this.headings;
    (doc.title.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) || []).forEach(function (word) {
      headings.set(word, (headings.get(word) || 0) + 1);
    });
    this.count(number, title, WEIGHT.title, false);
    this.count(number, text, WEIGHT.text, true);
    if (doc === page) this.count(number, keywords, WEIGHT.keywords, false);
    else {
      this.count(number, words(page.title), WEIGHT.page, false);
      this.count(number, words(page.k || ""), WEIGHT.pageKeywords, false);
    }
  };

  /* Occurrences in texts are divided by the text's length when a question is asked: kept apart as the second number. */
  Ranking.prototype.count = function (number, list, weight, isText) {
    for (var i = 0; i < list.length; i += 1) {
      var posting = this.postings.get(list[i]);
      if (!posting) {
        this.postings.set(list[i], posting = new Map());
        this.stems.set(list[i], stem(list[i], this.lang));
      }
      var entry = posting.get(number);
      if (!entry) posting.set(number, entry = [0, 0]);
      if (isText) entry[1] += weight;
      else entry[0] = Math.max(entry[0], weight);
    }
  };

  /* The word of the site that `word` is a slip of: one sign off, two from eight letters on; "" where none is. The
   * first letter is nearly always right, and of several the one that more documents hold is meant. */
  Ranking.prototype.slip = function (word) {
    var allowed = word.length >= 8 ? 2 : word.length >= 4 ? 1 : 0;
    if (!allowed || !/^[a-z]+$/.test(word)) return "";
    var best = "";
    var least = allowed + 1;
    var self = this;
    this.postings.forEach(function (posting, known) {
      if (known[0] !== word[0] || Math.abs(known.length - word.length) > allowed || !/^[a-z]+$/.test(known)) return;
      var off = distance(word, known, allowed);
      if (off < least || (off === least && best && off <= allowed && posting.size > self.postings.get(best).size)) {
        best = known;
        least = off;
      }
    });
    return least <= allowed ? best : "";
  };

  /* The documents that hold a word, with how much of it: Map(number -> weighted occurrences). */
  Ranking.prototype.holding = function (word, typing) {
    var self = this;
    var longest = identifier(word) ? LONGEST : Infinity;
    var wanted = stem(word, this.lang);
    var sure = new Map();
    var maybe = new Map();
    this.stems.forEach(function (stemmed, known) {
      var sameness = known === word ? 1 : stemmed === wanted ? SAME_STEM : known.startsWith(wanted) ? PREFIX : 0;
      if (!sameness) return;
      var into = sameness === PREFIX ? maybe : sure;
      self.postings.get(known).forEach(function (entry, number) {
        var norm = 1 - LENGTH + LENGTH * Math.min(longest, self.docs[number].length / self.average);
        into.set(number, (into.get(number) || 0) + sameness * (entry[0] + entry[1] / norm));
      });
    });
    if (!sure.size) return maybe;
    if (typing) maybe.forEach(function (much, number) { sure.set(number, (sure.get(number) || 0) + much); });
    return sure;
  };

  /* Answers a question: `scores` (Map: location -> score), its telling `words`, and those a document lacks. */
  Ranking.prototype.ask = function (question) {
    var self = this;
    var all = words(question).filter(function (word, place, list) { return list.indexOf(word) === place; });
    var telling = all.filter(function (word) { return !ASKING.has(word); });
    if (!telling.length) telling = all;
    var mended = []; /* words that nothing holds, as they were meant */
    telling = telling.map(function (word) {
      var meant = self.postings.has(word) || self.holding(word, true).size ? "" : self.slip(word);
      if (meant) mended.push(meant);
      return meant || word;
    });
    var given = question.trim().split(/\s+/);
    var named = given.filter(identifier).length;
    var mostlyNamed = named >= given.length / 2;
    var asked = new Set(telling.map(function (word) { return stem(word, self.lang); }));
    var total = 0;
    var sums = new Map();
    var covered = new Map();
    var held = new Map();
    var worth = new Map();
    telling.forEach(function (word, place) {
      var holding = self.holding(word, place === telling.length - 1);
      var rare = Math.log(1 + (self.docs.length - holding.size + 0.5) / (holding.size + 0.5));
      total += rare;
      worth.set(stem(word, self.lang), rare);
      holding.forEach(function (much, number) {
        sums.set(number, (sums.get(number) || 0) + rare * much / (much + HALF));
        covered.set(number, (covered.get(number) || 0) + rare);
        if (!held.has(number)) held.set(number, new Set());
        held.get(number).add(word);
      });
    });
    sums.forEach(function (sum, number) {
      var part = covered.get(number) / (total || 1);
      var found = sum * (0.4 + 0.6 * part) * self.docs[number].boost;
      var doc = self.docs[number];
      var sought = doc.lookup && (mostlyNamed || (named && asked.has(doc.page.name)));
      sums.set(number, sought ? found * LOOKED_UP : found);
    });
    this.order(sums, telling, worth);
    this.addPages(sums, telling, worth);
    var scores = new Map();
    this.places.forEach(function (number, location) { scores.set(location, sums.get(number) || 0); });
    function missing(location) {
      var has = held.get(self.places.get(location)) || new Set();
      return telling.filter(function (word) {
        return !has.has(word) && !telling.some(function (whole) { return whole !== word && whole.includes(word); });
      });
    }
    return { scores: scores, words: telling, mended: mended, missing: missing };
  };

  /* A question whose words stand in several headings of a page is about that page. Many headings say less each. */
  Ranking.prototype.addPages = function (sums, telling, worth) {
    var self = this;
    var pages = new Map(); /* page -> Map(word -> best heading) */
    telling.forEach(function (word) {
      self.holding(word, false).forEach(function (much, number) {
        var heading = self.headed(word, number);
        if (!heading) return;
        var page = self.docs[number].page;
        if (!pages.has(page)) pages.set(page, new Map());
        pages.get(page).set(word, Math.max(heading, pages.get(page).get(word) || 0));
      });
    });
    var total = telling.reduce(function (sum, word) { return sum + worth.get(stem(word, self.lang)); }, 0) || 1;
    sums.forEach(function (sum, number) {
      var doc = self.docs[number];
      var found = pages.get(doc.page);
      if (!found || sum <= 0) return;
      var dilution = 1 + Math.log(doc.page.sections) / 2;
      var added = 0;
      var part = 0;
      found.forEach(function (heading, word) {
        var rare = worth.get(stem(word, self.lang));
        part += rare;
        added += rare * heading / dilution / (heading / dilution + HALF);
      });
      sums.set(number, sum + WHOLE_PAGE * added * (0.4 + 0.6 * part / total) * doc.boost);
    });
  };

  /* The weight of the heading or keywords of a document that hold a word, in any of its forms; 0 for none. */
  Ranking.prototype.headed = function (word, number) {
    var cut = stem(word, this.lang);
    var doc = this.docs[number];
    var self = this;
    function holds(list) { return list.some(function (known) { return self.stems.get(known) === cut; }); }
    if (holds(doc.title)) return WEIGHT.title;
    return holds(doc.keywords) ? WEIGHT.keywords : 0;
  };

  /* Words that stand side by side as in the question, and headings that say little else, count for more. */
  Ranking.prototype.order = function (sums, telling, worth) {
    var self = this;
    var stems = telling.map(function (word) { return stem(word, self.lang); });
    Array.from(sums.keys())
      .sort(function (one, two) { return sums.get(two) - sums.get(one); })
      .slice(0, PAIRS)
      .forEach(function (number) {
        var doc = self.docs[number];
        var title = doc.title.map(function (word) { return self.stems.get(word); });
        var telltale = title.filter(function (word, place) { return !ASKING.has(doc.title[place]); });
        var fit = telltale.filter(function (word) { return worth.has(word); }).length / (telltale.length || 1);
        var near = self.pairs(stems, title) * 2 + self.pairs(stems, self.stemmed(doc));
        var same = fit === 1 && stems.every(function (word) { return title.indexOf(word) >= 0; });
        sums.set(number, sums.get(number) * (same ? (doc.top ? SAME_PAGE_TITLE : SAME_TITLE) : 1) * (1 + 0.25 * fit + 0.3 * near / Math.max(1, stems.length - 1)));
      });
  };

  Ranking.prototype.stemmed = function (doc) {
    var known = this.stems;
    if (!doc.stems) {
      doc.stems = doc.text.filter(function (word) { return !ASKING.has(word); }).map(function (word) { return known.get(word); });
    }
    return doc.stems;
  };

  /* How many neighbours of the question are neighbours in the text. */
  Ranking.prototype.pairs = function (stems, list) {
    var found = 0;
    for (var i = 0; i + 1 < stems.length; i += 1) {
      for (var at = list.indexOf(stems[i]); at >= 0; at = list.indexOf(stems[i], at + 1)) {
        if (list[at + 1] === stems[i + 1]) { found += 1; break; }
      }
    }
    return found;
  };

  /* Words of headings that begin like the word being typed, the commonest last (the theme takes the last). */
  Ranking.prototype.completions = function (question) {
    var typed = /[\p{L}\p{N}]{3,}$/u.exec(question.toLowerCase());
    if (!typed) return [];
    var counts = this.headings;
    return Array.from(counts.keys())
      .filter(function (word) { return word.startsWith(typed[0]); })
      .sort(function (one, two) { return counts.get(one) - counts.get(two); });
  };

  window.SearchRanking = { Ranking: Ranking, fold: fold, stem: stem, words: words };
})();
