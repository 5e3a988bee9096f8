import type { Sql, SqlRow } from "@prewarm/durable-queue";
import type { Counters } from "@prewarm/durable-queue/testing";
import type { State } from "../../../workers/consumer/src/console/statistics.ts";
import type { Places } from "../../../workers/consumer/src/console/tables/costs.ts";
import { CANCELLING, type Look, RETRYING, STORED, WAITING } from "./ledger-look.ts";

/** I8: what is counted is what the rows say: by state and lane, and of each run what is open. The costs are the budget's. */
export function sumsAtFault(sql: Sql, look: Look): string[] {
  return [...countsAtFault(sql, look), ...runsAtFault(sql, look), ...costsAtFault(sql)];
}

/** Every dimension of the costs has the jobs that the budget has counted, and no more of them were mistakes. */
function costsAtFault(sql: Sql): string[] {
  const body = sql.exec("SELECT body FROM docs WHERE name = 'counts'")[0]?.body;
  if (body === undefined) return [];
  const { used } = JSON.parse(String(body)) as Counters;
  const newest = sql.exec("SELECT body FROM docs WHERE name = 'statistics'")[0]?.body;
  const { costs } = JSON.parse(String(newest)) as State;
  // The budget is counted for two months, the costs for longer.
  const months = new Set(Object.keys(used).map((place) => place.slice(0, "2026-11".length)));
  const days = [
    ...sql.exec("SELECT day, costs FROM hist WHERE costs IS NOT NULL").map(dayOf),
    ...Object.entries(costs),
  ];
  const known = days.filter(([day]) => months.has(day.slice(0, "2026-11".length)));
  const places = known.flatMap(([, day]) => Object.entries(day));
  const jobsOf = (dimension: string) =>
    places.reduce((sum, [place, [jobs]]) => sum + (place.startsWith(`${dimension} `) ? jobs : 0), 0);
  const paid = Object.values(used).reduce((sum, n) => sum + n, 0);
  const wrong = ["run", "width", "format", "folder"].filter((dimension) => jobsOf(dimension) !== paid);
  const bad = wrong.map((dimension) => `the costs by ${dimension} are ${jobsOf(dimension)} jobs of ${paid} (I8)`);
  return jobsOf("mistake") > paid ? [...bad, `${jobsOf("mistake")} mistakes of ${paid} paid jobs (I8)`] : bad;
}

function dayOf({ day, costs }: SqlRow): [day: string, Places] {
  return [new Date(Number(day) * 86_400_000).toISOString(), JSON.parse(String(costs))];
}

function countedAs({ state, attempts }: { state: number; attempts: number }): number {
  return state === WAITING && attempts > 0 ? RETRYING : state;
}

function countsAtFault(sql: Sql, { rows }: Look): string[] {
  const body = sql.exec("SELECT body FROM docs WHERE name = 'counts'")[0]?.body;
  const counts = body === undefined ? {} : (JSON.parse(String(body)) as { jobs: Record<string, number> }).jobs;
  const known = new Map(Object.entries(counts));
  for (const row of rows.values()) {
    const place = `${countedAs(row)} ${row.lane}`;
    known.set(place, (known.get(place) ?? 0) - 1);
  }
  return [...known].flatMap(([place, n]) => {
    const wrong = place.startsWith(`${STORED} `) ? n < 0 : n !== 0;
    return wrong ? [`counts of state and lane ${place} differ from the rows by ${n} (I8)`] : [];
  });
}

function runsAtFault(sql: Sql, { rows }: Look): string[] {
  const askers = new Map<number, number[]>();
  for (const { id, run } of sql.exec("SELECT id, run FROM joins"))
    askers.set(Number(id), [...(askers.get(Number(id)) ?? []), Number(run)]);
  return sql.exec("SELECT n, id, states FROM runs").flatMap(({ n, id, states }) => {
    const counted = JSON.parse(String(states)) as number[];
    for (const row of rows.values()) {
      if (row.run !== n && !askers.get(row.id)?.includes(Number(n))) continue;
      const code = countedAs(row);
      counted[code] = (counted[code] ?? 0) - 1;
    }
    const isOpen = (code: number) => [WAITING, CANCELLING, RETRYING].includes(code);
    const wrong = counted.flatMap((left, code) =>
      left < 0 || (isOpen(code) && left !== 0) ? [`${code}: ${left}`] : [],
    );
    return wrong.length === 0 ? [] : [`run ${id} differs from its rows by ${wrong.join(", ")} (I8)`];
  });
}
