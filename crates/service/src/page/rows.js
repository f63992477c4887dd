// The table and the totals. Names are put in as text only.

// Columns. The first two are text, the picture cannot be sorted by.
const hasOutcomes = (row) => row.outcomes !== undefined;
const COLUMNS = [
  { id: "action", name: "Action", text: true },
  { id: "source", name: "Source", text: true, show: (row) => row.source },
  { id: "rate", name: "Rate /s", of: (row) => row.count ? row.rate : 0, show: (row) => row.count ? rate(row.rate) : "0" },
  { id: "picture", name: "Past" },
  { id: "p50", name: "p50", of: (row) => row.p50, show: (row) => value(row, row.p50) },
  { id: "p99", name: "p99", of: (row) => row.p99, show: (row) => value(row, row.p99) },
  { id: "max", name: "Max", of: (row) => row.max, show: (row) => value(row, row.max) },
  { id: "errors", name: "Errors", of: (row) => row.count ? row.errors / row.count : null,
    show: (row) => hasOutcomes(row) ? share(row.errors, row.count) : NONE, bad: (row) => row.errors > 0 },
  { id: "cancelled", name: "Cancelled", of: (row) => row.count ? row.cancelled / row.count : null,
    show: (row) => hasOutcomes(row) ? share(row.cancelled, row.count) : NONE, bad: (row) => row.cancelled > 0 },
];
const column = (id) => COLUMNS.find((column) => column.id === id && id !== "picture") || COLUMNS[2];

const keyOf = (row) => JSON.stringify([row.source, row.action, Boolean(row.other)]);

