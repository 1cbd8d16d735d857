"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const data = JSON.parse($("#data").textContent);
  const { entries, cookies, reasons } = data;
  const SVG = "http://www.w3.org/2000/svg";
  const KINDS = ["sent", "set", "replaced", "expired", "refused", "withheld", "scope", "script", "vanished", "deviation", "none"];
  const WORDS = { sent: "sent", set: "set", replaced: "replaced", expired: "expired", refused: "refused", withheld: "withheld", scope: "out of scope", script: "by a script", vanished: "vanished", deviation: "browser differs", none: "no effect" };
  const WORST = ["refused", "deviation", "withheld", "script", "vanished", "expired", "set", "replaced", "sent", "scope", "none"];

  // Every text goes in as text: nothing of the recording is ever taken for HTML.
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }
  function mark(kind) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "mk " + kind);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", "#" + kind);
    svg.append(use);
    return svg;
  }

  // What happened to each cookie at each request: the request's half, and the answer's.
  const cells = cookies.map(() => new Map());
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  const never = new Map();
  const hosts = new Set();
  function put(id, at, half, kind, text, reason) {
    let cell = cells[id].get(at);
    if (!cell) cells[id].set(at, (cell = { left: [], right: [] }));
    cell[half].push({ kind, text, reason });
    counts[kind]++;
  }
  entries.forEach((entry, at) => {
    for (const id of entry.sent) {
      const name = cookies[id].n;
      const diff = entry.diff.find((it) => it.n === name && it.r);
      const isScript = diff && (diff.p || hosts.has(entry.host));
      if (isScript && diff.x) put(id, at, "left", "script", "sent, " + diff.t);
      else put(id, at, "left", "sent", "sent " + (diff ? "(" + diff.t + ")" : ""));
      if (diff && !diff.p && !isScript) cells[id].get(at).before = true;
    }
    if (entry.sent.length) hosts.add(entry.host);
    for (const [id, text] of entry.gone) put(id, at, "left", "vanished", text);
    for (const [id, reason] of entry.missed) put(id, at, "left", "withheld", reasons[reason].t, reason);
    for (const [id, reason] of entry.wh) {
      const expected = reason === "secure-only" || reason.startsWith("same-site");
      put(id, at, "left", expected ? "withheld" : "scope", reasons[reason].t, reason);
    }
    for (const id of entry.oos) put(id, at, "left", "scope", "another host or path");
    entry.lines.forEach((line) => {
      const kind = line.d ? "deviation" : { stored: "set", replaced: "replaced", expired: "expired", rejected: "refused", ignored: "none" }[line.r];
      if (line.c === null) {
        counts[kind]++;
        let row = never.get(entry.site);
        if (!row) never.set(entry.site, (row = { count: 0, at: new Map() }));
        row.count++;
        row.at.set(at, (row.at.get(at) || []).concat(kind));
      } else put(line.c, at, "right", kind, line.r + (line.d ? ", but the browser differs: " + line.d : "") + (line.t ? ": " + line.t : ""), line.q);
    });
  });
  const spans = cookies.map((cookie, id) => {
    const at = [...cells[id].keys()].sort((a, b) => a - b);
    let from = at.length ? at[0] : 0, to = entries.length, end = cookie.life;
    for (const place of at) {
      const cell = cells[id].get(place);
      if (cell.before) from = -1;
      const gone = cell.left.some((it) => it.kind === "vanished") || cell.right.some((it) => it.kind === "expired");
      const lives = cell.right.some((it) => it.kind === "set" || it.kind === "replaced") || cell.left.some((it) => it.kind === "sent" || it.kind === "script");
      if (gone) { to = place; end = cell.left.some((it) => it.kind === "vanished") ? "vanished" : "deleted"; }
      else if (lives && to < entries.length && place > to) { to = entries.length; end = cookie.life; }
    }
    if (at.length && !at.some((place) => cells[id].get(place).left.some((it) => it.kind === "sent" || it.kind === "script") || cells[id].get(place).right.some((it) => it.kind === "set" || it.kind === "replaced"))) { to = -2; end = at.some((place) => cells[id].get(place).right.some((it) => it.kind === "deviation")) ? "ignored" : "—"; }
    return { at, from, to, end };
  });

  // Rows: by site, first party first, then in the order of first sight.
  const sites = [];
  cookies.forEach((cookie, id) => {
    let site = sites.find((it) => it.name === cookie.site);
    if (!site) sites.push((site = { name: cookie.site, first: false, ids: [], open: true }));
    site.first = site.first || cookie.first;
    site.ids.push(id);
  });
  for (const name of never.keys()) if (!sites.some((it) => it.name === name)) sites.push({ name, first: entries.some((it) => it.site === name && it.top), ids: [], open: true });
  sites.sort((a, b) => b.first - a.first);
  const start = (id) => (spans[id].from < 0 ? -1 : spans[id].from);
  for (const site of sites) site.ids.sort((a, b) => start(a) - start(b) || a - b);
  if (cookies.length > 60) for (const site of sites) site.open = site.first;

  // Filters, search, zoom, and what is chosen; all of it is in the fragment.
  const state = { filter: null, hide: false, query: "", width: 36, pane: "" };
  const view = $("#view"), pane = $("#pane"), tip = $("#tip");
  const findings = $("#findings");
  const FIT = 0;
  const widths = [FIT, 4, 8, 14, 24, 36, 48];
  const START = 222, END = 78;
  const fit = () => Math.max(0.05, (view.clientWidth - START - END - 2) / Math.max(1, entries.length));
  const columnWidth = () => (state.width === FIT ? Math.min(36, fit()) : state.width);
  const matches = (cookie) => !state.query || (cookie.n + " " + cookie.scope + cookie.path).toLowerCase().includes(state.query);
  function rows() {
    const list = [];
    for (const site of sites) {
      const ids = site.ids.filter((id) => matches(cookies[id]));
      if (!ids.length && state.query) continue;
      list.push({ site });
      if (site.open) for (const id of ids) list.push({ id });
      if (site.open && never.has(site.name) && !state.query) list.push({ never: site.name });
    }
    return list;
  }

  let list = [], focus = { row: 0, at: 0 }, drawn = null;
  const shownKinds = (cell) => [...cell.left, ...cell.right];
  const lit = new Set();

  function build() {
    list = rows();
    drawn = null;
    const width = columnWidth();
    view.classList.toggle("narrow", width < 12);
    draw(true);
    overview();
  }
  function windowOf(width) {
    const room = view.clientWidth - START - END;
    const count = Math.min(entries.length, Math.ceil(room / width) + 9);
    const from = Math.max(0, Math.min(entries.length - count, Math.floor(view.scrollLeft / width) - 4));
    return [from, from + count];
  }
  function draw(force) {
    if (!entries.length) return;
    const width = columnWidth();
    if (width < 12) return drawNarrow(width, force);
    const [from, to] = windowOf(width);
    if (!force && drawn && drawn[0] === from && drawn[1] === to) return;
    if (!force && drawn && Math.abs(drawn[0] - from) < to - from) return shift(from, to, width);
    drawn = [from, to];
    const had = document.activeElement && view.contains(document.activeElement) && document.activeElement.dataset.at !== undefined;
    const before = from * width, after = (entries.length - to) * width;
    const pad = (size, tag) => el(tag, { class: "pad", "aria-hidden": "true", role: "presentation" });
    const head = el("tr", { role: "row" }, el("th", { class: "corner", role: "columnheader" }, el("div", {}, "A column is a request: ", el("b", {}, "left"), ", what it sent; ", el("b", {}, "right"), ", what its answer set."), el("b", {}, "Cookie")));
    head.append(pad(before, "td"));
    for (let at = from; at < to; at++) head.append(headCell(at, width));
    head.append(pad(after, "td"), el("th", { class: "end", role: "columnheader" }, "at the end"));
    const body = el("tbody", { role: "rowgroup" });
    list.forEach((row, index) => body.append(rowOf(row, index, from, to, pad)));
    const columns = el("colgroup", {}, el("col"), el("col"), ...Array.from({ length: to - from }, () => el("col")), el("col"), el("col"));
    const sizes = [START, before, ...Array(to - from).fill(width), after, END];
    [...columns.children].forEach((column, index) => { column.style.width = sizes[index] + "px"; });
    const table = el("table", { role: "grid", "aria-label": "Cookies by requests", "aria-rowcount": list.length + 1, "aria-colcount": entries.length + 1 }, columns, el("thead", { role: "rowgroup" }, head), body);
    table.style.width = sizes.reduce((sum, size) => sum + size, 0) + "px";
    view.replaceChildren(table);
    dim();
    if (had) focusCell(false);
    else {
      const first = $('td[data-row="' + focus.row + '"][data-at="' + focus.at + '"]', view) || $("td.c", view);
      if (first) { first.tabIndex = 0; if (!$('td[data-row="' + focus.row + '"][data-at="' + focus.at + '"]', view)) focus = { row: +first.dataset.row, at: +first.dataset.at }; }
    }
  }
  // Takes away the columns that are out of view, and adds those that came into it.
  function shift(from, to, width) {
    const [was] = drawn;
    const by = from - was;
    drawn = [from, to];
    const columns = view.querySelectorAll("col");
    columns[1].style.width = from * width + "px";
    columns[columns.length - 2].style.width = (entries.length - to) * width + "px";
    const table = $("table", view);
    const move = (tr, make) => {
      for (let count = Math.abs(by); count > 0; count--) {
        if (by > 0) { tr.children[2].remove(); tr.children[tr.children.length - 2].before(make(to - count)); }
        else { tr.children[tr.children.length - 3].remove(); tr.children[1].after(make(from + count - 1)); }
      }
    };
    move(table.tHead.rows[0], (at) => headCell(at, width));
    list.forEach((row, index) => {
      const tr = table.tBodies[0].rows[index];
      if (row.id !== undefined) move(tr, (at) => cellOf(row.id, index, at, spans[row.id]));
      else if (row.never) move(tr, (at) => neverCell(row.never, index, at));
    });
    if (state.filter || lit.size) dim();
    if (!$('td[tabindex="0"]', view)) { const first = $("td.c", view); if (first) first.tabIndex = 0; }
  }
  function neverCell(site, index, at) {
    const kinds = never.get(site).at.get(at) || [];
    const td = el("td", { class: "c" + (entries[at].nav ? " nav" : ""), role: "gridcell", tabindex: "-1", "data-row": index, "data-at": at, "aria-label": kinds.length ? "#" + entries[at].i + ": " + kinds.length + " lines never stored" : null });
    if (kinds.length) td.append(mark(WORST.find((kind) => kinds.includes(kind))));
    return td;
  }
  function headCell(at, width) {
    const entry = entries[at];
    const label = el("div", { class: "lab" }, entry.http && el("em", {}, "http "), (entry.m === "GET" ? "" : entry.m + " ") + entry.path, entry.host !== entries[0].host && el("small", {}, (entry.frame ? "▣ " : "") + entry.host));
    return el("th", { role: "columnheader", scope: "col", "data-head": at, class: (entry.nav ? "nav " : "") + (state.pane === "r" + at ? "on" : ""), "aria-label": "#" + entry.i + " " + entry.m + " " + entry.u, title: entry.m + " " + entry.u },
      el("span", { class: "navn" }, entry.nav ? String(entry.nav) : ""), width >= 20 ? label : null, el("span", { class: "num" + (entry.rf !== null ? " hop" : "") }, width >= 20 ? String(entry.i) : ""));
  }
  function rowOf(row, index, from, to, pad) {
    if (row.site) {
      const { site } = row;
      const kept = site.ids.filter((id) => spans[id].to === entries.length).length;
      return el("tr", { class: "site", role: "row", "aria-rowindex": index + 2 }, el("th", { role: "rowheader", scope: "row", "data-site": site.name, "aria-expanded": String(site.open) }, site.open ? "▾ " : "▸ ", site.name + " ", el("small", {}, site.first ? "first party" : "third party")),
        el("td", { role: "gridcell", colspan: to - from + 2 }), el("td", { class: "end", role: "gridcell" }, kept + " kept"));
    }
    if (row.never) {
      const of = never.get(row.never);
      const tr = el("tr", { class: "nv", role: "row", "aria-rowindex": index + 2 }, el("th", { role: "rowheader", scope: "row" }, of.count + " never stored"), pad(0, "td"));
      for (let at = from; at < to; at++) tr.append(neverCell(row.never, index, at));
      tr.append(pad(0, "td"), el("td", { class: "end", role: "gridcell" }));
      return tr;
    }
    const cookie = cookies[row.id], span = spans[row.id];
    const tr = el("tr", { role: "row", "aria-rowindex": index + 2, "data-id": row.id, class: state.pane === "c" + row.id ? "on" : null },
      el("th", { role: "rowheader", scope: "row", "data-cookie": row.id, title: cookie.n + " " + cookie.scope + cookie.path }, el("span", { class: "fl", "aria-hidden": "true" }, (cookie.sec ? "▪" : "·") + (cookie.http ? "▪" : "·") + { default: "·", lax: "L", strict: "S", none: "N" }[cookie.ss] + (cookie.part ? "▪" : "·")), cookie.n || "(no name)", " ", el("small", {}, (cookie.ho ? "" : "+subs ") + (cookie.path === "/" ? "" : cookie.path))),
      pad(0, "td"));
    for (let at = from; at < to; at++) tr.append(cellOf(row.id, index, at, span));
    tr.append(pad(0, "td"), el("td", { class: "end", role: "gridcell" }, span.end));
    return tr;
  }
  function cellOf(id, index, at, span) {
    const cell = cells[id].get(at);
    const isIn = at > span.from && at < span.to;
    const side = span.to === -2 ? "" : at === span.from && at !== span.to ? " r" : at === span.to ? " l" : isIn ? " lr" : "";
    const td = el("td", { class: "c" + side + (entries[at].nav ? " nav" : "") + (state.pane === "r" + at ? " on" : ""), role: "gridcell", tabindex: "-1", "data-row": index, "data-at": at, "aria-colindex": at + 2 });
    if (cell) {
      const all = shownKinds(cell);
      td.setAttribute("aria-label", (cookies[id].n || "(no name)") + " at #" + entries[at].i + ": " + all.map((it) => WORDS[it.kind]).join(", "));
      for (const half of [cell.left, cell.right]) if (half.length) td.append(mark(WORST.find((kind) => half.some((it) => it.kind === kind))));
    }
    return td;
  }

  // Under twelve pixels a request: marks by their place.
  function drawNarrow(width, force) {
    const height = 21, headHeight = 26;
    let canvas = $("canvas.wide", view);
    const total = START + END + width * entries.length;
    if (force || !canvas) {
      const table = el("table", { role: "grid", "aria-label": "Cookies by requests, zoomed out", "aria-rowcount": list.length + 1, "aria-colcount": entries.length + 1 });
      table.style.width = total + "px";
      table.append(el("thead", {}, el("tr", {}, el("th", { class: "corner" }, "Navigation"), el("td", { class: "strip" }), el("th", { class: "end" }, "at the end"))));
      const body = el("tbody");
      list.forEach((row, index) => {
        const name = row.site ? (row.site.open ? "▾ " : "▸ ") + row.site.name + (row.site.open ? "" : " " + row.site.ids.length + " cookies") : row.never ? never.get(row.never).count + " never stored" : cookies[row.id].n;
        const summary = row.id === undefined ? null : summaryOf(row.id);
        body.append(el("tr", { class: row.site ? "site" : row.never ? "nv" : "", role: "row" }, el("th", { "data-cookie": row.id, "data-site": row.site && row.site.name }, name), el("td", { class: "c strip", role: "gridcell", tabindex: index === focus.row ? "0" : "-1", "data-row": index, "data-at": focus.at, "aria-label": summary }), el("td", { class: "end" }, row.id === undefined ? "" : spans[row.id].end)));
      });
      table.append(body);
      const columns = el("colgroup", {}, el("col"), el("col"), el("col"));
      [START, total - START - END, END].forEach((size, index) => { columns.children[index].style.width = size + "px"; });
      table.prepend(columns);
      canvas = el("canvas", { class: "wide", "aria-hidden": "true" });
      canvas.style.cssText = "position:absolute;pointer-events:none;z-index:5";
      view.replaceChildren(table, canvas);
    }
    const room = Math.max(1, view.clientWidth - START - END);
    const top = $("tbody", view).offsetTop;
    const scale = window.devicePixelRatio || 1;
    const tall = list.length * height;
    canvas.width = room * scale; canvas.height = tall * scale;
    canvas.style.width = room + "px"; canvas.style.height = tall + "px";
    canvas.style.left = START + view.scrollLeft + "px"; canvas.style.top = top + "px";
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    const ink = { sent: colour("sent"), set: colour("set"), replaced: colour("set"), expired: colour("end"), refused: colour("bad"), deviation: colour("bad"), withheld: colour("warn"), scope: colour("scope"), script: colour("script"), vanished: colour("script"), none: colour("scope"), life: colour("life"), line: colour("line") };
    pen.scale(scale, scale);
    const from = view.scrollLeft;
    const x = (at) => (at + 0.5) * width - from;
    pen.fillStyle = ink.line;
    entries.forEach((entry, at) => { if (entry.nav) pen.fillRect(at * width - from, 0, 1, tall); });
    list.forEach((row, index) => {
      const middle = index * height + height / 2;
      const ids = row.id !== undefined ? [row.id] : row.site && !row.site.open ? row.site.ids : [];
      for (const id of ids) {
        const span = spans[id];
        if (span.to === -2) continue;
        pen.fillStyle = ink.life;
        const left = span.from < 0 ? 0 : x(span.from), right = x(Math.min(span.to, entries.length));
        pen.fillRect(Math.max(0, left), middle - 1, Math.max(0, Math.min(room, right) - Math.max(0, left)), 2);
      }
      const wide = Math.max(1, Math.min(3, width - 1));
      const stroke = (at, kind) => {
        const place = x(at);
        if (place < -4 || place > room + 4) return;
        pen.fillStyle = ink[kind];
        if (kind === "refused" || kind === "deviation") pen.fillRect(place - 1, middle - 8, Math.max(2, wide), 16);
        else if (kind === "set") pen.fillRect(place - 1, middle - 8, Math.max(2, wide), 7);
        else if (kind === "replaced" || kind === "script") pen.fillRect(place, middle - 5, wide, 4);
        else if (kind === "withheld") pen.fillRect(place, middle + 2, wide, 7);
        else if (kind === "sent") pen.fillRect(place, middle + 2, wide, 3);
        else if (kind === "expired" || kind === "vanished") pen.fillRect(place, middle - 7, 2, 14);
      };
      for (const id of ids) for (const [at, cell] of cells[id]) for (const it of shownKinds(cell)) if (isShown(it.kind)) stroke(at, it.kind);
      if (row.never) for (const [at, kinds] of never.get(row.never).at) stroke(at, kinds[0]);
    });
  }
  function summaryOf(id) {
    const found = {};
    for (const cell of cells[id].values()) for (const it of shownKinds(cell)) found[it.kind] = (found[it.kind] || 0) + 1;
    return cookies[id].n + ": " + Object.entries(found).map(([kind, count]) => WORDS[kind] + " " + count).join(", ");
  }

  // All requests in three lanes, where they do not fit.
  function overview() {
    const canvas = $("#over");
    canvas.hidden = columnWidth() * entries.length <= view.clientWidth - START - END + 1 && columnWidth() >= 12 || entries.length < 2;
    if (canvas.hidden) return;
    const scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = 44;
    canvas.width = width * scale; canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const bins = Array.from({ length: Math.max(1, Math.floor((width - START - END) / 3)) }, () => [0, 0, 0]);
    entries.forEach((entry, at) => {
      const bin = bins[Math.floor((at * bins.length) / entries.length)];
      bin[0] += entry.lines.filter((line) => line.r === "rejected").length;
      bin[1] += entry.missed.length + entry.wh.filter(([, reason]) => reason === "secure-only" || reason.startsWith("same-site")).length;
      bin[2] += entry.sent.length;
    });
    const most = Math.max(1, ...bins.map((bin) => bin[2]));
    bins.forEach((bin, index) => {
      const x = START + index * 3;
      const draw = (name, y, size) => { pen.fillStyle = style.getPropertyValue("--" + name).trim(); pen.fillRect(x, y, 2, size); };
      if (bin[0]) draw("bad", 3, 9);
      if (bin[1]) draw("warn", 15, 9);
      if (bin[2]) draw("sent", 42 - (14 * bin[2]) / most, (14 * bin[2]) / most);
    });
    pen.fillStyle = style.getPropertyValue("--ink2").trim();
    pen.font = "11px system-ui";
    pen.fillText("all " + entries.length + " requests", 8, 14);
    pen.textAlign = "right";
    pen.fillText("refused", START - 8, 12); pen.fillText("withheld", START - 8, 24); pen.fillText("sent", START - 8, 39);
  }

  // Filters.
  function isShown(kind) { return !state.filter || !state.hide || state.filter === kind; }
  function dim() {
    const name = state.hide ? "gone" : "dim";
    for (const node of view.querySelectorAll("td svg.mk")) {
      node.classList.remove("dim", "gone");
      const td = node.closest("td");
      if (state.filter && !node.classList.contains(state.filter)) node.classList.add(name);
      if (lit.size && !lit.has(+td.dataset.at)) node.classList.add("dim");
    }
  }
  const chips = $("#chips");
  for (const kind of KINDS) {
    if (!counts[kind] && !["sent", "refused", "withheld"].includes(kind)) continue;
    chips.append(el("button", { type: "button", "aria-pressed": "false", "data-kind": kind, onclick: () => toggle(kind) }, mark(kind), WORDS[kind] + " ", el("span", {}, counts[kind].toLocaleString("en"))));
  }
  function toggle(kind) {
    if (state.filter !== kind) { state.filter = kind; state.hide = false; }
    else if (!state.hide) state.hide = true;
    else { state.filter = null; state.hide = false; }
    save(false);
    showFilter();
  }
  function showFilter() {
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.kind === state.filter));
    const hidden = state.filter && state.hide ? Object.entries(counts).reduce((sum, [kind, count]) => sum + (kind === state.filter ? 0 : count), 0) : 0;
    $("#said").textContent = hidden ? hidden + " marks are hidden" : "";
    if (columnWidth() < 12) draw(true); else dim();
  }

  // Panes.
  function requestLinks(list) {
    return list.flatMap((at, index) => [index ? " " : "", el("a", { href: "#p=r" + at }, "#" + entries[at].i)]);
  }
  function step(reason) {
    const of = reason && reasons[reason];
    if (!of) return null;
    return el("span", { class: "ref" }, of.link ? el("a", { href: of.link, rel: "noreferrer" }, of.step) : "", of.dev ? of.dev + " in DevTools" : "");
  }
  function lineOf(line) {
    return el("code", { class: "ln" }, ...line.shown.map(([text, how]) => (how === "v" ? el("i", { title: "stands for the value" }, text) : how === "a" ? el("ins", {}, text) : how === "d" ? el("del", {}, text) : text)));
  }
  function back() {
    return el("p", {}, el("a", { href: "#" }, "‹ Findings"), " ", el("small", {}, "Esc"));
  }
  function cookiePane(id) {
    const cookie = cookies[id], span = spans[id];
    const box = el("div", { class: "box" }, back(), el("h2", { tabindex: "-1" }, el("code", {}, cookie.n || "(no name)")), el("p", {}, cookie.scope + (cookie.ho ? " only" : " and below") + ", path " + cookie.path + ", " + (cookie.first ? "first" : "third") + " party, " + cookie.oct + " octets"));
    const why = new Map();
    for (const at of span.at) for (const it of cells[id].get(at).left) if (it.kind === "withheld") why.set(it.reason, (why.get(it.reason) || []).concat(at));
    for (const [reason, list] of why) box.append(el("div", { class: "why" }, el("b", {}, "Why was it not sent to ", ...requestLinks(list.slice(0, 12)), "?"), el("div", {}, reasons[reason].t), step(reason)));
    box.append(el("p", { class: "facts" }, el("span", {}, "Lifetime ", el("b", {}, cookie.life)), el("span", {}, cookie.sec ? "Secure" : "not Secure"), el("span", {}, cookie.http ? "HttpOnly" : "not HttpOnly"), el("span", {}, "SameSite ", el("b", {}, cookie.ss)), el("span", {}, cookie.part ? "partition " + cookie.part : "not partitioned")));
    const life = el("ol", { class: "life", "aria-label": "Its life" });
    if (span.from < 0) life.append(el("li", {}, el("span"), el("span", {}, "›"), el("span", {}, "here before the recording")));
    let run = null;
    for (const at of span.at) {
      const cell = cells[id].get(at);
      const all = shownKinds(cell);
      const letter = entries[at].letters[entries[at].sent.indexOf(id)];
      const line = entries[at].lines.find((it) => it.c === id);
      const letters = (letter) => (letter ? [" ", el("span", { class: "nm" }, letter)] : []);
      const left = cell.left.flatMap((it) => [it.text.trim(), ...letters(it.kind === "sent" || it.kind === "script" ? letter : "")]);
      const right = cell.right.flatMap((it) => [it.text, ...letters(line && line.r !== "rejected" ? line.l : "")]);
      const key = cell.right.length ? null : cell.left.map((it) => it.text).join() + letter;
      if (run && key && run.key === key) { run.at.push(at); run.node.firstChild.replaceChildren(...requestLinks(run.at.length > 3 ? [run.at[0], run.at[run.at.length - 1]] : run.at)); continue; }
      const node = el("li", {}, el("span", {}, ...requestLinks([at])), el("span", {}, ...all.map((it) => mark(it.kind))), el("span", {}, ...left, left.length && right.length ? ", " : "", ...right, line && line.r === "rejected" ? lineOf(line) : null));
      life.append(node);
      run = { key, at: [at], node };
    }
    if (span.end === "deleted" || span.end === "vanished") life.append(el("li", {}, el("span"), mark("expired"), el("span", {}, span.end)));
    box.append(el("h3", {}, "Its life (one letter, one value)"), life);
    if (cookie.find.length) box.append(el("h3", {}, "Findings"), el("ul", {}, ...cookie.find.map((it) => el("li", {}, el("b", {}, it[0]), ": " + it[1]))));
    return box;
  }
  function requestPane(at) {
    const entry = entries[at];
    const box = el("div", { class: "box" }, back(), el("h2", { tabindex: "-1" }, el("code", {}, entry.m + " " + entry.u)), el("p", {}, "#" + entry.i + (entry.s ? ", " + entry.s : "") + (entry.to !== null ? " to " : ""), entry.to !== null ? el("a", { href: "#p=r" + entry.to }, "#" + entries[entry.to].i) : "", ", +" + (entry.t / 1000).toFixed(2) + " s"));
    box.append(el("dl", {}, el("dt", {}, "Context"), el("dd", {}, entry.ctx), el("dt", {}, "Told by"), el("dd", {}, entry.by), el("dt", {}, "Cookie header"), el("dd", {}, entry.sent.length + " cookies, " + (entry.agrees ? "as predicted" : entry.diff.every((it) => it.x) ? "explained" : "not explained"))));
    if (entry.sent.length) box.append(el("h3", {}, "Sent, in this order"), el("p", {}, ...entry.sent.map((id, index) => el("a", { class: "nm", href: "#p=c" + id }, (cookies[id].n || "(no name)") + " " + entry.letters[index]))));
    for (const it of entry.diff) box.append(el("p", {}, mark(it.x ? "script" : "refused"), " ", el("b", {}, it.n || "(no name)"), ": " + it.t));
    const by = new Map();
    for (const [id, reason] of [...entry.wh, ...entry.missed]) by.set(reason, (by.get(reason) || []).concat(id));
    for (const [reason, ids] of by) box.append(el("h3", {}, mark("withheld"), " Not sent: " + reasons[reason].t), el("p", {}, ...ids.map((id) => el("a", { class: "nm", href: "#p=c" + id }, cookies[id].n || "(no name)"))), step(reason) || "");
    if (entry.oos.length) box.append(el("h3", {}, mark("scope"), " Out of scope"), el("p", {}, ...entry.oos.map((id) => el("a", { class: "nm", href: "#p=c" + id }, cookies[id].n || "(no name)"))));
    if (entry.lines.length) box.append(el("h3", {}, "Its answer's Set-Cookie lines"));
    for (const line of entry.lines) box.append(lineOf(line), el("div", {}, mark(line.d ? "deviation" : { stored: "set", replaced: "replaced", expired: "expired", rejected: "refused", ignored: "none" }[line.r]), " ", el("b", {}, line.r), line.d ? ", but the browser differs: " + line.d : "", line.t ? ": " + line.t : ""), step(line.q) || "");
    return box;
  }
  let came = null;
  function showPane() {
    const [, kind, number] = /^([cr])(\d+)$/.exec(state.pane) || [];
    const id = Number(number);
    lit.clear();
    if (kind === "c" && cookies[id]) pane.replaceChildren(cookiePane(id));
    else if (kind === "r" && entries[id]) pane.replaceChildren(requestPane(id));
    else {
      pane.replaceChildren(findings);
      const card = /^f(\d+)$/.exec(state.pane);
      if (card && data.causes[card[1]]) {
        for (const at of data.causes[card[1]]) lit.add(at);
        reveal(data.causes[card[1]][0]);
      }
    }
    pane.classList.toggle("sheet", Boolean(kind));
    for (const node of findings.querySelectorAll(".card")) node.classList.toggle("lit", node.id === state.pane);
    if (kind === "r" && entries[id]) reveal(id);
    draw(true);
    if (kind) { const title = $("h2", pane); if (title && came === "key") title.focus(); }
    came = null;
  }
  function reveal(at) {
    const width = columnWidth(), left = at * width, room = view.clientWidth - START - END;
    if (left < view.scrollLeft || left + width > view.scrollLeft + room) view.scrollLeft = Math.max(0, left - room / 2);
  }
  function save(push = true) {
    const parts = [];
    if (state.pane) parts.push("p=" + state.pane);
    if (state.width !== data.width) parts.push("z=" + state.width);
    if (state.filter) parts.push("f=" + state.filter + (state.hide ? "!" : ""));
    if (state.query) parts.push("q=" + encodeURIComponent(state.query));
    const fragment = "#" + parts.join("&");
    if (location.hash === fragment || (!location.hash && fragment === "#")) return;
    history[push ? "pushState" : "replaceState"](null, "", fragment);
  }
  function load() {
    const parts = new Map(location.hash.slice(1).split("&").map((part) => part.split("=")));
    const width = Number(parts.get("z") ?? data.width);
    state.width = widths.includes(width) ? width : data.width;
    const filter = parts.get("f") || "";
    state.filter = KINDS.includes(filter.replace("!", "")) ? filter.replace("!", "") : null;
    state.hide = filter.endsWith("!");
    try { state.query = decodeURIComponent(parts.get("q") || ""); } catch { state.query = ""; }
    state.pane = parts.get("p") || data.pane;
    $("#search").value = state.query;
    build();
    showPane();
    showFilter();
  }
  function open(name) { state.pane = name; save(); showPane(); }

  // The tip of a cell.
  let timer = 0;
  function showTip(td) {
    const row = list[+td.dataset.row], at = +td.dataset.at;
    if (!row || row.id === undefined || columnWidth() < 12) return hideTip();
    const cell = cells[row.id].get(at);
    if (!cell) return hideTip();
    const children = [el("b", {}, el("code", {}, cookies[row.id].n || "(no name)"), " at #" + entries[at].i + " ", el("code", {}, entries[at].m + " " + entries[at].u))];
    for (const it of shownKinds(cell)) {
      const of = reasons[it.reason];
      children.push(el("p", {}, mark(it.kind), el("span", {}, it.text, of && el("small", {}, [of.step, of.dev && of.dev + " in DevTools"].filter(Boolean).join(" · ")))));
    }
    tip.replaceChildren(...children);
    tip.hidden = false;
    const box = td.getBoundingClientRect();
    const x = Math.min(box.left, innerWidth - tip.offsetWidth - 12), y = box.bottom + 6 + tip.offsetHeight > innerHeight ? box.top - tip.offsetHeight - 6 : box.bottom + 6;
    tip.style.left = Math.max(8, x) + "px"; tip.style.top = Math.max(8, y) + "px";
  }
  function hideTip() { tip.hidden = true; }
  view.addEventListener("mouseover", (event) => {
    const td = event.target.closest("td.c");
    clearTimeout(timer);
    for (const node of view.querySelectorAll(".hot")) node.classList.remove("hot", "on");
    if (!td) { timer = setTimeout(hideTip, 200); return; }
    const row = td.parentNode;
    if (columnWidth() >= 12) for (const node of [row.firstChild, $('th[data-head="' + td.dataset.at + '"]', view)]) if (node && !node.classList.contains("on")) node.classList.add("hot", "on");
    showTip(td);
  });
  view.addEventListener("mouseleave", () => { timer = setTimeout(hideTip, 200); });
  tip.addEventListener("mouseenter", () => clearTimeout(timer));
  tip.addEventListener("mouseleave", hideTip);
  view.addEventListener("click", (event) => {
    const site = event.target.closest("th[data-site]");
    if (site) { const of = sites.find((it) => it.name === site.dataset.site); of.open = !of.open; build(); return; }
    const cookie = event.target.closest("th[data-cookie]"), head = event.target.closest("th[data-head]"), td = event.target.closest("td.c");
    if (cookie) open("c" + cookie.dataset.cookie);
    else if (head) open("r" + head.dataset.head);
    else if (td) { focus = { row: +td.dataset.row, at: +td.dataset.at }; choose(); }
  });
  function choose() {
    const row = list[focus.row];
    if (!row) return;
    if (row.id !== undefined) open("c" + row.id);
    else if (row.never) open("r" + focus.at);
  }

  // Keys, while the timeline has the focus.
  function focusCell(scroll = true) {
    if (scroll) { if (columnWidth() >= 12) reveal(focus.at); draw(false); }
    const narrow = columnWidth() < 12;
    for (const node of view.querySelectorAll('td[tabindex="0"]')) node.tabIndex = -1;
    const td = narrow ? $('td[data-row="' + focus.row + '"]', view) : $('td[data-row="' + focus.row + '"][data-at="' + focus.at + '"]', view);
    if (td) { td.tabIndex = 0; td.focus({ preventScroll: false }); showTip(td); }
  }
  const isRow = (index) => list[index] && !list[index].site;
  function moveRow(by) {
    let row = focus.row + by;
    while (list[row] && !isRow(row)) row += Math.sign(by);
    if (isRow(row)) focus.row = row;
  }
  function moveTo(test, by) {
    for (let at = focus.at + by; at >= 0 && at < entries.length; at += by) if (test(at)) { focus.at = at; return; }
  }
  function finding(by) {
    const row = list[focus.row];
    const bad = (it) => ["refused", "withheld", "deviation"].includes(it.kind);
    if (row && row.id !== undefined) moveTo((at) => { const cell = cells[row.id].get(at); return cell && shownKinds(cell).some(bad); }, by);
  }
  const keys = {
    ArrowLeft: () => { focus.at = Math.max(0, focus.at - 1); }, ArrowRight: () => { focus.at = Math.min(entries.length - 1, focus.at + 1); },
    ArrowUp: () => moveRow(-1), ArrowDown: () => moveRow(1), Home: () => { focus.at = 0; }, End: () => { focus.at = entries.length - 1; },
    PageUp: () => { for (let i = 0; i < 10; i++) moveRow(-1); }, PageDown: () => { for (let i = 0; i < 10; i++) moveRow(1); },
    "[": () => moveTo((at) => entries[at].nav, -1), "]": () => moveTo((at) => entries[at].nav, 1), n: () => finding(1), p: () => finding(-1),
  };
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); focusCell(); }
    else if (event.key === "Enter") { event.preventDefault(); came = "key"; choose(); }
    else if (event.key === "+") zoom(1); else if (event.key === "-") zoom(-1); else if (event.key === "0") setWidth(FIT);
    else if (event.key === "/") { event.preventDefault(); $("#search").focus(); }
    else if (event.key === "?") { event.preventDefault(); $("#keys").open = true; $("#keys summary").focus(); }
  });
  view.addEventListener("focusin", (event) => { const td = event.target.closest("td.c"); if (td) { focus = { row: +td.dataset.row, at: +td.dataset.at }; showTip(td); } });
  view.addEventListener("focusout", () => hideTip());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) { hideTip(); return; }
    if (/^[cr]/.test(state.pane)) { open(""); focusCell(); }
  });
  let frame = 0;
  view.addEventListener("scroll", () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(() => draw(false)); }, { passive: true });
  addEventListener("resize", () => build());
  addEventListener("popstate", load);
  addEventListener("hashchange", load);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => build());

  // Tools.
  function zoom(by) {
    const now = columnWidth();
    const order = widths.filter((width) => width !== FIT);
    const next = by > 0 ? order.find((width) => width > now + 0.01) : [...order].reverse().find((width) => width < now - 0.01);
    setWidth(next === undefined ? (by > 0 ? state.width : FIT) : next);
  }
  function setWidth(width) { const centre = focus.at; state.width = width; save(false); build(); reveal(centre); showFilter(); }
  $("#in").addEventListener("click", () => zoom(1));
  $("#out").addEventListener("click", () => zoom(-1));
  $("#fit").addEventListener("click", () => setWidth(FIT));
  $("#search").addEventListener("input", (event) => { state.query = event.target.value.toLowerCase(); save(false); build(); showFilter(); });
  let drag = null;
  const over = $("#over");
  const placeOf = (event) => Math.max(0, Math.min(entries.length - 1, Math.floor(((event.offsetX - START) / (over.clientWidth - START - END)) * entries.length)));
  over.addEventListener("pointerdown", (event) => { drag = placeOf(event); });
  over.addEventListener("pointerup", (event) => {
    if (drag === null) return;
    const to = placeOf(event), count = Math.abs(to - drag) + 1, from = Math.min(to, drag);
    drag = null;
    const wanted = count > 1 ? (view.clientWidth - START - END) / count : 24;
    state.width = widths.filter((width) => width !== FIT && width <= Math.max(4, wanted)).pop() || 4;
    focus.at = from;
    save(false); build();
    view.scrollLeft = from * columnWidth();
  });

  // The inventory.
  const table = $("#inventory table");
  if (table) {
    for (const button of table.querySelectorAll("th button")) button.addEventListener("click", () => {
      const head = button.closest("th"), index = [...head.parentNode.children].indexOf(head);
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const body = table.tBodies[0];
      const key = (tr) => tr.children[index].dataset.sort ?? tr.children[index].textContent;
      const sorted = [...body.rows].sort((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }) * (up ? 1 : -1));
      body.append(...sorted);
    });
    $("#csv").addEventListener("click", () => {
      const cell = (text) => (/^[=+\-@\t]/.test(text) ? "'" + text : text);
      const lines = [...table.rows].map((tr) => [...tr.children].map((td) => '"' + cell(td.textContent.trim()).replace(/"/g, '""') + '"').join(","));
      const link = el("a", { download: "cookies.csv" });
      link.href = URL.createObjectURL(new Blob([lines.join("\r\n")], { type: "text/csv" }));
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
  document.documentElement.classList.add("js");
  for (const node of document.querySelectorAll("[data-js]")) node.hidden = false;
  load();
})();
