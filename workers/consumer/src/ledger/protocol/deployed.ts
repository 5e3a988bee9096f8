import type { CodeVersion } from "../contract.ts";
import { audit } from "../tables/audit.ts";
import { getDoc, putDoc } from "../tables/docs.ts";
import type { Tx } from "../tables/tx.ts";

/** Writes a deploy down when another version of the code stands on this database than the last one; a new database has none to tell of. */
export function noteDeploy(tx: Tx, version: CodeVersion | null): void {
  if (version === null) return;
  const last = getDoc(tx.sql, "version");
  if (last === version.id) return;
  putDoc(tx.sql, "version", version.id);
  if (last !== null) audit(tx, "deploy", "code.version", version.tag || version.id, { before: last });
}
