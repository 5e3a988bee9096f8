import type { CostSort, Dimension } from "@prewarm/control-schema/costs";
import { addPlace, addToDay, type Places } from "../../console/tables/costs.ts";
import { readCosts, TIERS_MS } from "../../console/tables/history.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { CostsQuery, CostsView, CountedCost } from "../calls.ts";
import { recentImages } from "./image-list.ts";

/** What jobs cost by a dimension, of the days from one time to another. Reads a row of each day, and of each run that is shown. */
export function listCosts(tx: ImageTx, query: CostsQuery): CostsView {
  const days = costsByDay(tx, query.from, query.to);
  const first = Math.min(...days.keys());
  const places: Places = {};
  for (const day of days.values()) for (const [place, cost] of Object.entries(day)) addPlace(places, place, cost);
  // Each admission has one format, so the formats together are the whole.
  const total = sumOf(rowsOf(places, "format"));
  const mistakes = sumOf(rowsOf(places, "mistake"));
  const all = query.by === "image" ? imageRows(tx, query) : rowsOf(places, query.by);
  const sorted = all.filter(({ jobs, stored }) => jobs !== 0 || stored !== 0).sort(inOrderOf(query.sort));
  const page = sorted.slice(query.skip, query.skip + query.limit);
  return {
    countedFrom: days.size === 0 ? null : first * TIERS_MS.day,
    total: { ...total, mistakes: mistakes.jobs },
    rows: query.by === "run" ? page.map((row) => withRun(tx, row)) : page,
    more: sorted.length > query.skip + query.limit,
  };
}

/** The costs of days, with those that are not in the rows of their days yet. */
function costsByDay(tx: ImageTx, from: number, to: number): Map<number, Places> {
  const days = readCosts(tx.sql, from, to);
  for (const [day, places] of Object.entries(tx.statistics.state.costs)) {
    const at = Date.parse(day);
    if (at + TIERS_MS.day <= from || at > to) continue;
    const known = days.get(at / TIERS_MS.day) ?? {};
    addToDay(known, places);
    days.set(at / TIERS_MS.day, known);
  }
  return days;
}

function rowsOf(places: Places, dimension: Dimension): CountedCost[] {
  const start = `${dimension} `;
  return Object.entries(places).flatMap(([place, [jobs, stored, bytes]]) =>
    place.startsWith(start) ? [{ name: place.slice(start.length), label: null, jobs, stored, bytes }] : [],
  );
}

/** Images have no costs by day. Their rows are the newest stored jobs. */
function imageRows(tx: ImageTx, { from, to }: CostsQuery): CountedCost[] {
  return [...recentImages(tx, { from, to }).values()].map(({ id, jobs, variants }) => {
    const bytes = variants.reduce((sum, one) => sum + one.bytes, 0);
    return { name: id, label: null, jobs, stored: variants.length, bytes };
  });
}

/** Runs are counted by their numbers. Number 0 is no run; a name is empty if the day had too many runs. */
function withRun(tx: ImageTx, row: CountedCost): CountedCost {
  if (row.name === "" || row.name === "0")
    return { ...row, name: "", label: row.name === "" ? "further runs" : "outside any run" };
  const run = tx.runs.byNumber(Number(row.name));
  return run === null ? { ...row, label: "forgotten run" } : { ...row, name: run.id, label: run.label };
}

function inOrderOf(sort: CostSort): (a: CountedCost, b: CountedCost) => number {
  const by = { cost: "jobs", stored: "stored", bytes: "bytes" } as const;
  const byName = (a: CountedCost, b: CountedCost) => a.name.localeCompare(b.name, "en", { numeric: true });
  if (sort === "name") return byName;
  return (a, b) => b[by[sort]] - a[by[sort]] || byName(a, b);
}

function sumOf(rows: readonly CountedCost[]): Pick<CountedCost, "jobs" | "stored" | "bytes"> {
  const sum = (what: "jobs" | "stored" | "bytes") => rows.reduce((all, row) => all + row[what], 0);
  return { jobs: sum("jobs"), stored: sum("stored"), bytes: sum("bytes") };
}
