import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OWN_FOLDER } from "./installation.ts";

/*
 * Where a site's Workers answer: what `dev` and `deploy` wrote down in the site's `.prewarm`. Nothing depends on these files: they save typing
 * addresses.
 */

/** The local stack that runs, or ran, for this site. */
export interface LocalStack {
  pid: number;
  edge: string;
  control: string;
  /** Absolute; it holds the stack's tokens. */
  stateDir: string;
}

export interface Addresses {
  edge: string | null;
  consumer: string | null;
}

const LOCAL = "local-stack.json";
const TARGETS = "targets.json";

export function writeLocalStack(folder: string, stack: LocalStack): void {
  write(folder, LOCAL, stack);
}

/** Only the stack that wrote the file removes it: a later one may have replaced it. */
export function removeLocalStack(folder: string, pid: number): void {
  if (read<LocalStack>(folder, LOCAL, null)?.pid === pid) rmSync(join(folder, OWN_FOLDER, LOCAL), { force: true });
}

/** Null: no stack wrote it, or another user did. A stack that was killed leaves its file behind. */
export function readLocalStack(folder: string, uid: number | null): LocalStack | null {
  return read<LocalStack>(folder, LOCAL, uid);
}

/** What `deploy` saw of an environment's Workers. */
export function readAddresses(folder: string, environment: string, uid: number | null): Addresses {
  const { edge = null, consumer = null } = read<Targets>(folder, TARGETS, uid)?.[environment] ?? {};
  return { edge, consumer };
}

export function writeAddress(folder: string, environment: string, role: keyof Addresses, url: string): void {
  const targets = read<Targets>(folder, TARGETS, null) ?? {};
  write(folder, TARGETS, { ...targets, [environment]: { ...targets[environment], [role]: url } });
}

type Targets = Readonly<Record<string, Partial<Addresses>>>;

function write(folder: string, name: string, value: object): void {
  const own = join(folder, OWN_FOLDER);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  // Written beside and renamed: a reader sees the old file or the new one.
  const draft = join(own, `${name}.${process.pid}.tmp`);
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, join(own, name));
}

/** Another user's file could send a token to that user's server. `uid` null: any owner is right. */
function read<T>(folder: string, name: string, uid: number | null): T | null {
  const path = join(folder, OWN_FOLDER, name);
  try {
    const owner = statSync(path).uid;
    if (uid !== null && owner !== uid && owner !== 0) return null;
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
