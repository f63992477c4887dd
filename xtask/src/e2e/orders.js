// Returns the names of actions in each order, from the first row on the screen to the last.
(() => {
  const orders = {};
  const rows = [...document.querySelectorAll(".actions tbody tr")];
  const top = (row) => row.querySelector("th").getBoundingClientRect().top;
  const radios = [...document.querySelectorAll(".actions > input")];
  const before = radios.find((radio) => radio.checked);
  for (const radio of radios) {
    // As a user does: at the heading of a column.
    document.querySelector(`label[for=${radio.id}]`).click();
    const sorted = rows.map((row) => [top(row), row.querySelector("th").textContent]);
    sorted.sort(([one], [other]) => one - other);
    orders[radio.id.replace("by-", "")] = sorted.map(([, name]) => name);
  }
  if (before) before.click();
  return orders;
})()
