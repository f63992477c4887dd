"use strict";
// The page keeps nothing that the server could not send again, except for actions that left the
// windows. Names are put in as text only.
(() => {
  const $ = (id) => document.getElementById(id);
  const base = location.pathname.replace(/\/+$/, "");
  const LOST_MS = 3500; // Frames come each second, and a stream that ended is opened again.
  const KEEP_MS = 15 * 60 * 1000; // An action that left the windows stays that long.
  const ROWS_MAX = 300;
  const BAD = ["5xx", "error", "cancelled"];

  const settings = new URLSearchParams(location.hash.slice(1));
  const state = {
    window: Number(settings.get("window")) || 0,
    sort: settings.get("sort") || "rate",
    up: settings.get("order") === "up",
    chosen: settings.get("action"),
    paused: false,
    frame: null,
    framed: 0,
    since: Date.now(),
    rows: new Map(),
    course: null,
    point: null,
  };
  $("filter").value = settings.get("filter") || "";

  const remember = () => {
    const settings = new URLSearchParams();
    if (state.window) settings.set("window", state.window);
    if (state.sort !== "rate" || state.up) settings.set("sort", state.sort);
    if (state.up) settings.set("order", "up");
    if ($("filter").value) settings.set("filter", $("filter").value);
    if (state.chosen) settings.set("action", state.chosen);
    history.replaceState(null, "", settings.size ? `#${settings}` : location.pathname);
  };

  // Figures.
  const NONE = "\u2013";
  const digits = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
  const time = (seconds) => {
    if (seconds === null || seconds === undefined) return NONE;
    if (seconds === 0) return "0 s";
    if (seconds >= 3600) return `${digits(seconds / 3600)} h`;
    if (seconds >= 120) return `${digits(seconds / 60)} min`;
    // Rounded first, so that 999.9 ms is a second.
    const rounded = Number(seconds.toPrecision(3));
    for (const [unit, size] of [["s", 1], ["ms", 1e-3], ["\u00b5s", 1e-6]]) {
      if (rounded >= size) return `${digits(rounded / size)} ${unit}`;
    }
    return `${digits(rounded / 1e-9)} ns`;
  };
  const value = (row, figure) => row.unit === "s" ? time(figure)
    : figure === null || figure === undefined ? NONE : `${digits(figure)} ${row.unit}`.trim();
  const rate = (value) => value === null || value === undefined ? NONE
    : value >= 999.5 ? Math.round(value).toLocaleString("en") : digits(value);
  const share = (part, whole) => {
    if (!whole) return NONE;
    if (!part) return "0";
    const percent = 100 * part / whole;
    return percent < 0.01 ? "<0.01 %" : `${percent.toLocaleString("en", { maximumSignificantDigits: 2 })} %`;
  };
  const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");
  const windowName = (s) => s < 60 ? `${s} s` : s < 3600 ? `${s / 60} min` : s < 86400 ? `${s / 3600} h` : `${s / 86400} d`;

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const draw = (tag, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

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
    const cells = {};
    for (const { id, name, text } of COLUMNS) {
      const cell = make(id === "action" ? "th" : "td", `${id}${text ? " text" : ""}`);
      if (id === "action") {
        cell.scope = "row";
        const button = make("button");
        button.type = "button";
        button.addEventListener("click", () => choose(key));
        cell.append(button);
        cells.button = button;
      } else {
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

  // The chart of the chosen action.
  const choose = (key) => {
    state.chosen = key;
    state.course = null;
    state.point = null;
    remember();
    showRows(false);
    showChosen();
    fetchCourse();
  };

  let fetching = null;
  const fetchCourse = async () => {
    const row = state.rows.get(state.chosen);
    if (!row || fetching === row.key) return;
    fetching = row.key;
    const query = new URLSearchParams({ source: row.data.source, action: row.data.action, stat: "count,p50,p99" });
    if (row.data.other) query.set("other", "true");
    try {
      const answer = await fetch(`${base}/v1/series?${query}`);
      if (answer.ok) {
        const course = await answer.json();
        if (row.key === state.chosen) state.course = course;
      }
    } catch {
      // The status says that the server is away; the last course stays.
    }
    if (fetching === row.key) fetching = null;
    if (row.key === state.chosen) showChosen();
  };

  // Returns a round number that is not smaller.
  const roundUp = (value) => {
    if (!(value > 0)) return 1e-3;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((top) => top >= value * 0.9999);
  };

  const curve = (points, id, x, y) => {
    let [path, open] = ["", false];
    points.forEach((point, index) => {
      if (point[id] === null) open = false;
      else {
        path += `${open ? "L" : "M"}${x(index).toFixed(1)} ${y(point[id]).toFixed(1)}`;
        // A line of length zero has round ends, which are seen.
        if (!open && (points[index + 1]?.[id] ?? null) === null) path += "h0";
        open = true;
      }
    });
    return path;
  };

  const LEFT = 64;
  const showChosen = () => {
    const row = state.rows.get(state.chosen);
    $("chosen").hidden = !row;
    if (!row) return;
    put($("chosen-name"), row.data.action);
    const outcomes = Object.entries(row.data.outcomes || {});
    $("outcomes").replaceChildren(...outcomes.map(([name, count]) =>
      make("li", BAD.includes(name) ? "bad" : "", `${name}: ${count.toLocaleString("en")}`)));
    const chart = $("chart");
    const { course } = state;
    if (!course) return chart.replaceChildren();
    const { axis } = course;
    const points = course.points.slice(begin(axis));
    const [from, to] = [points[0].from_ms, axis.from_ms + axis.step_ms * axis.points];
    const [width, height] = [chart.clientWidth, chart.clientHeight];
    const bottom = height - 22;
    const top = roundUp(Math.max(...points.map((point) => Math.max(point.p99 || 0, point.p50 || 0))));
    const x = (index) => LEFT + (index + 0.5) * (width - LEFT - 8) / points.length;
    const y = (figure) => bottom - figure / top * (bottom - 10);
    const parts = [];
    for (const part of [0, 0.5, 1]) {
      parts.push(draw("line", { class: "grid", x1: LEFT, x2: width, y1: y(top * part), y2: y(top * part) }));
      parts.push(draw("text", { x: LEFT - 8, y: y(top * part) + 4, "text-anchor": "end" }, part ? value(row.data, top * part) : "0"));
    }
    const marks = width < 500 ? 2 : points.length % 5 ? 4 : 5;
    for (let mark = 0; mark <= marks; mark++) {
      const ms = from + (to - from) * mark / marks;
      const at = LEFT + (width - LEFT - 8) * mark / marks;
      const anchor = mark === 0 ? "start" : mark === marks ? "end" : "middle";
      parts.push(draw("text", { x: at, y: height - 5, "text-anchor": anchor }, clock(ms)));
    }
    for (const id of ["p50", "p99"]) parts.push(draw("path", { class: `curve ${id}`, d: curve(points, id, x, y) }));
    const index = state.point === null ? null : Math.min(state.point, points.length - 1);
    const point = points[index ?? points.findLastIndex((point) => point.count && !point.partial)];
    if (index !== null) {
      parts.push(draw("line", { class: "cursor", x1: x(index), x2: x(index), y1: 4, y2: bottom }));
      for (const id of ["p50", "p99"]) {
        if (point[id] !== null) parts.push(draw("circle", { class: id, cx: x(index), cy: y(point[id]), r: 4 }));
      }
    }
    chart.replaceChildren(...parts);
    chart.setAttribute("aria-label", `p50 and p99 over time, from ${clock(from)} to ${clock(to)}`);
    put($("readout"), point ? `${clock(point.from_ms)} to ${clock(point.from_ms + axis.step_ms)}${point.partial ? " (part of it)" : ""}: ` +
      `${point.count.toLocaleString("en")} records, p50 ${value(row.data, point.p50)}, p99 ${value(row.data, point.p99)}` : "");
  };

  const shownPoints = () => state.course.points.length - begin(state.course.axis);
  const pointAt = (event) => {
    const box = $("chart").getBoundingClientRect();
    if (!state.course) return;
    const length = shownPoints();
    const at = (event.clientX - box.left - LEFT) / (box.width - LEFT - 8) * length;
    state.point = Math.max(0, Math.min(length - 1, Math.floor(at)));
    showChosen();
  };
  $("chart").addEventListener("pointermove", pointAt);
  $("chart").addEventListener("pointerdown", pointAt);
  const noPoint = () => {
    state.point = null;
    showChosen();
  };
  $("chart").addEventListener("pointerleave", noPoint);
  $("chart").addEventListener("blur", noPoint);
  $("chart").addEventListener("keydown", (event) => {
    const length = state.course && shownPoints();
    const at = state.point ?? length - 1;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: length - 1 }[event.key];
    if (to === undefined || !length) return;
    event.preventDefault();
    state.point = Math.max(0, Math.min(length - 1, to));
    showChosen();
  });

  // Windows.
  const showWindows = (frame) => {
    const box = $("windows");
    const windows = frame.windows_s.map(String).join();
    if (box.dataset.windows !== windows) {
      box.dataset.windows = windows;
      box.replaceChildren(box.firstElementChild);
      for (const seconds of frame.windows_s) {
        const label = make("label");
        const input = make("input");
        [input.type, input.name, input.value] = ["radio", "window", seconds];
        input.addEventListener("change", () => {
          state.window = seconds;
          remember();
          connect();
        });
        label.append(input, windowName(seconds));
        box.append(label);
      }
    }
    for (const input of box.querySelectorAll("input")) input.checked = Number(input.value) === frame.window_s;
  };

  const show = (frame) => {
    state.frame = frame;
    takeRows(frame);
    const title = frame.title || location.host;
    put($("title"), title);
    document.title = `${title} \u2013 Windrow`;
    if (!state.rows.has(state.chosen) && frame.rows.length && !state.chosen) {
      state.chosen = keyOf(frame.rows.reduce((most, row) => row.count > most.count ? row : most));
    }
    showWindows(frame);
    showTotals(frame);
    showRows(false);
    showChosen();
    fetchCourse();
  };

  // The connection.
  const showStatus = () => {
    const status = $("status");
    const lost = Date.now() - state.framed > LOST_MS;
    const text = state.framed === 0 && !lost ? "connecting"
      : lost ? `disconnected since ${clock(state.framed || state.since)}`
      : state.paused ? "paused" : "live";
    status.className = lost ? "lost" : state.paused ? "paused" : "live";
    put(status, text);
  };

  let events = null;
  const connect = () => {
    events?.close();
    events = new EventSource(`${base}/v1/live${state.window ? `?window=${state.window}` : ""}`);
    events.onmessage = (event) => {
      state.framed = Date.now();
      if (!state.paused || state.frame?.window_s !== JSON.parse(event.data).window_s) show(JSON.parse(event.data));
      showStatus();
    };
  };
  setInterval(() => {
    showStatus();
    // A browser gives up after an answer that is an error, as from a proxy without a server.
    if (events.readyState !== EventSource.CLOSED) return;
    if (!state.framed) state.window = 0; // The address may name a window that is not kept.
    connect();
  }, 1000);

  for (const { id, name, text } of COLUMNS) {
    const head = make("th", `${id}${text ? " text" : ""}`);
    head.scope = "col";
    head.dataset.id = id;
    if (id === "picture") {
      head.textContent = name;
    } else {
      const button = make("button", "", name);
      button.type = "button";
      button.addEventListener("click", () => {
        // Names begin with the first, figures with the highest.
        state.up = state.sort === id ? !state.up : Boolean(text);
        state.sort = id;
        remember();
        showRows(true);
      });
      head.append(button);
    }
    $("heads").append(head);
  }
  $("filter").addEventListener("input", () => {
    remember();
    showRows(true);
  });
  $("pause").addEventListener("click", () => {
    state.paused = !state.paused;
    $("pause").setAttribute("aria-pressed", String(state.paused));
    put($("pause"), state.paused ? "Resume" : "Pause");
    showStatus();
  });
  new ResizeObserver(showChosen).observe($("chart"));
  $("stats").href = `${base}/v1/stats`;
  $("metrics").href = `${base}/metrics`;
  connect();
})();
