import type { AuditEntry } from "@prewarm/control-schema/audit";
import { int, type QueueTx, type SqlRow, text, textOrNull } from "@prewarm/durable-queue";
import type { AuditQuery } from "../calls.ts";

/** Maximum of entries: a year of a busy team. */
const KEEP = 20_000;

/** Who did what the ledger does by its own rules. */
export const AUTOMATIC = "automatic";

/** Records an act and its actor, in the transaction of the act. */
export function audit(
  tx: QueueTx,
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

/** The newest entry of these kinds about a target. Null: there is none. Walks at most KEEP entries. */
export function lastAbout(tx: QueueTx, whats: readonly string[], target: string): AuditEntry | null {
  const query = `SELECT * FROM audit WHERE target = ? AND what IN (SELECT value FROM json_each(?))
    ORDER BY seq DESC LIMIT 1`;
  const raw = tx.sql.exec(query, target, JSON.stringify(whats))[0];
  return raw === undefined ? null : entryFrom(raw);
}

/** Replaces the details of an entry, of an act that comes in several calls. */
export function amend(tx: QueueTx, seq: number, details: Record<string, unknown>): void {
  tx.sql.exec("UPDATE audit SET details = ? WHERE seq = ?", JSON.stringify(details), seq);
}

/** The number below which a page begins, of its cursor. Null: the first page. */
export function numberBelow(cursor: string | null): number {
  return cursor === null ? Number.MAX_SAFE_INTEGER : Number(cursor);
}

/** Entries, the newest first. A search, and a time without entries, walk at most KEEP entries. */
export function listAudit(
  tx: QueueTx,
  { cursor = null, limit, search = "", from = 0, to = Number.MAX_SAFE_INTEGER }: AuditQuery,
): { entries: AuditEntry[]; nextCursor: string | null } {
  const said = "lower(who || ' ' || what || ' ' || coalesce(target, '') || ' ' || details)";
  const query = `SELECT * FROM audit WHERE seq < ?1 AND at >= ?4 AND at <= ?5 AND (?3 = '' OR instr(${said}, ?3) > 0) ORDER BY seq DESC LIMIT ?2`;
  const found = tx.sql.exec(query, numberBelow(cursor), limit, search.toLowerCase(), from, to);
  const entries = found.map(entryFrom);
  return { entries, nextCursor: entries.length < limit ? null : String(entries.at(-1)?.seq ?? 0) };
}

function entryFrom(raw: SqlRow): AuditEntry {
  return {
    seq: int(raw.seq),
    at: int(raw.at),
    who: text(raw.who),
    what: text(raw.what),
    target: textOrNull(raw.target),
    details: JSON.parse(text(raw.details)) as Record<string, unknown>,
  };
}
