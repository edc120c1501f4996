// Tables: a click or Enter on a heading sorts by it, again turns the order round.
document.querySelectorAll("table").forEach(function (table) {
  var body = table.tBodies[0];
  var heads = Array.from(table.tHead.rows[0].cells);

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === typeof b) return a.localeCompare(b);
    return typeof a === "number" ? 1 : -1;
  }

  function sort(head, index) {
    var order = head.getAttribute("aria-sort");
    var falling = order ? order === "ascending" : head.classList.contains("num");
    heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    var rows = Array.from(body.rows).map(function (row) {
      var cell = row.cells[index];
      var value = cell.dataset.v;
      return { row: row, value: value === undefined ? cell.textContent : Number(value) };
    });
    rows.sort(function (a, b) { return falling ? compare(b.value, a.value) : compare(a.value, b.value); });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
  }

  heads.forEach(function (head, index) {
    head.classList.add("sortable");
    head.setAttribute("tabindex", "0");
    head.addEventListener("click", function () { sort(head, index); });
    head.addEventListener("keydown", function (event) {
      if (event.key === "Enter") sort(head, index);
    });
  });
});

// Paper cannot be clicked.
window.addEventListener("beforeprint", function () {
  document.querySelectorAll("details").forEach(function (details) { details.open = true; });
});
