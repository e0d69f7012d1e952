/* Words and numbers: catalogue templates filled in with Intl, in the screen's language and the shop's money and clock. */
(function () {
  "use strict";
  const F = (window.floorcast = window.floorcast || {});
  const DASH = "–";

  F.formatter = function (frame, now) {
    const locale = frame.locale;
    const number = (low, high) =>
      new Intl.NumberFormat(locale, { minimumFractionDigits: low, maximumFractionDigits: high });
    const int = number(0, 0), dec = number(1, 1);
    const money = new Intl.NumberFormat(locale, {
      style: "currency", currency: frame.currency, currencyDisplay: "narrowSymbol",
    });
    const digits = money.resolvedOptions().maximumFractionDigits;
    const clock = new Intl.DateTimeFormat(locale, {
      timeZone: frame.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    const symbol = (money.formatToParts(0).find((p) => p.type === "currency") || { value: "" }).value;

    /* From 100 on the minor unit says nothing that can be acted on; below, one decimal does. */
    const amount = (minor) => {
      const major = minor / 10 ** digits;
      return (Math.abs(major) >= 100 || Number.isInteger(major) || digits === 0 ? int : dec).format(major);
    };
    const mmss = (s) => Math.floor(s / 60) + ":" + String(Math.round(s) % 60).padStart(2, "0");
    const formats = {
      int: (v) => int.format(v),
      dec: (v) => dec.format(v),
      pct: (v) => trimmed(v) + "%",
      pct0: (v) => trimmed(v),
      money: (v) => symbol + amount(v),
      text: String,
      money0: (v) => symbol + int.format(v / 10 ** digits),
      bare0: (v) => int.format(v / 10 ** digits),
      mmss: mmss,
      time: (v) => clock.format(new Date(v)),
      ago: (v) => int.format(Math.max(0, Math.floor((now() - v) / 60000))),
      name: (v) => v[frame.language],
      word: (v) => frame.words[v] || frame.words["metric.other"],
    };
    const trimmed = (v) => {
      const share = v * 100;
      return (Math.abs(share - Math.round(share)) < 0.05 ? int : dec).format(share);
    };
    const say = (key, args) =>
      (frame.words[key] || key).replace(/\{(\w+)(?::(\w+))?\}/g, (_, name, format) => {
        const value = (args || {})[name];
        if (value === null || value === undefined) return DASH;
        return format ? formats[format](value) : String(value);
      });
    /* The same sentence as children for F.morph, its arguments standing out. */
    const rich = (key, args) =>
      (frame.words[key] || key).split(/(\{\w+(?::\w+)?\})/).map((piece) => {
        const found = /^\{(\w+)(?::(\w+))?\}$/.exec(piece);
        return found ? window.floorcast.h("b", {}, formats[found[2] || "text"](args[found[1]])) : piece;
      });
    /* From ten on without a decimal: it says nothing there, and a tile has no room for it. */
    const signed = (v, unit) => {
      const far = Math.abs(v);
      return (v < 0 ? "−" : "+") + (far < 9.95 ? dec : int).format(far) + unit;
    };

    /* A tile's value in pieces: what stands small before, large, and small after it. */
    const pieces = (v, form) => {
      if (v === null || v === undefined) return { big: DASH };
      if (form === "pct") return { big: dec.format(v * 100), after: "%" };
      if (form === "money") return { before: symbol, big: amount(v) };
      return { big: int.format(v) };
    };
    const as = (form, v) => formats[form](v);
    return { say, rich, as, signed, pieces, int: formats.int, dec: formats.dec, mmss, time: formats.time, money: formats.money, DASH };
  };
})();
