// Reads an answer as `commresearch.course.answers` does, and judges it as `commresearch.course.exercises` does; a test holds the two together.
var courseAnswers = (function () {
  var HAN = "零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸";
  var FORMAL = "〇壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸", PLAIN = "零一二三四五六七八九十百千万亿两二三六";
  var DIGITS = { "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9 };
  var SCALES = { "十": 10, "百": 100, "千": 1e3, "万": 1e4, "亿": 1e8, "w": 1e4, "k": 1e3 };
  var MOST_DIGITS = 15, LONGEST = 60;
  var D = "一二两三四五六七八九";
  var NUMBER = "[0-9]{1,3}(?:,[0-9]{3})+(?:\\.[0-9]+)?|[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+";
  var SCALE = "(?:万亿|[十百千]?[万亿]|十|百(?!分)|千(?![米克瓦])|[wWkK](?![A-Za-z]))";
  var TOKEN = new RegExp(
    "^(¥?)\\s*([-+负]?)\\s*(?:(百分之)?(?:((?:(?:" + NUMBER + ")\\s*" + SCALE + ")+[0-9]*)|(" + NUMBER + ")([eE][-+]?[0-9]{1,3})?|([" + HAN + "]{1,20})))" +
    "\\s*(m2|km2|[^0-9\\s][^0-9]{0,15})?$"
  );
  var PART = "(" + NUMBER + ")\\s*(" + SCALE + ")";
  var RANGE = /^(.+?)\s*(?:-{1,2}|~{1,2}|[–—―]{1,2}|至|到)\s*(.+)$/;
  var ABOUT = "大约|大概|大致|差不多|将近|接近|约|近|[~≈]";
  var ABOVE = "不少于|不低于|超过|超|大于|多于|高于|至少|最少|起码|突破|逾|≥|>=|>";
  var BELOW = "不超过|不多于|不高于|不到|不足|少于|小于|低于|至多|最多|≤|<=|<";
  var WORDED = new RegExp("^(" + ABOUT + ")?\\s*(?:(" + ABOVE + ")|(" + BELOW + "))?\\s*(.+?)\\s*(左右|上下)?(?:(及?以上|\\+)|(及?以下|以内|之内))?$");
  var VAGUE = new RegExp("^(?=.*[余多来几数上])[0-9." + HAN + "余多来几数上好]+[^0-9]{0,4}?[余多]?$");
  var DATE_LIKE = /^(?:[12][0-9]{3}[-\/.年][0-9]{1,2}(?:[-\/.月].*)?|[0-9]{1,2}月[0-9]{1,2}[日号]?|[0-9]{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-[0-9]{1,2})$/i;
  var DIRECTION = /下降|上升|减少|增加|降低|提高|提升|增长|回落|少了|多了|降了|涨了|升了/;
  var BARE = new RegExp("(?:^|[^至最不0-9" + HAN + "])[降升减增少多涨跌]\\s*约?\\s*[-+]?[.0-9" + HAN + "]");
  var MINUS = new RegExp("^[-‐‑‒–—―]{1,2}\\s*(?=[.0-9" + HAN + "])");
  var EACH = "每\\s*(?:10+|10?,000|[一1]?[十百千万])\\s*(?:[户人名位](?:居民|人口)?|个?居民|个?家庭|常住人口)";
  var PER = new RegExp("/[^0-9]+$|^" + EACH + "\\s*,?\\s*[有是]?\\s*(?=[-+约.0-9" + HAN + "])|\\s*,?\\s*" + EACH + "$", "g");
  var POINT = new RegExp("[0-9" + HAN + "]\\s*个点$");
  var NO_THING = "[次每比率点倍半多余几不未以至到少减增升降时天日月周" + HAN + "]";
  var COUNTED = new RegExp("^(.*[0-9" + HAN + "])\\s*(?:个?(室时|人次)|(人次|[名位个户件起宗单条份场次项张间处例人])(?:(?!" + NO_THING + ")[\\u4e00-\\u9fff]){0,8})$");
  var DECIMAL = new RegExp("^(-|负)?((?:百分之)?[" + HAN + "]+点[" + HAN + "]+?)(个?百分点|[^0-9" + HAN + "点][^0-9]*)?$");
  var NUMERAL = /^(百分之)?([〇零一二两三四五六七八九十百千万亿]+)点([〇零一二三四五六七八九]+)([万亿]*)$/;
  var LOOSE = /[一二两三四五六七八九]{2}|[百千万][一二三四五六七八九]$/;

  function halfWidth(text) {
    return text.replace(/[\u200b\u200c\u200d\u2060\ufeff]/g, "").replace(/[\uff01-\uff5e]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); })
      .replace(/[\u3000\u00a0]/g, " ").replace(/\u2212/g, "-").replace(/\u301c/g, "~").replace(/\uffe5/g, "¥");
  }
  function plainHan(text) {
    return text.replace(/[\s\S]/g, function (c) { var at = FORMAL.indexOf(c); return at < 0 ? c : PLAIN[at]; });
  }

  // Numerals in 汉字, strictly: null where they can be read in two ways.
  function section(text) {
    var marks = "亿万", i, at, left, right;
    for (i = 0; i < 2; i += 1) {
      at = text.indexOf(marks[i]);
      if (at >= 0) {
        left = section(text.slice(0, at));
        right = at + 1 < text.length ? section(text.slice(at + 1)) : 0;
        return left === null || right === null || right >= SCALES[marks[i]] ? null : left * SCALES[marks[i]] + right;
      }
    }
    var found = text && new RegExp("^(?:零?([" + D + "])千)?(?:零?([" + D + "])百)?(?:零?([" + D + "]?)(十))?(?:零?([" + D + "]))?$").exec(text);
    if (!found) { return null; }
    function digit(c, none) { return c ? DIGITS[c] : none; }
    return 1000 * digit(found[1], 0) + 100 * digit(found[2], 0) + 10 * digit(found[3], found[4] ? 1 : 0) + digit(found[5], 0);
  }
  function inPlaces(text) {
    return parseInt(text.replace(/[\s\S]/g, function (c) { return DIGITS[c]; }), 10);
  }
  function hanNumber(text) {
    var plain = plainHan(text);
    if (/^[十百千万亿]$/.test(plain)) { return SCALES[plain]; }
    if (plain === "零") { return 0; }
    if (new RegExp("^[" + D + "][零" + D + "]*零[零" + D + "]*$").test(plain)) { return inPlaces(plain); }
    if (plain[0] === "零" || new RegExp("[百千万亿][" + D + "]$").test(plain)) { return null; }
    return section(plain);
  }
  function hanSpan(text) {
    var found = new RegExp("^((?:[" + D + "]?十)?)([" + D + "])([" + D + "])([十百千万亿]*)$").exec(plainHan(text));
    if (!found || DIGITS[found[3]] !== DIGITS[found[2]] + 1) { return null; }
    var low = hanNumber(found[1] + found[2] + found[4]), high = hanNumber(found[1] + found[3] + found[4]);
    return low === null || high === null ? null : [low, high];
  }

  function scaleOf(word) {
    var scale = 1, i;
    for (i = 0; i < word.length; i += 1) { scale *= SCALES[word[i].toLowerCase()]; }
    return scale;
  }
  function scaled(text) {
    var parts = [], each = new RegExp(PART, "g"), found, i, sum = 0;
    while ((found = each.exec(text)) !== null) { parts.push([parseFloat(found[1].replace(/,/g, "")), scaleOf(found[2])]); }
    var rest = text.replace(new RegExp(PART, "g"), "");
    if (rest) {
      if (rest.length !== Math.round(Math.log(parts[parts.length - 1][1]) / Math.LN10)) { return null; }
      parts.push([parseFloat(rest), 1]);
    }
    for (i = 0; i + 1 < parts.length; i += 1) {
      if (parts[i + 1][0] * parts[i + 1][1] >= parts[i][1] || parts[i][0] % 1 !== 0) { return null; }
    }
    parts.forEach(function (part) { sum += part[0] * part[1]; });
    return { value: sum, scale: parts.length === 1 ? parts[0][1] : 1 };
  }
  function spelled(han) {
    var value = hanNumber(han), last = han[han.length - 1];
    return value === null ? null : { value: value, scale: han.length > 1 && "百千万亿".indexOf(last) >= 0 ? SCALES[last] : 1 };
  }
  function isLong(text) { return new RegExp("(^|[^.0-9])[0-9]{" + (MOST_DIGITS + 1) + ",}").test(text); }
  function amount(text) {
    var found = TOKEN.exec(text);
    if (!found || (found[3] && found[8])) { return null; }
    var unit = found[3] ? "%" : found[8] || (found[1] ? "元" : ""), read, many = isLong(text.replace(/,/g, ""));
    if (found[4]) { read = scaled(found[4]); } else if (found[7]) { read = spelled(found[7]); } else {
      read = { value: parseFloat(found[5].replace(/,/g, "") + (found[6] || "")), scale: 1 };
      many = many || (found[6] && Math.abs(read.value) >= 1e15);
    }
    if (!read) { return null; }
    return { value: found[2] === "-" || found[2] === "负" ? -read.value : read.value, scale: read.scale, unit: unit, many: many };
  }
  function quantityOf(read, units) {
    if (read.many) { return { refused: "unreadable" }; }
    var written = halfWidth(read.unit).trim().toLowerCase(), name = units[written] || "";
    if (written && !name) { return { refused: units[written.split("/")[0]] ? "unreadable" : "text" }; }
    return { value: name === "%" && read.unit === "成" ? read.value * 10 : read.value, unit: name };
  }
  function ends(text) {
    var found = new RegExp("^([" + HAN + "]{2,10})([^0-9]{0,15})$").exec(text), span = found && hanSpan(found[1]);
    if (span) { return span.map(function (value) { return { value: value, scale: 1, unit: found[2], many: false }; }); }
    found = RANGE.exec(text);
    var low = found && amount(found[1]), high = found && amount(found[2]);
    return low && high ? [low, high] : null;
  }
  function range(text, units) {
    var both = ends(text);
    if (!both) { return null; }
    var low = both[0], high = both[1];
    if (!low.unit && high.unit) { low.unit = high.unit; }
    if (low.scale === 1 && high.scale !== 1 && low.value < high.value / high.scale) { low.value *= high.scale; }
    var first = quantityOf(low, units), last = quantityOf(high, units);
    if (first.refused || last.refused) { return first.refused === "text" || last.refused === "text" ? null : { refused: "unreadable" }; }
    return first.value > last.value ? null : { refused: "range" };
  }
  function exact(text, units) {
    var read = amount(text), quantity = read && quantityOf(read, units);
    return !quantity || quantity.refused === "text" ? range(text, units) : quantity;
  }
  function worded(text, units) {
    var found = WORDED.exec(text);
    if (!found || found[4] === text) { return null; }
    var quantity = exact(found[4], units);
    if (!quantity || quantity.refused) { return quantity; }
    var above = found[2] || found[6], below = found[3] || found[7];
    if (above && below) { return null; }
    return above || below ? { refused: "bound" } : quantity;
  }
  function reason(text) {
    if (new RegExp("^[0-9]{" + (MOST_DIGITS + 1) + ",}$").test(text) || DATE_LIKE.test(text)) { return "unreadable"; }
    return text.length <= LONGEST && VAGUE.test(text) ? "bound" : "unreadable";
  }
  function looseHan(text) {
    if (LOOSE.test(text)) { return null; }
    var total = 0, part = 0, digit = 0;
    text.split("").forEach(function (c) {
      if (c in DIGITS) { digit = DIGITS[c]; } else if (c === "亿") { total = (total + part + digit || 1) * 1e8; part = digit = 0; } else if (c === "万") {
        total += (part + digit || 1) * 1e4; part = digit = 0;
      } else { part += (digit || 1) * SCALES[c]; digit = 0; }
    });
    return total + part + digit;
  }
  function decimal(sign, numeral, unit, units) {
    var found = NUMERAL.exec(numeral), name = units[halfWidth(unit).trim().toLowerCase()] || "";
    var whole = found && looseHan(found[2]);
    if (!found || whole === null || (unit && (!name || found[1]))) { return { refused: "unreadable" }; }
    var value = (whole + parseFloat("0." + found[3].split("").map(function (c) { return DIGITS[c]; }).join(""))) * scaleOf(found[4]);
    return { value: sign ? -value : value, unit: found[1] ? "%" : name };
  }

  // What stands in an answer: { value, unit }, or { refused: blank, unreadable, range, bound, direction or point }.
  function read(text, units) {
    var plain = halfWidth(text).trim().replace(/。$/, "").trim();
    if (!plain) { return { refused: "blank" }; }
    if (DIRECTION.test(plain) || BARE.test(plain)) { return { refused: "direction" }; }
    plain = plain.replace(MINUS, "-");
    plain = plain.replace(PER, "") || plain;
    if (POINT.test(plain)) { return { refused: "point" }; }
    var answer = readAmount(plain, units);
    return answer.refused === "unreadable" ? counted(plain, units) : answer;
  }
  function counted(plain, units) {
    var parts = COUNTED.exec(plain), answer = parts ? readAmount(parts[1], units) : { refused: "unreadable" };
    if (answer.refused) { return answer; }
    var unit = parts[2] || parts[3];
    return answer.unit ? { refused: "unreadable" } : { value: answer.value, unit: units[unit] || unit };
  }
  function readAmount(plain, units) {
    var found = DECIMAL.exec(plain);
    if (found) { return decimal(found[1], found[2], found[3] || "", units); }
    plain = plain.replace(/([0-9%人元岁次])[。.]$/, "$1").replace(/([0-9])。(?=[0-9])/g, "$1.");
    if (plain.length > LONGEST) { return { refused: reason(plain) }; }
    var quantity = exact(plain, units) || worded(plain, units) || { refused: reason(plain) };
    return quantity.refused === "text" ? { refused: "unreadable" } : quantity;
  }

  function near(value, wanted, tolerance) {
    return Math.abs(value - wanted) <= tolerance + 1e-9 * Math.max(1, Math.abs(wanted));
  }
  function fits(unit, wanted, course) {
    return !unit || unit === wanted || (course.alike[wanted] || []).indexOf(unit) >= 0 || (wanted === course.count && course.measures.indexOf(unit) < 0);
  }
  // What a number times a scale comes near, the answer (null) first: { wrong, distance }, or null.
  function meaning(task, value, scale) {
    var targets = [{ wrong: null, value: task.answer }].concat(task.wrong.map(function (wrong) { return { wrong: wrong, value: wrong.value }; })), i;
    for (i = 0; i < targets.length; i += 1) {
      if (near(value * scale, targets[i].value, task.tolerance)) { return { wrong: targets[i].wrong, distance: Math.abs(value - targets[i].value / scale) }; }
    }
    return null;
  }
  // The verdict on an answer to a number exercise: { outcome, why }.
  function judge(task, given, course) {
    var answer = read(given, course.units);
    if (answer.refused) { return { outcome: answer.refused, why: "" }; }
    if (!fits(answer.unit, task.wanted, course)) {
      return { outcome: course.mixed_up[task.wanted + "," + answer.unit] || "other_unit", why: "" };
    }
    var meant = meaning(task, answer.value, 1), share = task.wanted === "%" && !answer.unit ? meaning(task, answer.value, 100) : null;
    if (share && (!meant || (share.wrong !== meant.wrong && share.distance < meant.distance))) {
      return share.wrong ? { outcome: "named", why: share.wrong.why } : { outcome: "share", why: "" };
    }
    if (meant) { return meant.wrong ? { outcome: "named", why: meant.wrong.why } : { outcome: "right", why: task.why }; }
    if (answer.value !== 0 && near(-answer.value, task.answer, task.tolerance)) { return { outcome: "opposite", why: "" }; }
    return { outcome: "wrong", why: "" };
  }
  return { read: read, judge: judge };
})();
