import type { AuditEntry } from "@prewarm/control-schema/audit";
import { int, text, textOrNull } from "./sql.ts";
import type { Tx } from "./tx.ts";

/** Maximum of entries: a year of a busy team. */
const KEEP = 20_000;

/** Records an act and its actor, in the transaction of the act. */
export function audit(
  tx: Tx,
  who: string,
  what: string,
  target: string | null,
  details: Record<string, unknown>,
): void {
  tx.sql.exec(
    "INSERT INTO audit (at, who, what, target, details) VALUES (?, ?, ?, ?, ?)",
    tx.now,
    who,
    what,
    target,
    JSON.stringify(details),
  );
  tx.sql.exec("DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ?", KEEP);
}

/**
 * Entries below a number, the newest first. A search answers the entries that contain its text, and walks at most KEEP
 * entries.
 */
export function listAudit(
  tx: Tx,
  { before, limit, search }: { before: number; limit: number; search: string },
): { entries: AuditEntry[]; next: string | null } {
  const said = "lower(who || ' ' || what || ' ' || coalesce(target, '') || ' ' || details)";
  const query = `SELECT * FROM audit WHERE seq < ?1 AND (?3 = '' OR instr(${said}, ?3) > 0) ORDER BY seq DESC LIMIT ?2`;
  const found = tx.sql.exec(query, before, limit, search.toLowerCase());
  const entries = found.map((raw) => ({
    seq: int(raw.seq),
    at: int(raw.at),
    who: text(raw.who),
    what: text(raw.what),
    target: textOrNull(raw.target),
    details: JSON.parse(text(raw.details)) as Record<string, unknown>,
  }));
  return { entries, next: entries.length < limit ? null : String(entries.at(-1)?.seq ?? 0) };
}
