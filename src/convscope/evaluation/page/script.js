"use strict";
// The page can be read without this. With it, tables are sorted by a click, and every mistake is
// listed, a page at a time, so that thousands of them cost nothing until they are looked at.

const ROWS = 50;
const compare = new Intl.Collator(undefined, { numeric: true }).compare;

// Turns headings into buttons; `sort(column, descending)` puts the rows in order.
function sortable(table, sort, first) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const before = heading.getAttribute("aria-sort");
      const numeric = heading.classList.contains("number");
      const descending = before ? before === "ascending" : numeric;
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(column, descending);
    });
  });
  if (first) headings[first.column].setAttribute("aria-sort", first.order);
}

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.classList.contains("number") ? Number(cell.dataset.value ?? -Infinity)
      : cell.textContent;
  };
  sortable(table, (column, descending) => {
    const order = (a, b) => {
      const [x, y] = [key(a, column), key(b, column)];
      return typeof x === "number" ? x - y || 0 : compare(x, y);
    };
    const rows = [...body.rows].sort((a, b) => (descending ? order(b, a) : order(a, b)));
    body.append(...rows);
  });
}

const stored = document.getElementById("mistake-data");
if (stored) listMistakes(JSON.parse(stored.textContent));

function listMistakes({ classes, mistakes }) {
  const table = document.getElementById("mistake-table");
  const controls = document.getElementById("mistake-controls");
  const [path, label, predicted] = ["path", "label", "predicted"].map(
    (name) => controls.querySelector(`[name=${name}]`));
  const [previous, next] = ["previous", "next"].map((name) => document.getElementById(name));
  const count = document.getElementById("mistake-count");
  let shown = mistakes;
  let page = 0;

  for (const [select, column] of [[label, 1], [predicted, 2]]) {
    const used = new Set(mistakes.map((row) => row[column]));
    for (const number of [...used].sort((a, b) => a - b)) {
      select.append(new Option(classes[number], number));
    }
  }
  const text = (row, column) => (column === 0 ? row[0] : classes[row[column]]);

  function show() {
    const last = Math.max(0, Math.ceil(shown.length / ROWS) - 1);
    page = Math.min(Math.max(page, 0), last);
    const start = page * ROWS;
    const rows = shown.slice(start, start + ROWS).map((row) => {
      const line = document.createElement("tr");
      const heading = document.createElement("th");
      heading.scope = "row";
      heading.textContent = row[0];
      line.append(heading);
      for (const column of [1, 2]) line.insertCell().textContent = text(row, column);
      const sure = line.insertCell();
      sure.className = "number bar";
      sure.style.setProperty("--share", row[3]);
      sure.textContent = `${(100 * row[3]).toFixed(1)}\u00a0%`;
      return line;
    });
    table.tBodies[0].replaceChildren(...rows);
    previous.disabled = page === 0;
    next.disabled = page === last;
    const format = (number) => number.toLocaleString("en");
    count.textContent = shown.length
      ? `${format(start + 1)} to ${format(start + rows.length)} of ${format(shown.length)}`
      : "none";
  }

  function filter() {
    const words = path.value.toLowerCase();
    shown = mistakes.filter((row) =>
      (!words || row[0].toLowerCase().includes(words)) &&
      (!label.value || row[1] === Number(label.value)) &&
      (!predicted.value || row[2] === Number(predicted.value)));
    page = 0;
    show();
  }

  sortable(table, (column, descending) => {
    const order = column === 3 ? (a, b) => a[3] - b[3]
      : (a, b) => compare(text(a, column), text(b, column));
    mistakes.sort((a, b) => (descending ? order(b, a) : order(a, b)));
    filter();
  }, { column: 3, order: "descending" });
  for (const field of [path, label, predicted]) field.addEventListener("input", filter);
  previous.addEventListener("click", () => { page -= 1; show(); });
  next.addEventListener("click", () => { page += 1; show(); });
  document.getElementById("mistake-reset").addEventListener("click", () => {
    for (const field of [path, label, predicted]) field.value = "";
    filter();
  });
  // A cell of the confusion matrix leads to its mistakes.
  for (const cell of document.querySelectorAll("a[data-label]")) {
    cell.addEventListener("click", () => {
      path.value = "";
      label.value = cell.dataset.label;
      predicted.value = cell.dataset.predicted;
      filter();
    });
  }
  controls.hidden = false;
  show();
}
