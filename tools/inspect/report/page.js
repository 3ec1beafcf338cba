"use strict";
(() => {
  const FIRST = 100, MORE = 500;
  const data = JSON.parse(document.getElementById("data").textContent);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const NS = "http://www.w3.org/2000/svg";
  const draw = (tag, attributes, ...children) => {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const short = (text, most) => (text.length > most ? text.slice(0, most - 1) + "\u2026" : text);

  /* ---- one file in full ---- */
  const chain = (file) => {
    const list = [];
    for (let i = file.bundle; i !== undefined; i = data.bundles[i]["rests-on"]) list.unshift(data.bundles[i]);
    return list;
  };
  const CLASS = { verified: "good", "self-asserted": "calm", unverified: "bad" };
  const picture = (bundles) => {
    const width = 196, height = 66, gap = 36;
    const boxes = [];
    const first = bundles[0];
    if (first.signer) {
      const root = data.roots.find((r) => r.id === first.signer);
      const own = first.status === "self-asserted";
      boxes.push({ head: own ? "Machine key" : root ? "Vendor root" : "A key", low: first.signer.slice(0, 16) + "\u2026",
        state: own ? "vouches for itself" : root ? "trusted" : "not trusted", kind: own ? "calm" : root ? "good" : "bad" });
    }
    for (const b of bundles) {
      boxes.push({ head: short((b.kind || "no bundle") + (b.license ? " " + b.license : ""), 26), state: b.status, kind: CLASS[b.status],
        low: short(b.kind === "entitlement" ? "revision " + b.revision + ", " + b.seats + " seats"
          : (b.seat ? "seat " + b.seat + (b.label ? ", " : "") : "") + (b.label || ""), 30) });
    }
    const svg = draw("svg", { class: "chain", role: "img", viewBox: `0 0 ${Math.max(boxes.length * (width + gap) - gap, 900)} ${height + 4}`,
      "aria-label": "Chain of trust: " + boxes.map((b) => `${b.head} ${b.low}, ${b.state}`).join("; then ") });
    boxes.forEach((box, i) => {
      const x = i * (width + gap) + 1;
      if (i > 0) svg.append(draw("path", { class: "arrow", d: `M${x - gap + 2} ${height / 2 + 2}h${gap - 7}` }));
      svg.append(draw("g", { class: box.kind }, draw("rect", { x, y: 2, width: width - 2, height, rx: 8 }),
        draw("text", { x: x + 12, y: 22, class: "head" }, box.head), draw("text", { x: x + 12, y: 39, class: "low" }, box.low),
        draw("text", { x: x + 12, y: 57, class: "low state" }, box.state)));
    });
    return make("div", { className: "scroll" }, svg);
  };
  const WORDS = [["summary", "Says"], ["vendor-name", "Vendor"], ["vendor", "Vendor id"], ["licensee", "Licensee"], ["product", "Product"], ["edition", "Edition"],
    ["license", "License"], ["revision", "Revision"], ["seats", "Seats"], ["seat", "Seat"], ["label", "Machine"], ["key", "Key id"], ["word", "How"], ["note", "Note"],
    ["at", "Dated"], ["until", "Until"], ["fingerprint", "Grant (fingerprint)"], ["epoch", "Ledger epoch"], ["serial", "Serial"], ["sequence", "Number by its key"],
    ["position", "Journal position"], ["journal-digest", "Journal digest"], ["answers", "Answers"], ["id", "Id"], ["signer", "Signed by key"], ["sha256", "SHA-256"]];
  const HEX = /^[0-9a-f]{64}$/;
  const describe = (bundle) => {
    const list = make("dl", {});
    for (const [key, word] of WORDS) {
      if (bundle[key] === undefined) continue;
      const text = String(bundle[key]);
      list.append(make("dt", { textContent: word }), make("dd", {}, HEX.test(text) ? make("code", { textContent: text }) : text));
    }
    return list;
  };
  const full = (row) => {
    const file = data.files[Number(row.dataset.i)];
    const cell = make("td", { colSpan: row.cells.length });
    if (file.message) {
      cell.append(make("p", {}, make("b", { textContent: file.outcome + ": " }), file.message + (file.clause ? ` (${file.clause})` : "")),
        make("p", { textContent: "What to do: " + file.next }));
    }
    const bundles = file.bundle === undefined ? [] : chain(file);
    if (bundles.length > 0) cell.append(make("h4", { textContent: "Chain of trust" }), picture(bundles));
    if (file.sha256) cell.append(make("h4", { textContent: "File" }), make("dl", {}, make("dt", { textContent: "SHA-256" }), make("dd", {}, make("code", { textContent: file.sha256 }))));
    bundles.reverse().forEach((bundle, i) => {
      cell.append(make("h4", { textContent: (i === 0 ? "It is: " : "It rests on: ") + (bundle.kind || "no bundle") + ", " + bundle.status }), describe(bundle));
    });
    return make("tr", { className: "more", id: "more" + row.dataset.i }, cell);
  };
  const toggle = (row, button) => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) row.nextElementSibling.remove();
    else row.after(full(row));
  };
  const prepare = (row) => {
    if (row.dataset.i === undefined || row.dataset.ready) return;
    row.dataset.ready = "1";
    const cell = row.querySelector(".file");
    const button = make("button", { type: "button", className: "open" }, ...cell.childNodes);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => toggle(row, button));
    cell.replaceChildren(button);
  };

  /* ---- tables ---- */
  const tables = [];
  class Table {
    constructor(table) {
      this.table = table;
      this.body = table.tBodies[0];
      this.rows = Array.from(this.body.rows);
      this.limit = this.shortest = this.rows.length > FIRST + MORE / 5 ? FIRST : Infinity;
      this.words = "";
      this.choices = new Map();
      this.heads = Array.from(table.tHead.rows[0].cells);
      this.name = table.caption.textContent;
      if (this.rows.length > 1) this.heads.forEach((head, i) => this.sortable(head, i));
      if (this.rows.length > 4) this.addTools();
      this.addAfter();
      this.show();
    }
    sortable(head, i) {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => this.sort(i));
    }
    addTools() {
      const tools = make("div", { className: "tools", role: "search", ariaLabel: "Filter: " + this.name });
      const input = make("input", { type: "search", placeholder: "any words" });
      let wait;
      input.addEventListener("input", () => {
        clearTimeout(wait);
        wait = setTimeout(() => { this.words = input.value; this.show(); }, 120);
      });
      tools.append(make("label", {}, "Filter", input));
      this.input = input;
      this.selects = [];
      this.heads.forEach((head, i) => {
        if (head.dataset.filter === undefined) return;
        const values = Array.from(new Set(this.rows.map((row) => row.cells[i].textContent))).sort();
        if (values.length < 2 || values.length > 60) return;
        const select = make("select", {}, make("option", { value: "", textContent: "all" }), ...values.map((v) => make("option", { value: v, textContent: short(v, 40) || "(none)" })));
        select.selectedIndex = 0;
        select.addEventListener("change", () => {
          if (select.selectedIndex === 0) this.choices.delete(i); else this.choices.set(i, select.value);
          this.show();
        });
        this.selects.push(select);
        tools.append(make("label", {}, head.textContent, select));
      });
      this.status = make("output", {});
      tools.append(this.status);
      this.table.closest(".scroll").before(tools);
    }
    addAfter() {
      if (this.limit === Infinity) return;
      this.after = make("div", { className: "after" });
      const more = make("button", { type: "button", className: "plain", textContent: `Show ${MORE} more` });
      const all = make("button", { type: "button", className: "plain", textContent: "Show all" });
      more.addEventListener("click", () => { this.limit += MORE; this.show(); });
      all.addEventListener("click", () => { this.limit = Infinity; this.show(); });
      this.after.append(more, all);
      this.table.closest(".scroll").after(this.after);
    }
    key(row, i) {
      const cell = row.cells[i];
      const text = cell.dataset.k ?? cell.textContent;
      return this.heads[i].classList.contains("n") ? Number(text) || 0 : text;
    }
    sort(i) {
      const head = this.heads[i];
      const down = head.getAttribute("aria-sort") === "ascending";
      this.heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const collate = new Intl.Collator("en", { numeric: true }).compare;
      const compare = (a, b) => collate(a, b) || (a > b) - (a < b);
      const keyed = this.rows.map((row, place) => ({ row, place, key: this.key(row, i) }));
      keyed.sort((a, b) => (typeof a.key === "number" ? a.key - b.key : compare(a.key, b.key)) * (down ? -1 : 1) || a.place - b.place);
      this.rows = keyed.map((k) => k.row);
      this.show();
    }
    matching() {
      const words = this.words.toLowerCase().split(/\s+/).filter((w) => w !== "");
      return this.rows.filter((row) => {
        for (const [i, value] of this.choices) if (row.cells[i].textContent !== value) return false;
        if (words.length === 0) return true;
        const text = row.textContent.toLowerCase();
        return words.every((w) => text.includes(w));
      });
    }
    show() {
      const rows = this.matching();
      const shown = rows.length > this.limit ? rows.slice(0, this.limit) : rows;
      shown.forEach(prepare);
      for (const button of this.body.querySelectorAll("button[aria-expanded=true]")) button.setAttribute("aria-expanded", "false");
      this.body.replaceChildren(...shown);
      if (this.status) this.status.textContent = shown.length === this.rows.length ? `${shown.length} rows` : `${shown.length} shown of ${rows.length} that match, ${this.rows.length} in all`;
      if (this.after) this.after.hidden = shown.length === rows.length;
    }
    reveal(row) {
      this.words = "";
      this.choices.clear();
      if (this.input) this.input.value = "";
      for (const select of this.selects || []) select.selectedIndex = 0;
      if (this.limit <= this.rows.indexOf(row)) this.limit = this.rows.indexOf(row) + 1;
      this.show();
    }
  }
  for (const table of document.querySelectorAll("table.data")) tables.push(new Table(table));

  /* A link to a row goes to it, whatever is filtered and shown. */
  const goTo = () => {
    const match = /^#(f[0-9]+)$/.exec(location.hash);
    if (match === null) return;
    for (const table of tables) {
      const row = table.rows.find((r) => r.id === match[1]);
      if (row === undefined) continue;
      table.reveal(row);
      const button = row.querySelector("button.open");
      if (button.getAttribute("aria-expanded") === "false") button.click();
      row.scrollIntoView({ block: "center" });
      button.focus({ preventScroll: true });
    }
  };
  window.addEventListener("hashchange", goTo);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#f"]');
    if (link !== null && link.getAttribute("href") === location.hash) goTo();
  });
  goTo();

  /* Paper has no buttons: what matches is printed whole. */
  window.addEventListener("beforeprint", () => {
    for (const t of tables) { t.before = t.limit; t.limit = Infinity; t.show(); }
  });
  window.addEventListener("afterprint", () => {
    for (const t of tables) { t.limit = t.before; t.show(); }
  });
})();
