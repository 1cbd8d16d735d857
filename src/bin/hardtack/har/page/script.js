"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const data = JSON.parse($("#data").textContent);
  const { entries, cookies, reasons, causes } = data;
  const SVG = "http://www.w3.org/2000/svg";

  // The kinds of marks, the worst first. A half of a cell is a set of them, as bits.
  const KINDS = ["refused", "deviation", "withheld", "script", "vanished", "expired", "set", "replaced", "sent", "scope", "none"];
  const BIT = Object.fromEntries(KINDS.map((kind, index) => [kind, 1 << index]));
  const WORDS = { sent: "sent", set: "set", replaced: "replaced", expired: "expired", refused: "refused", withheld: "withheld", scope: "out of scope", script: "by a script", vanished: "vanished", deviation: "browser differs", none: "no effect" };
  const VERDICTS = { sent: "Sent", set: "Set", replaced: "Replaced", expired: "Deleted", refused: "Line refused", withheld: "Not sent", scope: "Out of scope", script: "By a script", vanished: "Vanished", deviation: "The browser differs", none: "No effect" };
  const BAD = BIT.refused | BIT.deviation | BIT.withheld;
  const KEPT = BIT.set | BIT.replaced;
  const WENT = BIT.sent | BIT.script | BIT.deviation;
  // What a filter leaves: marks, or whole requests.
  const CHIPS = ["sent", "set", "replaced", "expired", "refused", "withheld", "scope", "script", "deviation", "none"];
  const FILTERS = new Map(KINDS.map((kind) => [kind, BIT[kind]]));
  FILTERS.set("script", BIT.script | BIT.vanished).set("stored", KEPT);
  const REQUESTS = { agree: "requests as predicted", explained: "requests that are explained", unexplained: "requests that are not explained" };
  const RESULTS = { stored: "set", replaced: "replaced", expired: "expired", rejected: "refused", ignored: "none" };

  // Every text goes in as text: nothing of the recording is ever taken for HTML.
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
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
  const worst = (bits) => KINDS[31 - Math.clz32(bits & -bits)];
  const kindsOf = (bits) => KINDS.filter((kind) => bits & BIT[kind]);
  const number = (count) => count.toLocaleString("en");
  const plural = (count, noun) => number(count) + " " + noun + (count === 1 ? "" : "s");
  const nameOf = (id) => cookies[id].n || "(no name)";
  const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
  const prose = (text) => text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
  function wrongAndFix(text) {
    const place = text.indexOf(": ");
    return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + 2)];
  }
  const seconds = (entry) => "+" + (entry.t / 1000).toFixed(2) + " s";

  // What happened at a request to each cookie: the request's half, and the answer's. `put` hears of each.
  const hosts = new Set();
  const hasSent = entries.map((entry) => {
    const has = hosts.has(entry.host);
    if (entry.sent.length) hosts.add(entry.host);
    return has;
  });
  function happened(at, put) {
    const entry = entries[at];
    for (const id of entry.sent) {
      const diff = entry.diff.length ? entry.diff.find((it) => it.n === cookies[id].n && it.r) : null;
      if (!diff) put(id, 0, "sent", "", null);
      else if (!diff.x && !diff.p) put(id, 0, "deviation", "sent, and not expected: " + diff.t, null);
      else if (diff.x && (diff.p || hasSent[at])) put(id, 0, "script", diff.t, null);
      else put(id, 0, "sent", diff.t, null, !diff.p);
    }
    for (const [id, text] of entry.gone) put(id, 0, "vanished", text, null);
    for (const [id, reason] of entry.missed) put(id, 0, "withheld", reasons[reason].t, reason);
    for (const [id, reason, isExpected] of entry.wh) put(id, 0, isExpected ? "withheld" : "scope", reasons[reason].t, reason);
    for (const id of entry.oos) put(id, 0, "scope", scopeOf(id, entry), null);
    for (const line of entry.lines) {
      if (line.c === null) continue;
      const kind = line.d ? "deviation" : RESULTS[line.r];
      const text = line.d ? (line.r === "rejected" ? "it keeps a line that the text refuses: " : "it does not keep the line: ") + line.d : line.t || (line.r === "ignored" ? "the request was made without credentials" : "");
      put(line.c, 1, kind, text, line.q, line);
    }
  }
  function scopeOf(id, entry) {
    const cookie = cookies[id], domain = cookie.scope.replace("*.", "");
    const isOfHost = entry.host === domain || (!cookie.ho && entry.host.endsWith("." + domain));
    return isOfHost ? "another path" : "another host";
  }
  /** What happened to one cookie at one request. */
  function detail(id, at) {
    const halves = [[], []];
    happened(at, (of, half, kind, text, reason, more) => { if (of === id) halves[half].push({ kind, text, reason, line: half ? more : null }); });
    return halves;
  }

  // Marks in the order of the requests: where, and the two halves.
  const empty = () => ({ at: [], left: [], right: [], many: null });
  const marks = cookies.map(empty);
  const before = new Set();
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  const never = new Map();
  function add(to, at, half, bit) {
    const last = to.at.length - 1;
    if (to.at[last] !== at) { to.at.push(at); to.left.push(half ? 0 : bit); to.right.push(half ? bit : 0); }
    else if (half) to.right[last] |= bit; else to.left[last] |= bit;
  }
  entries.forEach((entry, at) => {
    happened(at, (id, half, kind, text, reason, more) => {
      add(marks[id], at, half, BIT[kind]);
      counts[kind]++;
      if (!half && more === true && !before.has(id) && marks[id].at.length === 1) before.add(id);
    });
    for (const line of entry.lines) {
      if (line.c !== null) continue;
      const kind = line.d ? "deviation" : RESULTS[line.r];
      counts[kind]++;
      let of = never.get(entry.site);
      if (!of) never.set(entry.site, (of = { count: 0, marks: empty(), names: new Map() }));
      let named = of.names.get(line.n);
      if (!named) of.names.set(line.n, (named = empty()));
      of.count++;
      for (const to of [of.marks, named]) {
        add(to, at, 1, BIT[kind]);
        to.many = to.many || new Map();
        to.many.set(at, (to.many.get(at) || 0) + 1);
      }
    }
  });
  // The lives: pieces from a place to another, and how the last one ends.
  const LEFT = 0.29, RIGHT = 0.71, count = entries.length;
  const lives = marks.map(({ at, left, right }, id) => {
    const pieces = [];
    let since = null, end = "—";
    at.forEach((place, index) => {
      if (since === null && left[index] & WENT) since = before.has(id) && !pieces.length ? 0 : place + LEFT;
      if (left[index] & BIT.vanished) { if (since !== null) pieces.push([since, place + LEFT]); since = null; end = "vanished"; }
      if (since === null && right[index] & KEPT) since = place + RIGHT;
      if (right[index] & BIT.expired) { if (since !== null) pieces.push([since, place + RIGHT]); since = null; end = "deleted"; }
      if (right[index] & BIT.deviation && since === null && !pieces.length) end = "ignored";
    });
    if (since !== null) { pieces.push([since, count]); end = cookies[id].life; }
    return { pieces, end, kept: since !== null };
  });

  // Rows: by site, first party first, then in the order of first sight.
  const sites = [];
  const siteOf = new Map();
  function site(name, isFirst) {
    let of = siteOf.get(name);
    if (!of) { siteOf.set(name, (of = { name, first: false, ids: [], open: true, unfolded: false })); sites.push(of); }
    of.first = of.first || isFirst;
    return of;
  }
  cookies.forEach((cookie, id) => site(cookie.site, cookie.first).ids.push(id));
  for (const name of never.keys()) site(name, entries.some((it) => it.site === name && it.top));
  sites.sort((a, b) => b.first - a.first);
  const start = (id) => (before.has(id) ? -1 : marks[id].at.length ? marks[id].at[0] : count);
  for (const it of sites) it.ids.sort((a, b) => start(a) - start(b) || a - b);
  if (cookies.length > 60) for (const it of sites) it.open = it.first;
  const ordered = sites.flatMap((it) => it.ids);

  const state = { filter: null, hide: false, query: "", width: 0, pane: "" };
  const section = $("#timeline"), stick = $("#stick"), view = $("#view"), over = $("#over"), tools = $("#tools");
  const pane = $("#pane"), findings = $("#findings"), tip = $("#tip");
  const legendNode = $("#legend");
  const coarse = matchMedia("(pointer:coarse)");

  // The page without a timeline: nothing was recorded, or no cookie.
  const hasTimeline = Boolean(count && sites.length);

  // Zoom: the width of a column.
  const FIT = 0, WIDTHS = [FIT, 4, 8, 14, 24, 36, 48];
  const geo = { start: 0, end: 0, room: 1, head: 0, row: 21, bar: 0, tall: 0, over: 0, body: 0, width: 36, left: 0 };
  const fit = () => Math.max(0.02, geo.room / Math.max(1, count));
  const isSmall = () => geo.width < 12;

  let list = [];
  function matches(id) {
    const cookie = cookies[id];
    return !state.query || (cookie.n + " " + cookie.scope + cookie.path).toLowerCase().includes(state.query.toLowerCase());
  }
  function hasShown(of) {
    if (!state.filter || !state.hide) return true;
    return of.at.some((at, index) => shown(of.left[index] | of.right[index], at));
  }
  /** The marks that the filter leaves. */
  function shown(bits, at) {
    if (!state.filter) return bits;
    const wanted = FILTERS.get(state.filter);
    if (wanted !== undefined) return bits & wanted;
    return verdictOf(entries[at]) === state.filter ? bits : 0;
  }
  const verdictOf = (entry) => (entry.agrees ? "agree" : entry.diff.every((it) => it.x) ? "explained" : "unexplained");
  function merged(of) {
    if (!of.merged) {
      const places = new Map();
      const parts = of.ids.map((id) => marks[id]);
      if (never.has(of.name)) parts.push(never.get(of.name).marks);
      for (const part of parts) part.at.forEach((at, index) => {
        const halves = places.get(at);
        if (halves) { halves[0] |= part.left[index]; halves[1] |= part.right[index]; }
        else places.set(at, [part.left[index], part.right[index]]);
      });
      const at = [...places.keys()].sort((a, b) => a - b);
      of.merged = { at, left: at.map((it) => places.get(it)[0]), right: at.map((it) => places.get(it)[1]), many: null };
      // How many live, from each place at which that changes.
      const turns = new Map([[0, 0]]);
      for (const id of of.ids) for (const [from, to] of lives[id].pieces) { turns.set(from, (turns.get(from) || 0) + 1); turns.set(to, (turns.get(to) || 0) - 1); }
      let living = 0;
      of.merged.living = [...turns].sort((a, b) => a[0] - b[0]).map(([place, by]) => [place, (living += by)]);
    }
    return of.merged;
  }
  function rows() {
    const rows = [];
    for (const of of sites) {
      const ids = of.ids.filter((id) => matches(id) && hasShown(marks[id]));
      const lines = never.get(of.name);
      const hasNever = lines && !state.query && hasShown(lines.marks);
      if (!ids.length && !hasNever) continue;
      rows.push({ key: "s" + of.name, site: of, marks: of.open ? null : merged(of) });
      if (!of.open) continue;
      for (const id of ids) rows.push({ key: "c" + id, id, marks: marks[id] });
      if (!hasNever) continue;
      rows.push({ key: "n" + of.name, never: of, marks: lines.marks });
      if (of.unfolded) for (const [name, named] of lines.names) rows.push({ key: "l" + of.name + "\n" + name, name, marks: named });
    }
    return rows;
  }

  // The drawing: a canvas has the marks, and elements have the words. Both are of what is in view only.
  const canvas = el("canvas", { class: "marks", "aria-hidden": "true" });
  const pen = canvas.getContext("2d", { alpha: false });
  const slide = () => el("div", { class: "slide", role: "none" });
  const cols = slide(), navs = slide();
  const flags = el("div", { class: "flags", "aria-hidden": "true" }, ["Secure", "HttpOnly", "SameSite", "Partitioned"].map((flag) => el("span", {}, flag)));
  const corner = el("div", { class: "corner", role: "columnheader" }, el("p", {}, "A column is a request: ", el("b", {}, "left"), ", what it sent; ", el("b", {}, "right"), ", what its answer set."), el("b", {}, "Cookie"), flags);
  const head = el("div", { class: "hd", role: "row", "aria-rowindex": "1" }, corner, el("div", { class: "cols", role: "none" }, cols), el("div", { class: "end", role: "columnheader" }, "at the end"));
  const inner = el("div", { class: "inner", role: "rowgroup" });
  const body = el("div", { class: "body", role: "none" }, inner);
  const grid = el("div", { class: "grid", role: "grid", "aria-label": "Cookies by requests" }, el("div", { role: "rowgroup" }, head), body);
  const stage = el("div", { class: "stage" }, canvas, el("div", { class: "navs", "aria-hidden": "true" }, navs), grid);
  const size = el("div", { class: "size" }, stage);
  const rowNodes = new Map();
  const colNodes = new Map();
  let focus = { row: 0, at: 0 }, stop = null;
  let hot = { row: -1, at: -1 };
  let ink = {}, sprites = {}, scale = 1;
  const lit = new Set();

  const isSheet = () => innerWidth <= 900;
  function layout() {
    if (!hasTimeline) return;
    const hadFocus = grid.contains(document.activeElement);
    const small = isSheet();
    list = rows();
    geo.row = coarse.matches ? 25 : 21;
    geo.start = small ? 118 : 232; geo.end = small ? 58 : 84;
    geo.bar = getComputedStyle(tools).position === "sticky" ? tools.offsetHeight : 0;
    geo.room = Math.max(40, section.clientWidth - geo.start - geo.end);
    geo.width = state.width === FIT ? Math.min(48, fit()) : state.width;
    geo.head = geo.width >= 20 && innerHeight >= 520 ? 166 : 26;
    const scrolls = geo.width * count > geo.room + 1;
    geo.over = (scrolls || isSmall()) && count > 1 ? 46 : 0;
    const whole = geo.over + geo.head + list.length * geo.row + (scrolls ? 14 : 0);
    geo.tall = Math.max(geo.over + geo.head + geo.row * Math.min(4, list.length), Math.min(whole, innerHeight - geo.bar - (geo.bar ? 14 : 0)));
    geo.whole = Math.max(whole, geo.tall);
    geo.body = geo.tall - geo.over - geo.head - (scrolls ? 14 : 0);
    section.style.height = geo.whole + 2 + "px";
    stick.style.top = geo.bar + "px";
    pane.style.top = geo.bar ? geo.bar + 12 + "px" : "";
    pane.style.maxHeight = geo.bar ? "calc(100vh - " + (geo.bar + 24) + "px)" : "";
    over.hidden = !geo.over;
    view.style.height = geo.tall - geo.over + "px";
    size.style.width = geo.start + geo.end + geo.width * count + "px";
    stage.style.width = geo.start + geo.room + geo.end + "px";
    stage.style.height = geo.head + geo.body + "px";
    for (const [node, sizes] of [[head, [0, geo.head]], [body, [geo.head, geo.body]]]) { node.style.top = sizes[0] + "px"; node.style.height = sizes[1] + "px"; }
    section.style.setProperty("--start", geo.start + "px");
    section.style.setProperty("--last", geo.end + "px");
    section.style.setProperty("--row", geo.row + "px");
    section.classList.toggle("low", geo.head < 100);
    section.classList.toggle("tight", small);
    section.classList.toggle("snug", geo.width < 30);
    inner.style.height = list.length * geo.row + "px";
    scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(geo.room * scale); canvas.height = Math.round(geo.body * scale);
    canvas.style.cssText = "left:" + geo.start + "px;top:" + geo.head + "px;width:" + geo.room + "px;height:" + geo.body + "px";
    grid.setAttribute("aria-rowcount", list.length + 1);
    grid.setAttribute("aria-colcount", count + 2);
    section.dataset.zoom = geo.width < 1 ? "bins" : isSmall() ? "places" : geo.width < 24 ? "shapes" : "labels";
    for (const node of rowNodes.values()) node.remove();
    rowNodes.clear();
    for (const node of colNodes.values()) node.remove();
    colNodes.clear();
    navs.dataset.of = "";
    bins.clear();
    hot = { row: -1, at: -1 };
    focus.row = Math.min(focus.row, list.length - 1);
    draw();
    overview();
    legend();
    if (hadFocus) focusCell(false);
  }
  const scrolled = () => Math.max(0, Math.min(geo.whole - geo.tall, geo.bar - section.getBoundingClientRect().top));
  let seen = { top: 0, left: 0, rows: [0, 0], cols: [0, 0] };
  function draw() {
    if (!hasTimeline || !list.length && !size.isConnected) return;
    const top = scrolled(), left = view.scrollLeft;
    const rowFrom = Math.max(0, Math.floor(top / geo.row)), rowTo = Math.min(list.length, Math.ceil((top + geo.body) / geo.row));
    const colFrom = Math.max(0, Math.floor(left / geo.width)), colTo = Math.min(count, Math.ceil((left + geo.room) / geo.width));
    seen = { top, left, rows: [rowFrom, rowTo], cols: [colFrom, colTo] };
    inner.style.transform = "translateY(" + -top + "px)";
    for (const node of [cols, navs]) node.style.transform = "translateX(" + -left + "px)";
    drawRows(rowFrom, rowTo);
    drawHead(colFrom, colTo, left);
    paint();
    if (geo.over) overWindow();
    // The others are not seen, and follow when the scrolling pauses.
    if (stop && stop === document.activeElement && stop.className === "c") stop.parentNode.style.transform = "translateX(" + -left + "px)";
    fillLater();
  }
  function drawRows(from, to) {
    for (const [index, node] of rowNodes) if ((index < from || index >= to) && !node.contains(document.activeElement)) { node.remove(); rowNodes.delete(index); }
    for (let index = from; index < to; index++) {
      if (rowNodes.has(index)) continue;
      const node = rowNode(list[index], index);
      rowNodes.set(index, node);
      // In the order of the rows, for whoever reads them one after the other.
      const next = rowNodes.get(index + 1);
      if (next) inner.insertBefore(node, next); else inner.append(node);
    }
  }
  function rowNode(row, index) {
    const attributes = { role: "rowheader", tabindex: "-1", "data-row": index, "data-at": -1, "aria-colindex": 1 };
    let label, end = "";
    if (row.site) {
      const kept = row.site.ids.filter((id) => lives[id].kept).length;
      end = kept + " kept";
      label = el("div", { ...attributes, class: "rh", "aria-expanded": String(row.site.open), title: row.site.name }, el("i", {}, row.site.open ? "▾" : "▸"), el("b", {}, row.site.name), " ", el("small", { class: row.site.first ? "" : "third" }, row.site.open ? (row.site.first ? "first party" : "third party") : plural(row.site.ids.length, "cookie")));
    } else if (row.never) {
      label = el("div", { ...attributes, class: "rh", "aria-expanded": String(row.never.unfolded) }, el("i", {}, row.never.unfolded ? "▾" : "▸"), number(never.get(row.never.name).count) + " never stored");
    } else if (row.id === undefined) {
      label = el("div", { ...attributes, class: "rh", title: row.name }, el("code", {}, row.name || "(no name)"));
      end = "never";
    } else {
      const cookie = cookies[row.id];
      end = lives[row.id].end;
      const domain = cookie.scope.replace("*.", "");
      const host = domain !== cookie.site && domain.endsWith("." + cookie.site) ? domain.slice(0, -cookie.site.length) : "";
      const flag = (is, text) => el("span", { class: is ? "is" : "" }, is ? text : "·");
      label = el("div", { ...attributes, class: "rh", title: (cookie.n || "(no name)") + ", " + cookie.scope + cookie.path },
        el("code", {}, nameOf(row.id)), el("small", {}, host + (cookie.ho ? "" : " +subs") + (cookie.path === "/" ? "" : " " + cookie.path)),
        el("span", { class: "flags", "aria-hidden": "true" }, flag(cookie.sec, "■"), flag(cookie.http, "■"), flag(cookie.ss !== "default", { lax: "L", strict: "S", none: "N" }[cookie.ss] || ""), flag(cookie.part, "■")),
        el("span", { class: "hid" }, [cookie.sec && "Secure", cookie.http && "HttpOnly", cookie.ss !== "default" && "SameSite " + cookie.ss, cookie.part && "Partitioned"].filter(Boolean).map((flag) => ", " + flag).join("")));
    }
    const kind = row.site ? "site" : row.never ? "nv" : row.id === undefined ? "nv line" : "ck";
    const node = el("div", { class: "r " + kind + (isChosen(row) ? " on" : ""), role: "row", "aria-rowindex": index + 2 }, label, el("div", { class: "cells", role: "none" }, slide()), el("div", { class: "end", role: "gridcell", "aria-colindex": count + 2 }, end));
    node.style.top = index * geo.row + "px";
    return node;
  }
  const isChosen = (row) => row.id !== undefined && state.pane === "c" + row.id;
  const chosenAt = () => (state.pane[0] === "r" ? Number(state.pane.slice(1)) : -1);

  // The head: navigations, and the requests where there is room for their labels.
  function drawHead(from, to, left) {
    if (geo.width < 12) { for (const [at, node] of colNodes) { if (node.contains(document.activeElement)) continue; node.remove(); colNodes.delete(at); } }
    else {
      for (const [at, node] of colNodes) if ((at < from || at >= to) && !node.contains(document.activeElement)) { node.remove(); colNodes.delete(at); }
      for (let at = from; at < to; at++) if (!colNodes.has(at)) {
        const node = colNode(at);
        colNodes.set(at, node);
        const next = colNodes.get(at + 1);
        if (next) cols.insertBefore(node, next); else cols.append(node);
      }
    }
    const key = from + "-" + to + "-" + geo.width;
    if (navs.dataset.of !== key) {
      navs.dataset.of = key;
      navs.replaceChildren();
      let used = -1e9;
      for (let index = 0; index < starts.length; index++) {
        const at = starts[index], next = index + 1 < starts.length ? starts[index + 1] : count;
        if (next <= from || at >= to) continue;
        const wide = (next - at) * geo.width, x = at * geo.width;
        const node = el("div", { class: "nav bare" });
        node.style.left = x + "px"; node.style.width = wide + "px";
        // A number every so often, where there is no room for all.
        const digits = String(entries[at].nav || "");
        if (wide >= 14 + 8 * digits.length || x >= used) {
          used = x + 14 + 8 * digits.length;
          if (at) node.classList.remove("bare");
          node.append(el("b", {}, digits));
          if (wide > 90) node.append(el("span", {}, (geo.head < 100 || wide > 200 ? journey(at) + " " : "") + seconds(entries[at]) + (wide > 330 ? " · " + plural(next - at, "request") : "")));
        }
        navs.append(node);
      }
    }
    for (const node of navs.children) { const by = left - parseFloat(node.style.left); node.firstChild && (node.style.paddingLeft = Math.max(0, by) + 7 + "px"); }
  }
  const starts = entries.map((entry, at) => (entry.nav || !at ? at : -1)).filter((at) => at >= 0);
  /** A navigation, with where its redirects lead. */
  function journey(at) {
    let last = entries[at];
    for (let hops = 0; last.to !== null && hops < 20; hops++) last = entries[last.to];
    return (entries[at].m === "GET" ? "" : entries[at].m + " ") + entries[at].path + (last === entries[at] ? "" : " → " + last.path);
  }
  function colNode(at) {
    const entry = entries[at];
    const isFar = entry.host !== entries[0].host;
    const node = el("div", { class: "ch" + (entry.nav ? " nav" : "") + (at === chosenAt() ? " on" : ""), role: "columnheader", tabindex: "-1", "data-row": -1, "data-at": at, "aria-colindex": at + 2, "aria-label": "#" + entry.i + " " + entry.m + " " + entry.u + (entry.nav ? ", navigation " + entry.nav : "") + (entry.frame ? ", a frame" : "") });
    if (geo.head > 100) node.append(el("span", { class: "lab" }, el("span", {}, entry.http && el("em", {}, "http "), (entry.m === "GET" ? "" : entry.m + " ") + entry.path), (isFar || entry.frame) && el("small", {}, (entry.frame ? "▣ " : "") + (isFar ? entry.host : "frame"))));
    node.append(el("span", { class: geo.width >= 20 ? "num" : "hid" }, String(entry.i)));
    if (entry.rf !== null && entry.rf < at && geo.head > 100) {
      const hop = el("span", { class: "hop" });
      hop.style.width = (at - entry.rf) * geo.width + "px";
      node.append(hop);
    }
    node.style.left = at * geo.width + "px"; node.style.width = geo.width + "px";
    return node;
  }

  // Cells, for whoever does not see the canvas: those in view, made when the scrolling pauses, some rows at a time.
  let filling = 0;
  function fillLater() {
    clearTimeout(filling);
    filling = setTimeout(() => fill([...rowNodes.keys()]), 90);
  }
  function fill(rest) {
    const [from, to] = seen.cols, key = from + "-" + to;
    for (const index of rest.splice(0, 6)) {
      const node = rowNodes.get(index);
      if (!node || !list[index] || list[index].site) continue;
      slideOf(node).style.transform = "translateX(" + -seen.left + "px)";
      if (node.dataset.cells === key) continue;
      node.dataset.cells = key;
      const kept = node.contains(document.activeElement) ? document.activeElement.dataset.at : null;
      const cells = [];
      if (isSmall()) cells.push(cellNode(index, index === focus.row ? focus.at : from, true));
      else for (let at = from; at < to; at++) cells.push(cellNode(index, at, false));
      if (kept !== null && kept !== "-1") continue;
      slideOf(node).replaceChildren(...cells);
    }
    if (rest.length) filling = setTimeout(() => fill(rest), 0);
    else placeStop();
  }
  const slideOf = (row) => row.children[1].firstChild;
  function cellNode(index, at, isWhole) {
    const row = list[index];
    const node = el("div", { class: "c", role: "gridcell", tabindex: "-1", "data-row": index, "data-at": at, "aria-colindex": at + 2, "aria-label": isWhole ? summaryOf(row) : labelOf(row, at) });
    const wide = Math.max(geo.width, 12);
    node.style.left = (at + 0.5) * geo.width - wide / 2 + "px"; node.style.width = wide + "px";
    return node;
  }
  function placeOf(of, at) {
    let low = 0, high = of.at.length;
    while (low < high) { const middle = (low + high) >> 1; if (of.at[middle] < at) low = middle + 1; else high = middle; }
    return low;
  }
  function bitsOf(row, at) {
    if (!row || !row.marks) return [0, 0];
    const place = placeOf(row.marks, at);
    return row.marks.at[place] === at ? [row.marks.left[place], row.marks.right[place]] : [0, 0];
  }
  const rowName = (row) => (row.site ? row.site.name : row.never ? "Lines never stored" : row.id === undefined ? row.name || "(no name)" : nameOf(row.id));
  function labelOf(row, at) {
    const [left, right] = bitsOf(row, at);
    if (!left && !right) return null;
    return rowName(row) + " at #" + entries[at].i + ": " + [...kindsOf(left), ...kindsOf(right)].map((kind) => WORDS[kind]).join(", ");
  }
  function summaryOf(row) {
    const found = {};
    row.marks.at.forEach((at, index) => { for (const bits of [row.marks.left[index], row.marks.right[index]]) for (const kind of kindsOf(bits)) found[kind] = (found[kind] || 0) + 1; });
    return rowName(row) + ": " + Object.entries(found).map(([kind, count]) => WORDS[kind] + " " + number(count)).join(", ");
  }

  // Colours and shapes are those of the style and of the symbols.
  function dip() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["panel", "soft", "line", "sel", "life", "ink2", "sent", "set", "bad", "warn", "scope", "script", "end", "ink"]) ink[name] = style.getPropertyValue("--" + name).trim();
    ink.of = { sent: ink.sent, set: ink.set, replaced: ink.set, expired: ink.end, refused: ink.bad, deviation: ink.bad, withheld: ink.warn, scope: ink.scope, script: ink.script, vanished: ink.script, none: ink.scope };
    sprites = {};
    for (const kind of KINDS) {
      const svg = mark(kind);
      document.body.append(svg);
      const look = getComputedStyle(svg);
      const sprite = document.createElement("canvas");
      sprite.width = sprite.height = 39;
      const pen = sprite.getContext("2d");
      pen.scale(3, 3);
      for (const part of $("#" + kind).children) {
        const of = (name) => Number(part.getAttribute(name));
        const path = new Path2D(part.getAttribute("d") || undefined);
        if (part.localName === "circle") path.arc(of("cx"), of("cy"), of("r"), 0, 7);
        if (part.localName === "rect") path.rect(of("x"), of("y"), of("width"), of("height"));
        if (look.fill !== "none") { pen.fillStyle = look.fill; pen.fill(path); }
        if (look.stroke !== "none") {
          pen.strokeStyle = look.stroke;
          pen.lineWidth = of("stroke-width") || parseFloat(look.strokeWidth);
          pen.setLineDash((part.getAttribute("stroke-dasharray") || "").split(" ").filter(Boolean).map(Number));
          pen.stroke(path);
        }
      }
      svg.remove();
      sprites[kind] = sprite;
    }
  }
  function paint() {
    const { top, left, rows: [rowFrom, rowTo], cols: [colFrom, colTo] } = seen;
    const { width, row: high, room } = geo;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.fillStyle = ink.panel; pen.fillRect(0, 0, room, geo.body);
    for (let index = rowFrom; index < rowTo; index++) {
      const y = index * high - top, row = list[index];
      const colour = row.site ? ink.soft : isChosen(row) || index === hot.row ? ink.sel : null;
      if (colour) { pen.fillStyle = colour; pen.fillRect(0, y, room, high); }
    }
    pen.fillStyle = ink.sel;
    for (const at of [chosenAt(), hot.at]) if (at >= colFrom && at < colTo && width >= 1) pen.fillRect(at * width - left, 0, Math.max(1, width), geo.body);
    pen.globalAlpha = 0.5; pen.fillStyle = ink.line;
    for (let index = rowFrom; index < rowTo; index++) pen.fillRect(0, index * high - top + high - 1, room, 1);
    pen.globalAlpha = 1;
    if (starts.length * 3 < room * count / Math.max(1, colTo - colFrom)) for (const at of starts) if (at > colFrom - 1 && at < colTo && at) pen.fillRect(Math.round(at * width - left), 0, 1, geo.body);
    for (let index = rowFrom; index < rowTo; index++) {
      const row = list[index], y = Math.round(index * high - top) + Math.floor(high / 2);
      if (!row.marks) continue;
      pen.fillStyle = ink.life;
      if (row.id !== undefined) for (const [from, to] of lives[row.id].pieces) bar(from * width - left, to * width - left, y, 2);
      else if (row.site) row.marks.living.forEach(([from, living], place, all) => { if (living) bar(from * width - left, (place + 1 < all.length ? all[place + 1][0] : count) * width - left, y, Math.min(10, 1 + living)); });
      if (width < 1) paintBins(row, y); else if (width < 12) paintPlaces(row, y); else paintShapes(row, y);
    }
    pen.globalAlpha = 1;
  }
  function bar(from, to, y, thick) {
    const left = Math.max(0, from), right = Math.min(geo.room, to);
    if (right > left) pen.fillRect(left, y - thick / 2, right - left, thick);
  }
  /** How strongly a mark is drawn: not at all if it is hidden, faintly if it is dimmed. */
  function strength(row, at, bits) {
    if (lit.size && !lit.has(row.key + "@" + at)) return 0.22;
    if (shown(bits, at)) return 1;
    return state.hide ? 0 : 0.16;
  }
  function paintShapes(row, y) {
    const of = row.marks, { width } = geo;
    for (let place = placeOf(of, seen.cols[0]); place < of.at.length && of.at[place] < seen.cols[1]; place++) {
      const at = of.at[place], x = at * width - seen.left;
      const both = of.left[place] && of.right[place];
      const big = width >= 28 ? 13 : both ? Math.max(8, width * 0.5) : Math.min(13, width - 1);
      const at0 = width >= 28 ? LEFT : both ? 0.26 : 0.46, at1 = width >= 28 ? RIGHT : both ? 0.74 : 0.54;
      for (const [bits, share] of [[of.left[place], at0], [of.right[place], at1]]) {
        if (!bits) continue;
        const left = shown(bits, at);
        pen.globalAlpha = strength(row, at, bits);
        if (!pen.globalAlpha) continue;
        pen.drawImage(sprites[worst(left || bits)], x + share * width - big / 2, y - big / 2, big, big);
        const many = of.many && of.many.get(at);
        if (many > 1 && width >= 24) { pen.fillStyle = ink.of[worst(bits)]; pen.font = "600 11px system-ui,sans-serif"; pen.textAlign = "right"; pen.textBaseline = "middle"; pen.fillText(many, x + share * width - 8, y + 0.5); }
      }
    }
    pen.globalAlpha = 1;
  }
  // Under twelve pixels a request: above the line answers, below requests, through it what was refused.
  const ABOVE = BIT.set | BIT.replaced | BIT.script, BELOW = BIT.withheld | BIT.sent, THROUGH = BIT.refused | BIT.deviation, END = BIT.expired | BIT.vanished;
  const STROKES = { set: [-8, 7], replaced: [-5, 4], script: [-6, 5], withheld: [2, 7], sent: [2, 3], refused: [-8, 16], deviation: [-8, 16], expired: [-6, 12], vanished: [-6, 12] };
  function strokes(bits, each) {
    for (const place of [BELOW, ABOVE, END, THROUGH]) if (bits & place) each(worst(bits & place));
  }
  function paintPlaces(row, y) {
    const of = row.marks, { width } = geo, wide = Math.max(1, Math.min(3, width - 1));
    for (let place = placeOf(of, seen.cols[0]); place < of.at.length && of.at[place] < seen.cols[1]; place++) {
      const at = of.at[place], bits = of.left[place] | of.right[place];
      pen.globalAlpha = strength(row, at, bits);
      if (!pen.globalAlpha) continue;
      const x = (at + 0.5) * width - seen.left - wide / 2;
      strokes(shown(bits, at) || bits, (kind) => { pen.fillStyle = ink.of[kind]; pen.fillRect(x, y + STROKES[kind][0], wide, STROKES[kind][1]); });
    }
    pen.globalAlpha = 1;
  }
  // Under a pixel a request: a pixel stands for several, and shows the worst at each place.
  const bins = new Map();
  function binsOf(row) {
    const of = row.marks;
    let bin = bins.get(row.key);
    if (!bin) {
      bin = new Uint16Array(Math.ceil(geo.width * count) + 1);
      of.at.forEach((at, index) => { bin[Math.floor(at * geo.width)] |= state.filter && state.hide ? shown(of.left[index] | of.right[index], at) : of.left[index] | of.right[index]; });
      bins.set(row.key, bin);
      section.dataset.bins = bin.length;
    }
    return bin;
  }
  function paintBins(row, y) {
    const bin = binsOf(row), from = Math.floor(seen.left);
    const wanted = state.filter && !state.hide ? FILTERS.get(state.filter) : undefined;
    const run = {};
    const flush = (kind) => { const it = run[kind]; if (!it) return; pen.globalAlpha = wanted !== undefined && !(wanted & BIT[kind]) ? 0.16 : 1; pen.fillStyle = ink.of[kind]; pen.fillRect(it[0], y + STROKES[kind][0], it[1] - it[0], STROKES[kind][1]); run[kind] = null; };
    for (let x = 0; x <= geo.room && from + x < bin.length; x++) {
      strokes(bin[from + x], (kind) => {
        if (run[kind] && run[kind][1] === x) run[kind][1] = x + 1;
        else { flush(kind); run[kind] = [x, x + 1]; }
      });
    }
    for (const kind of Object.keys(run)) flush(kind);
    pen.globalAlpha = 1;
  }

  // All requests in three lanes, where they do not fit or have no room for shapes.
  const overPen = over.getContext("2d");
  let overSaved = null, overScale = 1;
  function overview() {
    if (!geo.over) return;
    const width = section.clientWidth, height = geo.over;
    over.width = width * scale; over.height = height * scale;
    overPen.setTransform(scale, 0, 0, scale, 0, 0);
    const bins = Array.from({ length: Math.max(1, Math.min(count, Math.floor(geo.room / 3))) }, () => [0, 0, 0]);
    entries.forEach((entry, at) => {
      const bin = bins[Math.floor((at * bins.length) / count)];
      bin[0] += entry.lines.filter((line) => line.r === "rejected").length;
      bin[1] += entry.missed.length + entry.wh.filter((it) => it[2]).length;
      bin[2] += entry.sent.length;
    });
    const most = Math.max(1, ...bins.map((bin) => bin[2])), wide = geo.room / bins.length;
    bins.forEach((bin, index) => {
      const x = geo.start + index * wide, thick = Math.max(1, Math.min(6, wide - 1));
      const lane = (name, y, size) => { overPen.fillStyle = ink[name]; overPen.fillRect(x, y, thick, size); };
      if (bin[0]) lane("bad", 4, 9);
      if (bin[1]) lane("warn", 16, 9);
      if (bin[2]) lane("sent", 43 - Math.max(1, (15 * bin[2]) / most), Math.max(1, (15 * bin[2]) / most));
    });
    overPen.fillStyle = ink.ink2;
    overPen.font = "11px system-ui,sans-serif";
    overPen.textAlign = "right";
    overPen.fillText("refused", geo.start - 8, 13); overPen.fillText("withheld", geo.start - 8, 25); overPen.fillText("sent", geo.start - 8, 40);
    overPen.textAlign = "left";
    if (geo.start > 160) { overPen.font = "600 12px system-ui,sans-serif"; overPen.fillStyle = ink.ink; overPen.fillText("Overview", 8, 14); overPen.font = "11px system-ui,sans-serif"; overPen.fillStyle = ink.ink2; overPen.fillText("all " + plural(count, "request"), 8, 29); }
    overSaved = null;
    overScale = scale;
    overWindow();
  }
  /** The part that is in view, as a frame over the overview. */
  function overWindow() {
    const frame = $("#frame");
    const share = (place) => geo.start + Math.max(0, Math.min(1, place)) * geo.room;
    const whole = geo.width * count;
    const [from, to] = drag ? [Math.min(drag.from, drag.to) / count, (Math.max(drag.from, drag.to) + 1) / count] : [view.scrollLeft / whole, (view.scrollLeft + geo.room) / whole];
    frame.hidden = !geo.over || (!drag && to - from >= 0.999);
    frame.style.left = share(from) + "px"; frame.style.width = Math.max(3, share(to) - share(from)) + "px";
  }

  // Filters.
  const chips = $("#chips"), said = $("#said");
  for (const kind of CHIPS) {
    const of = kind === "script" ? ["script", "vanished"] : [kind];
    const many = of.reduce((sum, it) => sum + counts[it], 0);
    if (!many && !["sent", "refused", "withheld"].includes(kind)) continue;
    chips.append(el("button", { type: "button", "aria-pressed": "false", "data-kind": kind, onclick: () => toggle(kind) }, of.filter((it) => counts[it] || it === kind).map(mark), WORDS[kind], el("span", {}, number(many))));
  }
  function toggle(kind) {
    if (state.filter !== kind) { state.filter = kind; state.hide = false; }
    else if (!state.hide) state.hide = true;
    else { state.filter = null; state.hide = false; }
    save();
    layout();
    showFilter();
  }
  function showFilter() {
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.kind === state.filter));
    const words = [];
    if (state.filter) {
      const what = REQUESTS[state.filter] || (state.filter === "stored" ? "stored" : WORDS[state.filter]);
      if (!state.hide) words.push("Others than " + what + " are dimmed.");
      else {
        let hidden = 0;
        const all = [...marks, ...[...never.values()].map((it) => it.marks)];
        for (const of of all) of.at.forEach((at, index) => { for (const bits of [of.left[index], of.right[index]]) hidden += kindsOf(bits & ~shown(bits, at)).length; });
        const gone = cookies.filter((_, id) => !hasShown(marks[id])).length;
        words.push(plural(hidden, "mark") + " and " + plural(gone, "cookie") + " are hidden.");
      }
    }
    if (state.query) words.push(plural(cookies.filter((_, id) => matches(id)).length, "cookie") + " of " + number(cookies.length) + " match.");
    said.textContent = words.join(" ");
    $("#clear").hidden = !words.length;
    $("#note").hidden = !words.length;
  }
  function clear() {
    state.filter = null; state.hide = false; state.query = "";
    $("#search").value = "";
    save(); layout(); showFilter();
    $("#search").focus();
  }

  // Panes.
  const requestLink = (at) => el("a", { href: "#p=r" + at }, "#" + entries[at].i);
  function requestLinks(list, most = 12) {
    const links = list.slice(0, most).flatMap((at, index) => [index ? " " : "", requestLink(at)]);
    return list.length > most ? [...links, " and " + number(list.length - most) + " more"] : links;
  }
  const cookieLink = (id, ...more) => el("a", { class: "nm", href: "#p=c" + id }, nameOf(id), ...more);
  function step(reason) {
    const of = reason && reasons[reason];
    if (!of || (!of.step && !of.dev)) return null;
    return el("p", { class: "ref" }, of.link ? el("a", { href: of.link, rel: "noreferrer" }, of.step) : of.step, of.dev && el("span", {}, of.dev + " in DevTools"));
  }
  function lineOf(line) {
    return el("code", { class: "ln" }, line.shown.map(([text, how]) => (how === "v" ? letterOf(text) : how === "a" ? el("ins", {}, text) : how === "d" ? el("del", {}, text) : text)));
  }
  const letterOf = (text) => (text ? el("i", { class: "v", title: data.hidden ? "stands for the value" : "the value" }, text) : "");
  const facts = (text) => { const [wrong, fix] = wrongAndFix(text); return [el("div", {}, ...prose(capital(wrong) + ".")), fix && el("div", { class: "fix" }, ...prose(capital(fix) + "."))]; };
  function top(what, earlier, later, arrows) {
    const link = (to, arrow, word) => (to ? el("a", { href: "#p=" + to, "aria-label": word }, arrow) : el("span", { "aria-hidden": "true" }, arrow));
    return el("div", { class: "top" }, el("a", { href: "#p=", class: "back" }, "‹ Findings"), el("kbd", {}, "Esc"), el("span", { class: "of" }, what), link(earlier, arrows[0], "Previous"), link(later, arrows[1], "Next"));
  }
  function cookiePane(id) {
    const cookie = cookies[id], life = lives[id], of = marks[id];
    const place = ordered.indexOf(id);
    const beside = (by) => (ordered[place + by] === undefined ? null : "c" + ordered[place + by]);
    const box = el("div", { class: "box" }, top("Cookie " + (place + 1) + " of " + cookies.length, beside(-1), beside(1), ["↑", "↓"]),
      el("h2", { tabindex: "-1" }, el("code", {}, nameOf(id))), el("p", { class: "sub" }, cookie.scope.replace("*.", "") + (cookie.ho ? " only" : " and below") + ", path " + cookie.path + ", " + (cookie.first ? "first" : "third") + " party, " + plural(cookie.oct, "octet")));
    const why = new Map();
    of.at.forEach((at, index) => {
      if (!(of.left[index] & BIT.withheld)) return;
      for (const it of detail(id, at)[0]) if (it.kind === "withheld") why.set(it.reason, (why.get(it.reason) || []).concat(at));
    });
    // What is the cookie's own comes before what is the request's.
    const isOwn = ([reason]) => Number(reason === "no-credentials" || reason === "third-party-blocked");
    for (const [reason, list] of [...why].sort((a, b) => isOwn(a) - isOwn(b))) box.append(el("div", { class: "why" }, el("b", {}, "Why was it not sent to ", ...requestLinks(list, 8), "?"), facts(reasons[reason].t), step(reason)));
    const fact = (is, yes, no) => el("span", { class: is ? "" : "no" }, is ? el("b", {}, yes) : no);
    box.append(el("p", { class: "facts" }, el("span", {}, "Lifetime ", el("b", {}, cookie.life), cookie.asked ? ", asked for " + cookie.asked : ""), fact(cookie.sec, "Secure", "not Secure"), fact(cookie.http, "HttpOnly", "not HttpOnly"),
      el("span", {}, "SameSite ", el("b", {}, cookie.ss)), cookie.part ? el("span", {}, "partition ", el("b", {}, cookie.part)) : fact(false, "", "not partitioned"), el("span", {}, "at the end: ", el("b", {}, life.end))));
    box.append(el("h3", {}, "Its life", el("small", {}, letterOf("A"), " one letter, one value")));
    box.append(lifeOf(id));
    if (cookie.find.length) box.append(el("h3", {}, "What lint finds"), el("ul", {}, cookie.find.map((it) => el("li", {}, el("b", {}, it[0]), ": ", ...prose(it[1])))));
    return box;
  }
  const MOST = 300;
  function lifeOf(id) {
    const of = marks[id];
    const node = el("ol", { class: "life", "aria-label": "Its life" });
    const item = (links, shapes, ...words) => el("li", {}, el("span", { class: "at" }, links), el("span", { class: "how" }, shapes), el("div", {}, words));
    if (before.has(id)) node.append(item("", "", "here before the recording"));
    let run = null, last = null;
    of.at.some((at, index) => {
      const entry = entries[at], [left, right] = detail(id, at);
      const letter = entry.letters[entry.sent.indexOf(id)] || "";
      const key = right.length ? null : left.map((it) => it.kind + it.text).join() + letter;
      if (run && key && run.key === key) { run.at.push(at); const { at: all } = run; run.node.firstChild.replaceChildren(...requestLinks(all.length > 3 ? [all[0]] : all), all.length > 3 ? " … " : "", all.length > 3 ? requestLink(all[all.length - 1]) : "", all.length > 3 ? el("small", {}, " " + number(all.length) + "×") : ""); return false; }
      if (node.children.length >= MOST) { node.append(item("", "", "and more: " + plural(of.at.length - index, "request"))); return true; }
      const nav = starts.filter((it) => it <= at).pop();
      if (nav !== last && last !== null && entries[nav].nav) node.append(el("li", { class: "sep" }, entries[nav].nav + ": " + (entries[nav].m === "GET" ? "" : entries[nav].m + " ") + entries[nav].path + ", " + seconds(entries[nav])));
      last = nav;
      const words = [];
      for (const it of left) words.push(el("div", {}, it.kind === "sent" ? "sent " : it.kind === "withheld" ? el("b", {}, "not sent") : it.kind === "scope" ? "out of scope" : it.kind === "script" ? "by a script " : it.kind === "vanished" ? "vanished" : "sent ", WENT & BIT[it.kind] ? letterOf(letter) : "", it.kind === "sent" ? (before.has(id) && at === of.at[0] ? "" : it.text && el("small", {}, it.text)) : it.text ? [it.kind === "script" ? " " : ": ", ...prose(wrongAndFix(it.text)[0])] : ""));
      for (const it of right) {
        const isKept = it.line.r !== "rejected" && it.line.r !== "ignored";
        words.push(el("div", {}, el("b", {}, WORDS[it.kind]), isKept && it.kind !== "expired" ? [it.kind === "replaced" ? " by " : " to ", letterOf(it.line.l)] : "", it.text ? [": ", ...prose(wrongAndFix(it.text)[0])] : ""));
        if (it.line.r === "rejected") words.push(lineOf(it.line), step(it.reason));
      }
      const shapes = [...left, ...right].map((it) => mark(it.kind));
      const one = item(requestLink(at), shapes, words);
      node.append(one);
      run = { key, at: [at], node: one };
      return false;
    });
    return node;
  }
  function requestPane(at) {
    const entry = entries[at];
    const beside = (to) => (entries[to] ? "r" + to : null);
    const box = el("div", { class: "box" }, top("Request " + (at + 1) + " of " + number(count), beside(at - 1), beside(at + 1), ["←", "→"]),
      el("h2", { tabindex: "-1" }, el("code", {}, entry.m + " " + entry.u)),
      el("p", { class: "sub" }, "#" + entry.i + (entry.s ? ", " + entry.s : ""), entry.to !== null ? [" to ", requestLink(entry.to)] : "", entry.rf !== null ? [", redirected from ", requestLink(entry.rf)] : "", ", " + seconds(entry)));
    const verdict = { agree: "as predicted", explained: "explained", unexplained: "not explained" }[verdictOf(entry)];
    box.append(el("dl", {}, el("dt", {}, "Context"), el("dd", {}, entry.ctx), el("dt", {}, "Told by"), el("dd", {}, entry.by || "nothing"), el("dt", {}, "Cookie header"), el("dd", {}, plural(entry.sent.length, "cookie") + ", ", el("b", {}, verdict))));
    const group = (shape, words, many) => el("h3", {}, mark(shape), el("span", {}, words), el("small", {}, number(many)));
    if (entry.sent.length) box.append(group("sent", "Sent, in this order", entry.sent.length), el("p", {}, entry.sent.map((id, index) => [cookieLink(id, " ", letterOf(entry.letters[index])), " "])));
    for (const it of entry.diff) box.append(el("p", { class: "dif" }, mark(it.x ? (it.r ? "script" : "withheld") : "deviation"), el("span", {}, el("code", {}, it.n || "(no name)"), ": ", ...prose(it.t))));
    const by = new Map();
    for (const [id, reason] of [...entry.missed, ...entry.wh]) by.set(reason, (by.get(reason) || []).concat(id));
    for (const [reason, ids] of by) {
      const [wrong, fix] = wrongAndFix(reasons[reason].t);
      box.append(group("withheld", ["Not sent: ", ...prose(wrong)], ids.length), el("p", {}, ids.map((id) => [cookieLink(id), " "])), fix && el("p", { class: "fix" }, ...prose(capital(fix) + ".")), step(reason) || "");
    }
    for (const why of ["another path", "another host"]) {
      const ids = entry.oos.filter((id) => scopeOf(id, entry) === why);
      if (ids.length) box.append(group("scope", "Out of scope: " + why, ids.length), el("p", {}, ids.map((id) => [cookieLink(id), " "])));
    }
    box.append(el("h3", {}, el("span", {}, entry.lines.length ? "Its answer’s Set-Cookie lines" : "Its answer has no Set-Cookie line"), entry.lines.length ? el("small", {}, number(entry.lines.length)) : ""));
    for (const line of entry.lines) {
      const kind = line.d ? "deviation" : RESULTS[line.r];
      const [wrong, fix] = line.t ? wrongAndFix(line.t) : ["", ""];
      box.append(el("div", { class: "said" }, lineOf(line), el("p", {}, mark(kind), el("span", {}, el("b", {}, line.r === "rejected" ? "refused" : line.r === "ignored" ? "no effect" : line.r), line.d ? ", but the browser differs: " + line.d : "", wrong ? [": ", ...prose(wrong)] : "", line.c !== null ? [" ", cookieLink(line.c)] : "")), fix && el("p", { class: "fix" }, ...prose(capital(fix) + ".")), step(line.q) || ""));
    }
    return box;
  }
  /** The marks at this zoom, where they are no shapes. */
  function legend() {
    const node = legendNode;
    node.hidden = !isSmall();
    if (node.childElementCount > 1 || node.hidden) return;
    const rows = [["set", "Above the line, tall: set"], ["replaced", "Above, short: replaced"], ["script", "Above, in between: by a script"], ["sent", "Below the line, short: sent"], ["withheld", "Below, long: withheld"], ["refused", "Through the line: refused"], ["expired", "An end of the line: deleted, or vanished"]];
    node.append(el("ul", {}, rows.map(([kind, words]) => {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("class", "lg"); svg.setAttribute("aria-hidden", "true");
      for (const [x, y, wide, high, name] of [[0, 9, 34, 2, "life"], [16, 10 + STROKES[kind][0], 3, STROKES[kind][1], kind]]) {
        const rect = document.createElementNS(SVG, "rect");
        for (const [key, value] of [["x", x], ["y", y], ["width", wide], ["height", high], ["class", "l-" + name]]) rect.setAttribute(key, value);
        svg.append(rect);
      }
      return el("li", {}, svg, words);
    })), el("p", {}, "Press ", el("kbd", {}, "+"), " in the timeline, or drag over the overview: from 12 px a request the shapes come back, from 24 px the labels."));
  }

  let byKey = false, origin = null, wasPane = "";
  function showPane() {
    const [, kind, place] = /^([crf])(\d+)$/.exec(state.pane) || [];
    const id = Number(place);
    const isPane = (kind === "c" && cookies[id]) || (kind === "r" && entries[id]);
    if (!isPane && kind !== "f") state.pane = "";
    lit.clear();
    const was = section.getBoundingClientRect().top;
    pane.classList.toggle("sheet", Boolean(isPane));
    if (isPane) {
      pane.replaceChildren(kind === "c" ? cookiePane(id) : requestPane(id));
      // Over a sheet the findings stay where they are, so that nothing moves.
      if (isSheet()) pane.before(findings); else findings.remove();
      pane.setAttribute("aria-label", kind === "c" ? "Cookie" : "Request");
      if (state.pane !== wasPane) pane.scrollTop = 0;
    } else {
      pane.replaceChildren(findings);
      pane.setAttribute("aria-label", "Findings");
      if (kind === "f" && causes[id]) {
        light(id);
        if (state.pane !== wasPane && causes[id].at.length) reveal(causes[id].at[0], null);
      }
    }
    for (const node of findings.querySelectorAll(".card")) {
      const isLit = node.id === "p=" + state.pane;
      node.classList.toggle("lit", isLit);
      if (isLit && state.pane !== wasPane) {
        const folded = node.closest("details");
        if (folded) folded.open = true;
        node.scrollIntoView({ block: "nearest" });
      }
    }
    if (isSheet()) scrollBy({ top: section.getBoundingClientRect().top - was, behavior: "instant" });
    if (hasTimeline && state.pane !== wasPane) {
      if (kind === "r" && entries[id]) reveal(id, null);
      if (kind === "c" && cookies[id]) show(id);
    }
    wasPane = state.pane;
    for (const node of rowNodes.values()) node.remove();
    rowNodes.clear();
    for (const [at, node] of colNodes) node.classList.toggle("on", at === chosenAt());
    draw();
    if (isPane && byKey) $("h2", pane).focus({ preventScroll: !isSheet() });
    byKey = false;
  }
  /** Opens the site of a cookie, so that its row is there. */
  function show(id) {
    const of = siteOf.get(cookies[id].site);
    if (of.open) return;
    of.open = true;
    layout();
  }
  function light(place) {
    const cause = causes[place];
    for (const at of cause.at) {
      const entry = entries[at];
      const hit = (id) => lit.add("c" + id + "@" + at).add("s" + cookies[id].site + "@" + at);
      if (cause.k === "refused") for (const line of entry.lines) { if (line.q !== cause.q) continue; if (line.c !== null) hit(line.c); else lit.add("n" + entry.site + "@" + at).add("l" + entry.site + "\n" + line.n + "@" + at).add("s" + entry.site + "@" + at); }
      for (const [id, reason] of [...entry.wh, ...entry.missed]) if (reason === cause.q) hit(id);
      for (const it of entry.diff) if (it.q === cause.q) for (const id of [...entry.sent, ...entry.gone.map((one) => one[0])]) if (cookies[id].n === it.n) hit(id);
    }
  }
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  /** Brings a request into view, and a row too if there is one. */
  function reveal(at, row) {
    const left = at * geo.width;
    if (at >= 0 && (left < view.scrollLeft || left + geo.width > view.scrollLeft + geo.room)) glide(Math.max(0, left - geo.room / 2));
    if (row === null || row < 0) return;
    const above = section.getBoundingClientRect().top + geo.over + geo.head, y = above + row * geo.row;
    const low = geo.bar + geo.over + geo.head, high = innerHeight - 12 - geo.row;
    if (y < low) scrollBy({ top: y - low, behavior: "instant" });
    else if (y > high) scrollBy({ top: y - high, behavior: "instant" });
  }
  let gliding = 0;
  function glide(to) {
    cancelAnimationFrame(gliding);
    const from = view.scrollLeft;
    if (isCalm.matches || document.hidden) { view.scrollLeft = to; return; }
    const began = performance.now();
    const go = (now) => {
      const share = Math.min(1, Math.max(0, (now - began) / 120));
      view.scrollLeft = from + (to - from) * share;
      if (share < 1) gliding = requestAnimationFrame(go);
    };
    gliding = requestAnimationFrame(go);
  }

  // Every state is in the fragment.
  function fragment() {
    const parts = [];
    if (state.pane || data.pane) parts.push("p=" + state.pane);
    if (state.width !== FIT) parts.push("z=" + state.width);
    if (state.filter) parts.push("f=" + state.filter + (state.hide ? "!" : ""));
    if (state.query) parts.push("q=" + encodeURIComponent(state.query));
    return parts.join("&");
  }
  function save(push = true) {
    const now = fragment();
    if (location.hash.slice(1) === now) return;
    history[push ? "pushState" : "replaceState"](null, "", now ? "#" + now : location.pathname + location.search);
  }
  const parsed = (text) => new Map(text.split("&").map((part) => { const place = part.indexOf("="); return [part.slice(0, place), part.slice(place + 1)]; }));
  function take(parts) {
    if (parts.has("z")) state.width = WIDTHS.includes(Number(parts.get("z"))) ? Number(parts.get("z")) : FIT;
    if (parts.has("f")) {
      const filter = parts.get("f").replace("!", "");
      state.filter = FILTERS.has(filter) || Object.hasOwn(REQUESTS, filter) ? filter : null;
      state.hide = Boolean(state.filter) && parts.get("f").endsWith("!");
    }
    if (parts.has("q")) { try { state.query = decodeURIComponent(parts.get("q")); } catch { state.query = ""; } }
    if (parts.has("p")) state.pane = parts.get("p");
  }
  function load() {
    Object.assign(state, { filter: null, hide: false, query: "", width: FIT, pane: data.pane });
    take(parsed(location.hash.slice(1)));
    $("#search").value = state.query;
    const was = document.activeElement;
    layout();
    showPane();
    showFilter();
    if (was && was !== document.body && !was.isConnected) goBack();
  }
  function open(name) {
    if (name && !/^[cr]/.test(state.pane)) origin = document.activeElement;
    state.pane = name;
    save();
    showPane();
    if (!name) goBack();
  }
  /** Puts the focus where it was before the pane. */
  function goBack() {
    if (origin && origin !== document.body && origin.isConnected && !grid.contains(origin)) origin.focus();
    else if (origin && hasTimeline && origin !== document.body) focusCell();
    origin = null;
  }
  // A link within the page changes what it names, and leaves the rest as it is.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    const parts = parsed(link.getAttribute("href").slice(1));
    if (!["p", "f", "z", "q"].some((key) => parts.has(key))) return;
    event.preventDefault();
    byKey = event.detail === 0;
    const inPane = pane.contains(link);
    if (parts.has("p")) {
      const name = parts.get("p");
      if (!/^[cr]/.test(state.pane) && /^[cr]/.test(name)) origin = link;
      if (inPane && /^[cr]/.test(name)) byKey = true;
      state.pane = name;
    } else take(parts);
    save();
    if (!parts.has("p")) { layout(); showFilter(); if (hasTimeline) section.scrollIntoView({ block: "nearest" }); }
    showPane();
    if (parts.has("p") && !/^[cr]/.test(state.pane)) goBack();
  });
  $(".skip").addEventListener("click", (event) => { if (!hasTimeline) return; event.preventDefault(); event.stopPropagation(); focusCell(); });

  // The tip: each half's verdict, reason and step.
  let timer = 0;
  function showTip(row, at) {
    const of = list[row];
    const box = stage.getBoundingClientRect();
    const children = [];
    if (row === -1 && at >= 0) {
      const entry = entries[at];
      children.push(el("b", {}, "#" + entry.i + " ", el("code", {}, entry.m + " " + entry.u)), el("p", {}, (entry.s ? entry.s + ", " : "") + seconds(entry) + ", " + plural(entry.sent.length, "cookie") + " sent, " + plural(entry.lines.length, "Set-Cookie line")));
    } else if (of && at >= 0 && !isSmall()) {
      const [left, right] = bitsOf(of, at);
      if (!(left | right)) return hideTip();
      children.push(el("b", {}, el("code", {}, rowName(of)), " at #" + entries[at].i + " ", el("code", {}, entries[at].m + " " + entries[at].u)));
      if (of.id !== undefined) for (const it of detail(of.id, at).flat()) {
        const [wrong, fix] = wrongAndFix(it.text), why = reasons[it.reason];
        children.push(el("p", {}, mark(it.kind), el("span", {}, el("b", {}, VERDICTS[it.kind]), wrong ? ": " : "", ...prose(wrong), fix && el("span", { class: "fix" }, ...prose(capital(fix) + ".")), why && (why.step || why.dev) && el("small", {}, [why.step, why.dev && why.dev + " in DevTools"].filter(Boolean).join(" · ")))));
      } else for (const kind of [...kindsOf(left), ...kindsOf(right)]) children.push(el("p", {}, mark(kind), el("span", {}, VERDICTS[kind])));
    } else if (of && at >= 0 && isSmall() && of.marks) {
      const label = labelOf(of, at);
      if (!label) return hideTip();
      children.push(el("b", {}, label));
    } else return hideTip();
    tip.replaceChildren(...children);
    tip.hidden = false;
    const x = box.left + geo.start + (at + 0.3) * geo.width - seen.left, y = row === -1 ? box.top + geo.head - 4 : box.top + geo.head + (row + 1) * geo.row - seen.top;
    const below = y + 4 + tip.offsetHeight <= innerHeight;
    tip.style.left = Math.max(8, Math.min(x, innerWidth - tip.offsetWidth - 12)) + "px";
    tip.style.top = Math.max(8, below ? y + 4 : y - geo.row - tip.offsetHeight - 4) + "px";
  }
  function hideTip() { tip.hidden = true; }
  function under(event) {
    const box = stage.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const at = x < geo.start || x >= geo.start + geo.room ? -1 : Math.floor((x - geo.start + view.scrollLeft) / geo.width);
    const row = y < geo.head ? -1 : Math.floor((y - geo.head + seen.top) / geo.row);
    return { row: row < list.length ? row : -2, at: at < count ? at : -1 };
  }
  let mouse = null, moving = 0;
  view.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    mouse = event;
    if (!moving) moving = requestAnimationFrame(() => { moving = 0; hover(under(mouse)); });
  });
  function hover(to) {
    clearTimeout(timer);
    if (to.row === hot.row && to.at === hot.at) return;
    const was = hot;
    hot = to;
    for (const [node, is] of [[rowNodes.get(was.row), false], [colNodes.get(was.at), false], [rowNodes.get(to.row), true], [colNodes.get(to.at), true]]) if (node) node.classList.toggle("hot", is);
    paint();
    showTip(to.row, to.at);
  }
  view.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "touch") return;
    timer = setTimeout(() => { hideTip(); hover({ row: -1, at: -1 }); }, 200);
  });
  tip.addEventListener("mouseenter", () => clearTimeout(timer));
  tip.addEventListener("mouseleave", hideTip);
  // A tap elsewhere ends what a tap began.
  document.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch" && !view.contains(event.target) && !tip.contains(event.target)) { touched = ""; hideTip(); if (hasTimeline) hover({ row: -1, at: -1 }); } });
  let touched = "";
  view.addEventListener("click", (event) => {
    if (!stage.contains(event.target)) return;
    const to = under(event);
    // The first tap is what hovering is, the second a click.
    const key = to.row + "@" + to.at;
    if (event.pointerType === "touch" && to.row >= 0 && to.at >= 0 && touched !== key) { touched = key; hover(to); return; }
    touched = "";
    if (to.row === -2) return;
    focus = { row: to.row, at: to.at >= 0 || to.row < 0 ? to.at : focus.at };
    byKey = event.detail === 0;
    choose(to.row, to.at);
  });
  function choose(row, at) {
    const of = list[row];
    hideTip();
    if (row === -1) { if (at >= 0) openFrom("r" + at); }
    else if (!of) return;
    else if (of.site) { of.site.open = !of.site.open; layout(); }
    else if (of.never && at < 0) { of.never.unfolded = !of.never.unfolded; layout(); }
    else if (of.id !== undefined) openFrom("c" + of.id);
    else if (at >= 0 && bitsOf(of, at)[1]) openFrom("r" + at);
  }
  function openFrom(name) {
    if (!/^[cr]/.test(state.pane)) origin = grid;
    state.pane = name;
    save();
    showPane();
  }

  // Keys, while the timeline has the focus. One cell of it is a stop of Tab.
  function cellAt(row, at) {
    if (row === -1) return colNodes.get(at) || null;
    const node = rowNodes.get(row), of = list[row];
    if (!node || !of) return null;
    if (at < 0 || of.site) return node.firstChild;
    const cells = slideOf(node);
    cells.style.transform = "translateX(" + -seen.left + "px)";
    let cell = $('[data-at="' + at + '"]', cells);
    if (!cell) {
      if (isSmall()) cells.replaceChildren();
      cell = cellNode(row, at, false);
      const next = [...cells.children].find((it) => Number(it.dataset.at) > at);
      cells.insertBefore(cell, next || null);
    } else if (isSmall()) cell.setAttribute("aria-label", labelOf(of, at) || summaryOf(of));
    return cell;
  }
  function setStop(node) {
    if (stop && stop !== node) stop.tabIndex = -1;
    stop = node;
    if (node) node.tabIndex = 0;
  }
  function placeStop() {
    if (stop && stop.isConnected && stop.tabIndex === 0) return;
    const [rowFrom, rowTo] = seen.rows;
    const row = focus.row >= rowFrom && focus.row < rowTo ? focus.row : rowFrom;
    const at = focus.at < 0 || (focus.at >= seen.cols[0] && focus.at < seen.cols[1]) ? focus.at : seen.cols[0];
    setStop(cellAt(row, at));
  }
  function focusCell(move = true) {
    if (!list.length) return;
    if (focus.row === -1 && geo.width < 12) focus.row = 0;
    if (move) { cancelAnimationFrame(gliding); const calm = view.scrollLeft; reveal(focus.at, focus.row); if (gliding && view.scrollLeft === calm) { cancelAnimationFrame(gliding); jump(focus.at); } }
    draw();
    const cell = cellAt(focus.row, focus.at);
    if (!cell) return;
    setStop(cell);
    cell.setAttribute("aria-describedby", "tip");
    cell.focus({ preventScroll: true });
  }
  function jump(at) {
    const left = at * geo.width;
    if (left < view.scrollLeft || left + geo.width > view.scrollLeft + geo.room) view.scrollLeft = Math.max(0, left - geo.room / 2);
  }
  function moveRow(by) {
    const least = geo.width < 12 ? 0 : -1;
    focus.row = Math.max(least, Math.min(list.length - 1, focus.row + by));
    if (focus.row === -1 && focus.at < 0) focus.at = Math.max(0, seen.cols[0]);
  }
  function moveTo(test, by) {
    for (let at = focus.at + by; at >= 0 && at < count; at += by) if (test(at)) { focus.at = at; return; }
  }
  /** The next or the previous finding: in this row, then in those after or before it, and around. */
  function finding(by) {
    let { row, at } = focus;
    if (row < 0) { row = 0; at = -1; }
    for (let tries = 0; tries <= list.length; tries++) {
      const of = list[row];
      if (of.marks && !of.site) {
        const places = of.marks.at.filter((place, index) => (of.marks.left[index] | of.marks.right[index]) & BAD && (by > 0 ? place > at : place < at));
        if (places.length) { focus = { row, at: by > 0 ? places[0] : places[places.length - 1] }; return; }
      }
      row = (row + by + list.length) % list.length;
      at = by > 0 ? -1 : count;
    }
  }
  const keys = {
    ArrowLeft: () => { if (focus.row >= 0) focus.at = Math.max(-1, focus.at - 1); else focus.at = Math.max(0, focus.at - 1); }, ArrowRight: () => { focus.at = Math.min(count - 1, focus.at + 1); },
    ArrowUp: () => moveRow(-1), ArrowDown: () => moveRow(1), Home: () => { focus.at = 0; }, End: () => { focus.at = count - 1; },
    PageUp: () => moveRow(-10), PageDown: () => moveRow(10),
    "[": () => moveTo((at) => entries[at].nav, -1), "]": () => moveTo((at) => entries[at].nav, 1), n: () => finding(1), p: () => finding(-1),
  };
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); focusCell(); }
    else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); byKey = true; const was = document.activeElement; choose(focus.row, focus.row >= 0 && was && was.dataset.at === "-1" ? -1 : focus.at); byKey = false; }
    else if (event.key === "+" || event.key === "=") zoom(1); else if (event.key === "-") zoom(-1); else if (event.key === "0") setWidth(FIT);
    else if (event.key === "/") { event.preventDefault(); $("#search").focus(); }
    else if (event.key === "?") { event.preventDefault(); $("#keys").open = true; $("#keys summary").focus(); }
  });
  view.addEventListener("focusin", (event) => {
    const node = event.target.closest("[data-row]");
    if (!node) return;
    const at = Number(node.dataset.at), row = Number(node.dataset.row);
    focus = { row, at: list[row] && list[row].site && at < 0 && focus.at >= 0 ? focus.at : at };
    setStop(node);
    showTip(row, at);
  });
  view.addEventListener("focusout", hideTip);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) { hideTip(); return; }
    const help = $("#keys");
    if (help && help.open) { const inHelp = help.contains(document.activeElement); help.open = false; if (inHelp && hasTimeline) focusCell(); return; }
    if (/^[crf]/.test(state.pane)) { if (!origin && grid.contains(document.activeElement)) origin = grid; open(""); }
  });

  // Only what is in view is drawn, once a frame.
  let frame = 0;
  const later = () => { if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); }); };
  view.addEventListener("scroll", () => { if (hot.row >= 0) hideTip(); later(); }, { passive: true });
  addEventListener("scroll", () => { if (hasTimeline && scrolled() !== seen.top) { if (hot.row >= 0) hideTip(); later(); } }, { passive: true });
  addEventListener("popstate", load);

  // Tools.
  function zoom(by) {
    const order = WIDTHS.filter((width) => width !== FIT);
    const next = by > 0 ? order.find((width) => width > geo.width + 0.01) : [...order].reverse().find((width) => width < geo.width - 0.01);
    if (next !== undefined && (by > 0 || next > fit())) setWidth(next);
    else if (by < 0) setWidth(FIT);
  }
  function setWidth(width, from) {
    state.width = width;
    save();
    layout();
    if (from === undefined) { const at = Math.max(0, focus.at); view.scrollLeft = Math.max(0, at * geo.width - geo.room / 2); }
    else view.scrollLeft = from * geo.width;
    draw();
    if (grid.contains(document.activeElement)) focusCell(false);
  }
  for (const [id, act] of [["in", () => zoom(1)], ["out", () => zoom(-1)], ["fit", () => setWidth(FIT)], ["clear", clear]]) $("#" + id).addEventListener("click", act);
  $("#search").addEventListener("input", (event) => { state.query = event.target.value; save(false); layout(); showFilter(); });
  $("#search").addEventListener("keydown", (event) => { if (event.key === "Escape" && state.query) { event.stopPropagation(); state.query = ""; event.target.value = ""; save(false); layout(); showFilter(); } });
  let drag = null;
  const overPlace = (event) => Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - over.getBoundingClientRect().left - geo.start) / geo.room) * count)));
  over.addEventListener("pointerdown", (event) => { const at = overPlace(event); drag = { from: at, to: at }; over.setPointerCapture(event.pointerId); overWindow(); });
  over.addEventListener("pointermove", (event) => { if (drag) { drag.to = overPlace(event); overWindow(); } });
  over.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const to = overPlace(event), many = Math.abs(to - drag.from) + 1, from = Math.min(to, drag.from);
    drag = null;
    const wanted = many > 1 ? geo.room / many : Math.max(24, geo.width);
    const width = WIDTHS.filter((width) => width !== FIT && width <= Math.max(4, wanted)).pop();
    focus.at = from;
    setWidth(width, many > 1 ? from : Math.max(0, from - geo.room / 2 / width));
  });
  over.addEventListener("pointercancel", () => { drag = null; overWindow(); });

  // The inventory.
  const table = $("#csv") && $("#inventory table");
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
      // What begins like this is a formula to a spreadsheet, also after spaces.
      const cell = (text) => (/^[\s\u0000]*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]/.test(text) && text !== "–" ? "'" + text : text);
      const lines = [...table.rows].map((tr) => [...tr.children].map((td) => '"' + cell((td.dataset.csv ?? td.textContent).trim()).replace(/"/g, '""') + '"').join(","));
      const link = el("a", { download: "cookies.csv" });
      link.href = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // On paper: the findings, and the timeline by navigation.
  const PAPER = 24, SHEETS = 60;
  function paper() {
    if (!hasTimeline || $("#paper")) return;
    const node = el("section", { id: "paper" }, el("h2", {}, "Timeline by navigation"));
    let sheets = 0;
    for (let index = 0; index < starts.length && sheets < SHEETS; index++) {
      const end = index + 1 < starts.length ? starts[index + 1] : count;
      for (let from = starts[index]; from < end && sheets < SHEETS; from += PAPER) {
        const to = Math.min(end, from + PAPER);
        const ids = ordered.filter((id) => { const place = placeOf(marks[id], from); return marks[id].at[place] < to; });
        if (!ids.length) continue;
        sheets++;
        const columns = Array.from({ length: to - from }, (_, by) => from + by);
        node.append(el("h3", {}, (entries[starts[index]].nav ? entries[starts[index]].nav + ": " : "") + entries[starts[index]].m + " " + entries[starts[index]].u + ", " + seconds(entries[starts[index]])), el("table", {},
          el("thead", {}, el("tr", {}, el("th", {}, "Cookie"), columns.map((at) => el("th", { class: "pl" }, el("span", {}, "#" + entries[at].i + " " + (entries[at].http ? "http " : "") + entries[at].path))))),
          el("tbody", {}, ids.map((id) => el("tr", {}, el("th", {}, nameOf(id)), columns.map((at) => { const [left, right] = bitsOf({ marks: marks[id] }, at); return el("td", {}, left ? mark(worst(left)) : "", right ? mark(worst(right)) : ""); }))))));
      }
    }
    if (sheets === SHEETS) node.append(el("p", {}, "The rest is left out: print a part that was zoomed to on a screen."));
    $("main").insertBefore(node, $("#inventory"));
    if (!findings.isConnected) pane.append(findings);
    for (const folded of document.querySelectorAll("main details")) if (!folded.open) { folded.open = true; folded.dataset.folded = ""; }
  }
  function screen() {
    if (!$("#paper")) return;
    $("#paper").remove();
    for (const folded of document.querySelectorAll("[data-folded]")) { folded.open = false; delete folded.dataset.folded; }
    wasPane = state.pane;
    showPane();
  }
  addEventListener("beforeprint", paper);
  addEventListener("afterprint", screen);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? paper() : screen()));

  document.documentElement.classList.add("js");
  for (const node of document.querySelectorAll("[data-js]")) node.hidden = node.dataset.js === "timeline" && !hasTimeline;
  if (hasTimeline) {
    view.append(size);
    dip();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { dip(); layout(); });
    coarse.addEventListener("change", layout);
    let known = 0;
    new ResizeObserver(() => { if (section.clientWidth !== known) { known = section.clientWidth; layout(); } }).observe(section);
    let barred = 0;
    new ResizeObserver(() => { if (tools.offsetHeight !== barred) { barred = tools.offsetHeight; layout(); } }).observe(tools);
    let wasSheet = isSheet();
    addEventListener("resize", () => { if (isSheet() !== wasSheet) { wasSheet = isSheet(); showPane(); } layout(); });
    // The first stop of Tab is the worst finding.
    const bad = causes.find((cause) => cause.k !== "explained" && cause.at.length);
    load();
    if (bad) {
      light(causes.indexOf(bad));
      const row = list.findIndex((of) => of.marks && bad.at.some((at) => lit.has(of.key + "@" + at)));
      lit.clear();
      if (row >= 0) focus = { row, at: bad.at.find((at) => { const [left, right] = bitsOf(list[row], at); return (left | right) & BAD; }) ?? bad.at[0] };
      if (state.pane) { wasPane = ""; showPane(); } else draw();
    }
  } else load();
})();
