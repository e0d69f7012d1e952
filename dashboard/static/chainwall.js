/* All stores on one wall; the same rows as the managers' chain page. */
(function () {
  "use strict";
  const own = document.currentScript.dataset, language = document.documentElement.lang, DASH = "–";
  const none = (v) => v === null || v === undefined;
  const number = (v, digits) => (none(v) ? DASH : new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(v));
  const money = (minor, currency) => {
    if (none(minor)) return DASH;
    const digits = new Intl.NumberFormat(language, { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
    return new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 }).format(minor / 10 ** digits);
  };
  const cell = (text, cls) => { const made = document.createElement("td"); made.textContent = text; if (cls) made.className = cls; return made; };
  const draw = (state) => {
    document.getElementById("clock").textContent = new Intl.DateTimeFormat(language, { timeZone: state.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(state.now));
    document.getElementById("rows").replaceChildren(...state.rows.map((row) => {
      const line = document.createElement("tr"), tone = row.act ? "act" : row.watch ? "watch" : "ok";
      const stale = row.age === null || row.age >= state.stale_s;
      line.className = tone + (stale ? " stale" : "");
      const chip = cell("", "state"), mark = document.createElement("span");
      mark.className = "chip " + tone; mark.textContent = row.act ? row.act + " " + own.act : row.watch ? row.watch + " " + own.watch : own.ok;
      chip.append(mark);
      line.append(cell(row.name, "name"), chip, cell(number(row.occupancy, 0), "num"), cell(number(row.visitors, 0), "num"),
        cell(none(row.conversion) ? DASH : number(row.conversion * 100, 1) + "%", "num"), cell(money(row.atv, row.currency), "num"), cell(money(row.risk, row.currency), "num"));
      return line;
    }));
    const more = document.getElementById("more");
    more.textContent = state.more ? more.dataset.more.replace("{n}", state.more) : "";
  };
  const down = document.getElementById("down");
  let failed = 0;
  const look = async () => {
    try {
      const answer = await fetch("/wall/_chain/state?lang=" + language.slice(0, 2), { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      draw(await answer.json()); failed = 0; down.textContent = ""; document.body.classList.remove("dead");
    } catch (error) { failed += 1; down.textContent = down.dataset.down; document.body.classList.toggle("dead", failed > 2); }
    setTimeout(look, 2000);
  };
  look();
})();
