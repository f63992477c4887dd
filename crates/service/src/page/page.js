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
  head.setAttribute("role", "columnheader");
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
