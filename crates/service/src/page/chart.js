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
  if (!course) return chart.replaceChildren(draw("title", {}, "p50 and p99 over time"));
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
  // Marks at whole parts of a minute or an hour, as many as there is room for.
  const room = (width - LEFT) / 110;
  const apart = 1000 * [1, 2, 5, 10, 15, 30, 60, 300, 900, 3600, 21600, 86400].find((step) => (to - from) / 1000 / step <= room);
  for (let ms = Math.ceil(from / apart) * apart; ms <= to; ms += apart) {
    const at = LEFT + (width - LEFT - 8) * (ms - from) / (to - from);
    const anchor = at < LEFT + 30 ? "start" : at > width - 38 ? "end" : "middle";
    parts.push(draw("text", { x: at, y: height - 5, "text-anchor": anchor }, clock(ms)));
  }
  for (const id of ["p50", "p99"]) parts.push(draw("path", { class: `curve ${id}`, d: curve(points, id, x, y) }));
  const index = state.point === null ? null : Math.min(state.point, points.length - 1);
  const last = points.findLastIndex((point) => point.count && !point.partial);
  const point = points[index ?? (last < 0 ? points.findLastIndex((point) => point.count) : last)];
  if (index !== null) {
    parts.push(draw("line", { class: "cursor", x1: x(index), x2: x(index), y1: 4, y2: bottom }));
    for (const id of ["p50", "p99"]) {
      if (point[id] !== null) parts.push(draw("circle", { class: id, cx: x(index), cy: y(point[id]), r: 4 }));
    }
  }
  const title = `p50 and p99 over time, from ${clock(from)} to ${clock(to)}`;
  chart.replaceChildren(draw("title", {}, title), ...parts);
  chart.setAttribute("aria-label", title);
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
