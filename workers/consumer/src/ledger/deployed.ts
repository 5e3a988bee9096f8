import type { CodeVersion } from "@prewarm/control-schema/words";
import { audit } from "@prewarm/durable-queue/schema/audit";
import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import type { Tx } from "@prewarm/durable-queue/schema/tx";

/**
 * Records a deploy when the version of the code differs from the last version on this database. A new database has no
 * deploy to record.
 */
export function noteDeploy(tx: Tx, version: CodeVersion | null): void {
  if (version === null) return;
  const last = getDoc(tx.sql, "version");
  if (last === version.id) return;
  putDoc(tx.sql, "version", version.id);
  if (last !== null) audit(tx, "deploy", "code.version", version.tag || version.id, { before: last });
}
