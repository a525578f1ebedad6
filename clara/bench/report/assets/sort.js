// Tables that sort by the column whose heading is pressed; numbers first fall, words first rise.
function sortBy(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const keys = new Map(rows.map((row) => [row, row.cells[column].dataset.sort]));
  const numeric = [...keys.values()].every((key) => key === "-inf" || (key !== "" && !Number.isNaN(Number(key))));
  const value = (row) => (numeric ? (keys.get(row) === "-inf" ? -Infinity : Number(keys.get(row))) : keys.get(row));
  const now = heads[column].getAttribute("aria-sort");
  const rising = now ? now === "descending" : !numeric;
  rows.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const order = numeric ? (x > y) - (x < y) : x.localeCompare(y);
    return rising ? order : -order;
  });
  table.tBodies[0].append(...rows);
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", rising ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => sortBy(table, column));
  });
}
