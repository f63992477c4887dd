// Numbers as text, and elements.

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
