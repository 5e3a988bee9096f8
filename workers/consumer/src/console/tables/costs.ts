/*
 * The costs of a day by dimension: the width of a result, its folder, its run. An admission of the gate adds one job to a
 * name of each dimension, and a refund takes it back. So the sum over each dimension is the number of jobs that the
 * budget has counted.
 */

/** Admitted jobs, the results that were stored, and the bytes of these. */
export type Cost = [jobs: number, stored: number, bytes: number];

/** Costs by place: `"<dimension> <name>"`. The name may be empty: not known, or one of too many. */
export type Places = Record<string, Cost>;

/** Costs by the day (UTC) whose budget paid: `2026-11-25`. */
export type Costs = Record<string, Places>;

/** Names of one dimension that a day has. Chosen: a day's row stays below 50 kB. */
const NAMES_MAX = 300;
/** Places that the document of the current minute may have. Each transaction writes the document. */
const OPEN_MAX = 300;

export function addCost(costs: Costs, day: string, place: string, cost: Cost): void {
  costs[day] ??= {};
  addPlace(costs[day], place, cost);
}

/** Adds costs to others, in place. */
export function mergeCosts(into: Costs, from: Costs): void {
  for (const [day, places] of Object.entries(from))
    for (const [place, cost] of Object.entries(places)) addCost(into, day, place, cost);
}

/** Whether the costs are too many for the document of the current minute. */
export function areMany(costs: Costs): boolean {
  return Object.values(costs).reduce((sum, places) => sum + Object.keys(places).length, 0) > OPEN_MAX;
}

/**
 * Adds costs to those of their day, in place. If a dimension has too many names, the costs of a further name go to the
 * longest prefix of it, up to a slash, that has a name.
 */
export function addToDay(day: Places, places: Places): void {
  const names: Record<string, number> = {};
  const dimensionOf = (place: string) => place.slice(0, place.indexOf(" ") + 1);
  for (const place of Object.keys(day)) names[dimensionOf(place)] = (names[dimensionOf(place)] ?? 0) + 1;
  for (const [place, cost] of Object.entries(places)) {
    const dimension = dimensionOf(place);
    const isFull = (names[dimension] ?? 0) >= NAMES_MAX;
    const known = isFull ? knownPrefix(day, dimension, place.slice(dimension.length)) : place;
    if (!(known in day)) names[dimension] = (names[dimension] ?? 0) + 1;
    addPlace(day, known, cost);
  }
}

function knownPrefix(day: Places, dimension: string, name: string): string {
  let prefix = name;
  while (prefix !== "" && !(dimension + prefix in day))
    prefix = prefix.slice(0, prefix.lastIndexOf("/", prefix.length - 2) + 1);
  return dimension + prefix;
}

/** Adds a cost to a place. */
export function addPlace(places: Places, place: string, [jobs, stored, bytes]: Cost): void {
  const [j, s, b] = places[place] ?? [0, 0, 0];
  places[place] = [j + jobs, s + stored, b + bytes];
}
