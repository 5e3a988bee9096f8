import type { CodeVersion } from "@prewarm/control-schema/words";
import { getDoc, putDoc, type QueueTx } from "@prewarm/durable-queue";
import { audit } from "../console/tables/audit.ts";

/**
 * Records a deploy when the version of the code differs from the last version on this database. A new database has no
 * deploy to record.
 */
export function noteDeploy(tx: QueueTx, version: CodeVersion | null): void {
  if (version === null) return;
  const last = getDoc(tx.sql, "version");
  if (last === version.id) return;
  putDoc(tx.sql, "version", version.id);
  if (last !== null) audit(tx, "deploy", "code.version", version.tag || version.id, { before: last });
}
