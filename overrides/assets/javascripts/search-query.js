/* What a person types, turned into what the search index holds. Loaded after iframe-worker.js, before the theme.
 *
 * Material hands the query to a worker and shows what comes back. This file wraps the worker: it takes quotes,
 * Windows paths, -Parameter names and hex codes apart (lunr would read - as "exclude" and \ as an escape), cuts the
 * plural (Material searches by prefix), and asks up to four times, the strictest question first: all words, all
 * words without accents, any word, any word without accents, until enough pages are found. Works with the real Worker and with iframe-worker. */
(function () {
  "use strict";

  var QUERY = 2; /* message types of Material 9.8.1's search worker */
  var RESULT = 3;
  var ENOUGH = 4; /* pages; with fewer, the next question is asked too */
  var RealWorker = window.Worker;
  if (!RealWorker) return;

  /* Stop words of lunr's English and French filters: not in the index, so never required. */
  var STOP = new Set((
    "a able about across after ai aie aient aies ait all almost also am among an and any are as at au " +
    "aura aurai auraient aurais aurait auras aurez auriez aurions aurons auront aux avaient avais avait " +
    "avec avez aviez avions avons ayant ayez ayons be because been but by c can cannot ce ceci celà ces " +
    "cet cette could d dans de dear des did do does du either elle else en es est et eu eue eues eurent " +
    "eus eusse eussent eusses eussiez eussions eut eux ever every eûmes eût eûtes for from furent fus " +
    "fusse fussent fusses fussiez fussions fut fûmes fût fûtes get got had has have he her hers him his " +
    "how however i ici if il ils in into is it its j je just l la le least les let leur leurs like likely " +
    "lui m ma mais may me mes might moi mon most must my même n ne neither no nor nos not notre nous of " +
    "off often on only ont or other ou our own par pas pour qu que quel quelle quelles quels qui rather s " +
    "sa said sans say says se sera serai seraient serais serait seras serez seriez serions serons seront " +
    "ses she should since so soi soient sois soit some sommes son sont soyez soyons suis sur t ta te tes " +
    "than that the their them then there these they this tis to toi ton too tu twas un une us vos votre " +
    "vous wants was we were what when where which while who whom why will with would y yet you your à " +
    "étaient étais était étant étiez étions été étée étées étés êtes"
  ).split(" "));
  var SEPARATOR = /[\s,;:!?=\[\]()"'`\u2018\u2019\u201c\u201d\u00ab\u00bb\\\/@{}|<>#*$^~+\u2026]+/;

  function fold(text) {
    return text.replace(/\u0153/g, "oe").replace(/\u00e6/g, "ae").normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  }

  /* The part of a word that singular and plural share; a hex code without 0x and leading zeros. */
  function shorten(word) {
    var code = /^0x0*([0-9a-f]+)$/i.exec(word);
    if (code) return code[1];
    if (!/^[a-z\u00c0-\u024f]{4,}$/i.test(word)) return word;
    if (/aux$/i.test(word)) return word.slice(0, -2);
    if (/[^s]s$/i.test(word)) return word.slice(0, -1);
    return word;
  }

  function wordsOf(query) {
    var parts = query.split(SEPARATOR).join("-").split("-");
    return parts
      .map(function (part) { return part.replace(/^\.+|\.+$/g, ""); })
      .filter(Boolean)
      .map(function (part) { return { text: shorten(part), required: !STOP.has(part.toLowerCase()) }; });
  }

  function allOf(words) {
    var required = words.filter(function (word) { return word.required; });
    return (required.length ? required : words).map(function (word) { return "+" + word.text + "*"; }).join(" ");
  }

  function anyOf(words) {
    return words.map(function (word) { return word.text; }).join(" ");
  }

  /* The questions to ask for one query, in order, without repeats. */
  function questions(query) {
    var words = wordsOf(query);
    if (!words.length) return [query];
    var plain = words.map(function (word) { return { text: fold(word.text), required: word.required }; });
    var all = [allOf(words), allOf(plain), anyOf(words), anyOf(plain)];
    return all.filter(function (question, place) { return all.indexOf(question) === place; });
  }

  /* The page that a group of results belongs to. */
  function pageOf(group) {
    return group[0].location.split("#")[0];
  }

  /* How many of the words a result's headings hold: its own, its page's, and their other forms (fields xt and p). */
  function covered(item, words) {
    var text = [item.title, item.xt, item.p].join(" ").replace(/<[^>]+>/g, "");
    var held = fold(text.toLowerCase()).split(SEPARATOR);
    return words.filter(function (word) {
      return held.some(function (token) { return token.startsWith(word); });
    }).length;
  }

  /* Pages in whose headings most of the words stand come first; the index's own order decides among equals. */
  function ranked(groups, words) {
    return groups
      .map(function (group, place) {
        var best = Math.max.apply(null, group.map(function (item) { return covered(item, words); }));
        if (group[0].boost < 1) best -= 1.5; /* pages that mention everything */
        return { group: group, best: best, place: place };
      })
      .sort(function (one, two) { return two.best - one.best || one.place - two.place; })
      .map(function (entry) { return entry.group; });
  }

  function SearchWorker(url, options) {
    var worker = new RealWorker(url, options);
    var post = worker.postMessage.bind(worker);
    var listen = worker.addEventListener.bind(worker);
    var left = [];
    var found = [];
    var wanted = [];

    worker.postMessage = function (message) {
      var asked = message && message.type === QUERY && typeof message.data === "string" && message.data.trim();
      if (!asked) { post(message); return; }
      left = questions(message.data);
      wanted = wordsOf(message.data)
        .filter(function (word) { return word.required; })
        .map(function (word) { return fold(word.text.toLowerCase()); });
      found = [];
      post({ type: QUERY, data: left.shift() });
    };

    /* Pages that an earlier, stricter question found come first; a page stands once. */
    function gather(groups) {
      var seen = new Set(found.map(pageOf));
      var fresh = groups.filter(function (group) { return !seen.has(pageOf(group)); });
      found = found.concat(ranked(fresh, wanted));
    }

    worker.addEventListener = function (type, handler, options_) {
      if (type !== "message") { listen(type, handler, options_); return; }
      listen(type, function (event) {
        var message = event.data;
        var result = message && message.type === RESULT && message.data;
        if (!result) { (handler.handleEvent || handler).call(handler, event); return; }
        gather(result.items);
        if (found.length < ENOUGH && left.length) { post({ type: QUERY, data: left.shift() }); return; }
        result.items = found;
        (handler.handleEvent || handler).call(handler, event);
      }, options_);
    };
    return worker;
  }

  window.Worker = SearchWorker;
})();
