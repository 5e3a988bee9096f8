import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The stack that works on a state folder. */
interface Holder {
  pid: number;
  /** ISO 8601. */
  since: string;
  /** The edge's and the consumer's addresses; null until it has chosen its ports. */
  urls: { edge: string; control: string } | null;
}

export interface StateLock {
  /** Writes down where the stack answers, for whoever is refused. */
  tell(urls: { edge: string; control: string }): void;
  release(): void;
}

/** SQLite's own number of "somebody else holds the lock". */
const SQLITE_BUSY = 5;

/**
 * Takes a state folder for this process, or throws a sentence that says who has it. Two engines on one ledger falsify its counters. The lock is
 * SQLite's on an empty database: the system takes it away when the process ends, whatever ends it, so that no lock is ever stale.
 */
export function lockState(stateDir: string, now: Date): StateLock {
  const database = new DatabaseSync(join(stateDir, "lock.sqlite"));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY)
      throw new Error(explain(stateDir, readHolder(stateDir)));
    throw error;
  }
  const holder: Holder = { pid: process.pid, since: now.toISOString(), urls: null };
  const write = () => writeFileSync(fileOf(stateDir), JSON.stringify(holder));
  write();
  return {
    tell: (urls) => {
      holder.urls = urls;
      write();
    },
    release: () => database.close(),
  };
}

/** Outlives its writer: it counts only while the lock is held. */
function fileOf(stateDir: string): string {
  return join(stateDir, "lock.json");
}

/** Null: the holder has taken the lock and has not written the file yet. */
function readHolder(stateDir: string): Holder | null {
  try {
    return JSON.parse(readFileSync(fileOf(stateDir), "utf8"));
  } catch {
    return null;
  }
}

function explain(stateDir: string, holder: Holder | null): string {
  const cure = "Two stacks on one ledger would falsify it. Stop that one";
  const other = "or choose another folder with STATE_DIR";
  if (holder === null) return `STATE_DIR ${stateDir} is in use by another stack. ${cure}, ${other}.`;
  const { pid, since, urls } = holder;
  const at = urls === null ? "" : ` (edge ${urls.edge}, control ${urls.control})`;
  const time = since.replace("T", " ").replace(/\..*/, " UTC");
  return `STATE_DIR ${stateDir} is in use: process ${pid} runs a stack on it since ${time}${at}. ${cure} (kill ${pid}), ${other}.`;
}
