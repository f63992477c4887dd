// What the page knows. It keeps nothing that the server could not send again, except for actions
// that left the windows.

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
