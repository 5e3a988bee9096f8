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
  /** Where originals are: a URL with `{id}`, whatever the configuration says. */
  originals: string;
  /** Absolute; it holds the stack's tokens. */
  stateDir: string;
}

export interface Addresses {
  edge: string | null;
  consumer: string | null;
}

const LOCAL = "local-stack.json";
const TARGETS = "targets.json";

/** Writes a stack down, and forgets those that have ended. */
export function addLocalStack(folder: string, stack: LocalStack, isRunning: (pid: number) => boolean): void {
  write(folder, LOCAL, [stack, ...readLocalStacks(folder, null).filter(({ pid }) => isRunning(pid))]);
}

export function removeLocalStack(folder: string, pid: number): void {
  const others = readLocalStacks(folder, null).filter((stack) => stack.pid !== pid);
  if (others.length > 0) write(folder, LOCAL, others);
  else rmSync(join(folder, OWN_FOLDER, LOCAL), { force: true });
}

/** The newest first. None: no stack runs here, or another user wrote the file. A stack that was killed is still in it. */
export function readLocalStacks(folder: string, uid: number | null): LocalStack[] {
  const found = read<LocalStack[]>(folder, LOCAL, uid);
  return Array.isArray(found) ? found : [];
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
