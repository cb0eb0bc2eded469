"use strict";
// What the page shows it shows without this script too. The script lets the
// reader point at trials, filter them by dragging along axes, and sort.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  document.documentElement.classList.add("script");
  all("svg title").forEach((title) => title.remove());  // we have our own

  // Thin lines are hard to point at: each gets a wide invisible one.
  all("svg path.trial").forEach((path) => {
    const hit = path.cloneNode();
    hit.setAttribute("class", "hit trial");
    path.after(hit);
  });
  const byTrial = new Map();
  all("[data-trial]").forEach((element) => {
    const name = element.dataset.trial;
    byTrial.set(name, [...(byTrial.get(name) ?? []), element]);
  });

  // The row of a trial in the table says all there is to say about it.
  const rows = new Map(
    all("#trials tbody tr").map((row) => [row.dataset.trial, row])
  );
  const names = all("#trials th").map((cell) => cell.textContent);
  const reasons = new Map(
    all(".reasons tr").map((row) => [...row.cells].map((c) => c.textContent))
  );
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);

  function fill(trial) {
    const table = document.createElement("table");
    const say = (name, text) => {
      const row = table.insertRow();
      row.insertCell().textContent = name;
      row.insertCell().textContent = text;
    };
    [...rows.get(trial).cells].forEach((cell, i) => {
      if (cell.textContent) say(names[i], cell.textContent);
    });
    if (reasons.has(trial)) say("reason", reasons.get(trial));
    tip.replaceChildren(table);
  }

  function place(event) {
    const { offsetWidth: width, offsetHeight: height } = tip;
    const left = event.clientX + 18;
    const fits = left + width < innerWidth;
    const top = Math.min(event.clientY + 14, innerHeight - height - 8);
    tip.style.left = `${fits ? left : Math.max(event.clientX - width - 18, 0)}px`;
    tip.style.top = `${Math.max(top, 4)}px`;
  }

  let pointed = null;
  function point(trial) {
    if (trial === pointed) return;
    const lit = (name, on) =>
      byTrial.get(name)?.forEach((e) => e.classList.toggle("lit", on));
    lit(pointed, false);
    lit(trial, true);
    pointed = trial;
    document.body.classList.toggle("pointing", trial !== null);
    if (trial !== null) fill(trial);
  }
  document.addEventListener("pointermove", (event) => {
    const found = brushing ? null : event.target.closest?.("[data-trial]");
    point(found?.dataset.trial ?? null);
    tip.hidden = !found?.closest("svg");
    if (!tip.hidden) place(event);
  });
  document.addEventListener("pointerleave", () => point(null));

  // Ranges by the number of the axis; beneath an axis stands what lacks it.
  const BENEATH = -0.05;
  const kept = new Map();
  let brushing = false;
  const lines = all(".parallel path.trial:not(.hit)").map((path) => ({
    trial: path.dataset.trial,
    at: path.dataset.at.split(",").map((t) => (t === "" ? BENEATH : +t)),
  }));

  function filter() {
    let count = 0;
    for (const { trial, at } of lines) {
      const stays = [...kept].every(
        ([i, [low, high]]) => low <= at[i] && at[i] <= high
      );
      count += stays;
      byTrial.get(trial).forEach((e) => e.classList.toggle("out", !stays));
    }
    document.getElementById("kept").textContent = kept.size
      ? `${count} of ${lines.length} trials are left.`
      : "";
  }

  all(".dimension").forEach((axis) => {
    const { index, top, height, missing } = axis.dataset;
    const svg = axis.closest("svg");
    const grip = axis.querySelector(".grip");
    const brush = grip.cloneNode();
    brush.setAttribute("class", "brush");
    let start = null;

    const pixels = (event) =>
      new DOMPoint(event.clientX, event.clientY)
        .matrixTransform(svg.getScreenCTM().inverse()).y;
    const value = (y) =>
      y > +top + +height + missing / 2
        ? BENEATH
        : Math.max(1 - (y - top) / height, BENEATH / 2);

    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      grip.setPointerCapture(event.pointerId);
      start = pixels(event);
      brushing = true;
    });
    grip.addEventListener("pointermove", (event) => {
      if (start === null) return;
      const ends = [start, pixels(event)].sort((a, b) => a - b);
      if (ends[1] - ends[0] < 4) return;
      brush.setAttribute("y", ends[0]);
      brush.setAttribute("height", ends[1] - ends[0]);
      axis.append(brush);
      kept.set(index, [value(ends[1]), value(ends[0])]);
      filter();
    });
    const stop = (event) => {
      if (start === null) return;
      if (Math.abs(pixels(event) - start) < 4) {
        brush.remove();
        kept.delete(index);
        filter();
      }
      start = null;
      brushing = false;
    };
    grip.addEventListener("pointerup", stop);
    grip.addEventListener("pointercancel", stop);
  });

  const key = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? +cell.dataset.value : cell.textContent;
  };
  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === "number") return -1;
    if (typeof b === "number") return 1;
    return a.localeCompare(b, undefined, { numeric: true });
  }
  all("#trials th").forEach((cell, column, cells) => {
    cell.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      cells.forEach((each) => each.removeAttribute("aria-sort"));
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const empty = (row) => row.cells[column].textContent === "";
      const sorted = [...rows.values()].sort(
        (a, b) =>
          empty(a) - empty(b) ||
          (down ? -1 : 1) * compare(key(a, column), key(b, column))
      );
      document.querySelector("#trials tbody").append(...sorted);
    });
  });
})();
