/* What the theme shows of a found section: its heading and the sentences that answer, the question's words marked. */
(function () {
  "use strict";

  var LONG = 220; /* characters of a shown sentence */
  var SENTENCES = 2;
  var TOKEN = /&[a-z]+;|&#\d+;|[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?/giu;

  /* Sentences of an index text (HTML; stays escaped, without its tags). */
  function sentences(html) {
    return html
      .replace(/<\/(p|li|pre|td|th|div|h\d|dd|dt)>|<br\s*\/?>/g, "\n")
      .replace(/<[^>]+>/g, "")
      .split(/\n+|(?<=[.!?\u2026])\s+(?=[\p{Lu}\u00ab"])/u)
      .map(function (line) { return line.trim(); })
      .filter(Boolean);
  }

  /* Finds and marks the words of a question (folded). Serves all results of one question: it remembers words. */
  function marker(words, lang) {
    var rank = window.SearchRanking;
    var stems = words.map(function (word) { return rank.stem(word, lang); });
    var seen = new Set();
    var asked = new Map(); /* token -> its stem where it is one of the question's words, else "" */
    /* The stem of a word that is one of the question's, or begins like one. */
    function known(token) {
      if (!asked.has(token)) {
        var plain = rank.fold(token);
        var cut = rank.stem(plain, lang);
        var same = stems.some(function (wanted) { return cut === wanted || (wanted.length > 2 && plain.startsWith(wanted)); });
        asked.set(token, same ? cut : "");
      }
      return asked.get(token);
    }
    return {
      seen: seen,
      count: function (text) {
        return new Set((text.match(TOKEN) || []).map(known).filter(Boolean)).size;
      },
      mark: function (text) {
        return text.replace(TOKEN, function (token) {
          if (token[0] === "&" || !known(token)) return token;
          seen.add(token.toLowerCase());
          return "<mark data-md-highlight>" + token + "</mark>";
        });
      }
    };
  }

  /* A long sentence is cut around its first marked word, at blanks. */
  function cut(line, marker) {
    if (line.length <= LONG) return line;
    var parts = line.split(" ");
    var first = Math.max(0, parts.findIndex(function (part) { return marker.count(part) > 0; }));
    var start = first;
    var length = 0;
    while (start > 0 && length < LONG / 3) length += parts[start -= 1].length + 1;
    var end = start;
    for (length = 0; end < parts.length && length < LONG; end += 1) length += parts[end].length + 1;
    return (start ? "\u2026 " : "") + parts.slice(start, end).join(" ") + (end < parts.length ? " \u2026" : "");
  }

  /* The sentences that hold most of the question's words, in their order. */
  function teaser(html, marker) {
    return sentences(html)
      .map(function (line, place) { return { line: line, place: place, count: marker.count(line) }; })
      .filter(function (entry) { return entry.count > 0; })
      .sort(function (one, two) { return two.count - one.count || one.place - two.place; })
      .slice(0, SENTENCES)
      .sort(function (one, two) { return one.place - two.place; })
      .map(function (entry) { return "<p>" + marker.mark(cut(entry.line, marker)) + "</p>"; })
      .join("");
  }

  /* One result as the theme's own worker would send it. `marks`: marker() of the question; `missing`: words not found. */
  function item(doc, marks, missing, score) {
    marks.seen.clear();
    var text = teaser(doc.text, marks);
    var title = marks.mark(doc.title.replace(/<[^>]+>/g, ""));
    var terms = {};
    marks.seen.forEach(function (word) { terms[word] = true; });
    missing.forEach(function (word) { terms[word] = false; });
    return { location: doc.location, title: title, text: text, terms: terms, score: score };
  }

  window.SearchShow = { item: item, marker: marker };
})();
