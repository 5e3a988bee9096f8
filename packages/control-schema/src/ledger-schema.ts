/**
 * The first eight hex digits of the sha256 of every statement that makes the ledger's tables. A deployed version says it of itself, so that an
 * upgrade and a rollback know whether the tables differ. `ledger-schema.test.ts` beside the tables holds it to them.
 */
export const LEDGER_SCHEMA = "abd84c25";