// Rows.
const newRow = (key) => {
  const line = make("tr");
  line.setAttribute("role", "row"); // On a narrow screen it is a grid, which has no roles.
  const cells = {};
  for (const { id, name, text } of COLUMNS) {
    const cell = make(id === "action" ? "th" : "td", `${id}${text ? " text" : ""}`);
    if (id === "action") {
      cell.scope = "row";
      cell.setAttribute("role", "rowheader");
      const button = make("button");
      button.type = "button";
      button.addEventListener("click", () => choose(key));
      cell.append(button);
      cells.button = button;
    } else {
      cell.setAttribute("role", "cell");
      cell.dataset.label = name;
    }
    if (id === "picture") {
      cells.spark = draw("svg", { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", role: "img" });
      cells.area = draw("path", { class: "area" });
      cells.line = draw("path", {});
      cells.peak = draw("title", {});
      cells.spark.append(cells.peak, cells.area, cells.line);
      cell.append(cells.spark);
    }
    cells[id] = cell;
    line.append(cell);
  }
  return { key, line, cells, seen: 0, data: null };
};

// Rates in each interval since recording began. The last one has not passed whole; right after its begin it is left out.
const ratesOf = (counts, axis, at) => {
  const rates = counts.map((count) => count * 1000 / axis.step_ms);
  const last = axis.points - 1;
  const passed = at - (axis.from_ms + last * axis.step_ms);
  if (passed < axis.step_ms / 5) rates.pop();
  else rates[last] = counts[last] * 1000 / Math.min(passed, axis.step_ms);
  return rates.slice(axis.first);
};
// The first interval that is shown: soon after a start the pictures have no long empty part.
const begin = (axis) => Math.max(0, Math.min(axis.first, axis.points - 12));

const spark = (cells, rates, axis) => {
  const top = Math.max(...rates, 1e-9);
  const before = axis.first - begin(axis);
  const x = (index) => ((before + index) * 100 / Math.max(axis.points - 1 - begin(axis), 1)).toFixed(1);
  const line = rates.map((rate, index) => `${index ? "L" : "M"}${x(index)} ${(19 - 18 * rate / top).toFixed(1)}`).join("");
  cells.line.setAttribute("d", line);
  cells.area.setAttribute("d", rates.length ? `${line}L${x(rates.length - 1)} 20L${x(0)} 20Z` : "");
  put(cells.peak, `at most ${rate(Math.max(...rates, 0))} per second`);
};

const fill = (row, frame, several) => {
  const { cells, data, line } = row;
  const idle = !data.count;
  line.className = [idle && "idle", data.other && "other", row.key === state.chosen && "chosen"].filter(Boolean).join(" ");
  put(cells.button, data.action);
  cells.button.setAttribute("aria-pressed", String(row.key === state.chosen));
  for (const { id, show, bad } of COLUMNS) {
    if (!show) continue;
    put(cells[id], show(data));
    if (bad) cells[id].classList.toggle("bad", bad(data));
  }
  cells.source.hidden = !several;
  const axis = frame.sources.find((source) => source.source === data.source)?.axis;
  if (axis && data.series) spark(cells, ratesOf(data.series, axis, frame.at_ms), axis);
};

const gone = (data) => ({ source: data.source, action: data.action, other: data.other, unit: data.unit,
  count: 0, rate: 0, p50: null, p99: null, max: null, errors: 0, cancelled: 0, outcomes: data.outcomes });

const takeRows = (frame) => {
  const now = Date.now();
  for (const data of frame.rows) {
    const key = keyOf(data);
    if (!state.rows.has(key)) state.rows.set(key, newRow(key));
    const row = state.rows.get(key);
    row.data = data;
    row.seen = now;
  }
  for (const [key, row] of state.rows) {
    if (row.seen === now) continue;
    if (now - row.seen > KEEP_MS) {
      row.line.remove();
      state.rows.delete(key);
    } else {
      row.data = gone(row.data);
    }
  }
};

const compare = (one, two) => {
  const { of, text, id } = column(state.sort);
  const sign = state.up ? 1 : -1;
  if (text) return sign * (one.data[id].localeCompare(two.data[id]) || one.key.localeCompare(two.key));
  const [a, b] = [of(one.data), of(two.data)];
  // What there is nothing of comes last in both orders.
  if (a === null || a === undefined || b === null || b === undefined) {
    return ((a === null || a === undefined) - (b === null || b === undefined)) || one.key.localeCompare(two.key);
  }
  return sign * (a - b) || one.key.localeCompare(two.key);
};

const showRows = (reorder) => {
  const { frame } = state;
  if (!frame) return;
  const several = frame.sources.length > 1;
  const body = $("rows");
  const wanted = $("filter").value.toLowerCase();
  const found = [...state.rows.values()].filter((row) => `${row.data.action} ${row.data.source}`.toLowerCase().includes(wanted));
  // Rows do not move away from a pointer or from the focus.
  const held = !reorder && (body.matches(":hover") || body.contains(document.activeElement));
  if (held) {
    const places = new Map([...body.children].map((line, index) => [line, index]));
    const place = (row) => places.get(row.line) ?? Infinity;
    found.sort((one, two) => place(one) - place(two) || compare(one, two));
  } else {
    found.sort(compare);
  }
  const shown = found.slice(0, ROWS_MAX);
  for (const row of shown) fill(row, frame, several);
  const lines = shown.map((row) => row.line);
  if (!lines.length) {
    const line = make("tr");
    const text = state.rows.size ? "No action has a name like that." : "Nothing was recorded yet. Actions appear here by themselves.";
    const cell = make("td", "empty", text);
    cell.colSpan = COLUMNS.length;
    line.append(cell);
    lines.push(line);
  }
  const same = body.children.length === lines.length && lines.every((line, index) => body.children[index] === line);
  if (!same) {
    const focused = document.activeElement;
    body.replaceChildren(...lines);
    if (body.contains(focused)) focused.focus({ preventScroll: true });
  }
  put($("more"), found.length > shown.length ? `The first ${shown.length} of ${found.length} actions. Filter to see the others.` : "");
  for (const head of $("heads").children) {
    const sorted = head.dataset.id === column(state.sort).id;
    if (sorted) head.setAttribute("aria-sort", state.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
    if (head.dataset.id === "source") head.hidden = !several;
  }
};

const showTotals = (frame) => {
  const sum = (rows, of) => rows.reduce((sum, row) => sum + (of(row) || 0), 0);
  const requests = frame.rows.filter(hasOutcomes);
  const [records, asked] = [sum(frame.rows, (row) => row.count), sum(requests, (row) => row.count)];
  const [errors, cancelled] = [sum(requests, (row) => row.errors), sum(requests, (row) => row.cancelled)];
  const flying = frame.sources.filter((source) => source.in_flight !== undefined);
  const of = (id) => sum(frame.sources, (source) => source[id]);
  const cards = [
    ["Rate", `${rate(sum(frame.rows, (row) => row.count && row.rate))} /s`],
    ["Records", records.toLocaleString("en")],
    asked && ["Errors", share(errors, asked), errors],
    asked && ["Cancelled", share(cancelled, asked), cancelled],
    flying.length && ["In flight", sum(flying, (source) => source.in_flight).toLocaleString("en")],
    ["Actions", state.rows.size.toLocaleString("en")],
    ["Refused", of("refused").toLocaleString("en"), of("refused")],
    ["Folded", of("folded").toLocaleString("en"), of("folded")],
    of("evicted") && ["Evicted", of("evicted").toLocaleString("en"), 1],
  ].filter(Boolean);
  const list = $("totals");
  while (list.children.length > cards.length) list.lastChild.remove();
  cards.forEach(([name, text, bad], index) => {
    if (!list.children[index]) {
      const card = make("div");
      card.append(make("dt"), make("dd"));
      list.append(card);
    }
    const card = list.children[index];
    card.className = bad ? "bad" : "";
    put(card.children[0], name);
    put(card.children[1], text);
  });
  const problems = frame.sources.filter((source) => source.problem);
  $("problems").replaceChildren(...problems.map(({ source, problem }) => make("p", "warning", source ? `${source}: ${problem}` : problem)));
};
