import { int, intOrNull, type Sql } from "./sql.ts";

/** What was open at a moment of a tier's slice. */
export interface Sample {
  /** The slice's beginning, Unix ms. */
  at: number;
  /** The most that was open. */
  open: number;
  /** The longest that the oldest waiting job had waited, in ms; null when nothing waited. */
  oldest: number | null;
}

/** Adds a sample to its slice, which keeps the highest of each. `tier` is the slice's length in ms. */
export function addSample(sql: Sql, tier: number, { at, open, oldest }: Sample): void {
  sql.exec(
    `INSERT INTO samples (tier, at, open, oldest) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (tier, at) DO UPDATE SET open = max(open, ?3),
      oldest = CASE WHEN ?4 IS NULL THEN oldest ELSE max(coalesce(oldest, 0), ?4) END`,
    ...[tier, at, open, oldest],
  );
}

/** Samples of a tier, from and to inclusive. */
export function readSamples(sql: Sql, tier: number, from: number, to: number): Sample[] {
  const query = "SELECT at, open, oldest FROM samples WHERE tier = ? AND at >= ? AND at <= ?";
  return sql
    .exec(query, tier, from, to)
    .map((raw) => ({ at: int(raw.at), open: int(raw.open), oldest: intOrNull(raw.oldest) }));
}

export function forgetSamples(sql: Sql, tier: number, before: number): void {
  sql.exec("DELETE FROM samples WHERE tier = ? AND at < ?", tier, before);
}
