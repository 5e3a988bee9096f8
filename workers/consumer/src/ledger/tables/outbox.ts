import { gateFile } from "../views/gate-view.ts";
import { text } from "./sql.ts";
import type { Tx } from "./tx.ts";

/** Something to be written outside, tried until it is done. The newest body of a kind replaces an older one. */
export interface Due {
  kind: string;
  body: string;
}

const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** Notes the gate file to be published when it says something else than the last one noted. */
export function gateChanged(tx: Tx): void {
  const file = gateFile(tx.gate, tx.config, tx.now);
  const says = JSON.stringify([file.closed, file.reason]);
  const said = text(tx.sql.exec("SELECT body FROM docs WHERE name = 'gate-said'")[0]?.body);
  if (says === said || (said === "" && file.closed.length === 0)) return;
  tx.sql.exec("INSERT INTO docs VALUES ('gate-said', ?1) ON CONFLICT (name) DO UPDATE SET body = ?1", says);
  tx.sql.exec(
    "INSERT INTO outbox VALUES ('gate', ?1, ?2, 0) ON CONFLICT (kind) DO UPDATE SET body = ?1, due = ?2, tries = 0",
    JSON.stringify(file),
    tx.now,
  );
}

/** What is to be tried now; each is put off with a growing wait before it is handed out. */
export function outboxDue(tx: Tx): Due[] {
  return tx.sql
    .exec(
      "UPDATE outbox SET due = ?1 + min(?2 * (1 << min(tries, 10)), ?3), tries = tries + 1 WHERE due <= ?1 RETURNING kind, body",
      tx.now,
      RETRY_BASE_MS,
      RETRY_MAX_MS,
    )
    .map((raw) => ({ kind: text(raw.kind), body: text(raw.body) }));
}

/** Done, unless something newer has taken its place meanwhile. */
export function outboxDone(tx: Tx, kind: string, body: string): void {
  tx.sql.exec("DELETE FROM outbox WHERE kind = ? AND body = ?", kind, body);
}
