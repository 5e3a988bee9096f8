import type { Sql } from "@prewarm/durable-queue/schema/sql";
import { CANCELLING, type Look, RETRYING, STORED, WAITING } from "./ledger-look.ts";

/** I8: what is counted is what the rows say: by state and lane, and of each run what is open. */
export function sumsAtFault(sql: Sql, look: Look): string[] {
  return [...countsAtFault(sql, look), ...runsAtFault(sql, look)];
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
