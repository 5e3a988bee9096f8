import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InputSpec } from "../input/read-input.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { WarmOptions } from "./warm-options.ts";

const DIRECTORY = ".prewarm";
const SCHEMA = "prewarm.state/1";

/** Counts of a run as the server answered them: items (images) and variants. */
interface Counts {
  /** Images sent. */
  images: number;
  /** Lines of the input that named no image; never sent. */
  bad: number;
  /** Images the server refused, without those that pass through. */
  rejected: number;
  /** Images that the edge serves as they are, such as SVG; there is nothing to make of them. */
  passedThrough: number;
  /** Variants with a job from now on. */
  accepted: number;
  /** Variants that already had one. */
  duplicates: number;
  /** Variants known stored. */
  existing: number;
}

const NO_COUNTS: Counts = {
  images: 0,
  bad: 0,
  rejected: 0,
  passedThrough: 0,
  accepted: 0,
  duplicates: 0,
  existing: 0,
};

/** What `--resume` needs: how much of the input the server has accepted. Chunks that are sent twice have the same key. */
export interface RunState {
  schema: typeof SCHEMA;
  /** The run of items that name none. It names the state, too. */
  run: string;
  /** The runs to which something was sent, in that order. */
  runs: string[];
  /** The control API it was sent to: another one knows nothing of it. */
  url: string;
  input: InputSpec;
  options: WarmOptions;
  /** Chunks accepted, and the fingerprint of their input. */
  chunks: number;
  fingerprint: string;
  counts: Counts;
  /** All of the input has been sent. */
  sent: boolean;
  /** Unix ms. */
  beganAt: number;
}

/** A run's id: short enough to type, and not guessable into another's run. */
export function newRunId(): string {
  return `run_${randomBytes(9).toString("hex")}`;
}

export function newRunState(url: string, input: InputSpec, options: WarmOptions, now: number): RunState {
  const start = { runs: [], chunks: 0, fingerprint: "", counts: { ...NO_COUNTS }, sent: false, beganAt: now };
  return { schema: SCHEMA, run: newRunId(), url, input, options, ...start };
}

/** Where runs' states lie: `.prewarm/<run>.json` in the working directory. */
export interface StateStore {
  save(state: RunState): void;
  /** `last` is the one written last. Throws a usage error when there is none. */
  load(run: string): RunState;
  remove(run: string): void;
}

export function createStateStore(cwd: string): StateStore {
  const directory = join(cwd, DIRECTORY);
  const fileOf = (run: string): string => join(directory, `${run}.json`);
  return {
    save(state) {
      // The state tells where the input lies, which may be nobody else's business.
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      // Written beside and renamed: a crash leaves the old state or the new one, never half of one.
      const draft = `${fileOf(state.run)}.${process.pid}.tmp`;
      writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
      renameSync(draft, fileOf(state.run));
    },
    load(run) {
      const name = run === "last" ? lastRun(directory) : run;
      if (name === null || !/^[\w-]+$/.test(name)) throw usageError(`There is no run ${run} in ${directory}.`);
      return readState(fileOf(name), name);
    },
    remove: (run) => rmSync(fileOf(run), { force: true }),
  };
}

function readState(file: string, run: string): RunState {
  let state: RunState;
  try {
    state = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw usageError(
      `There is no state of run ${run} here (${file}).`,
      "Resume in the directory where the run was started.",
    );
  }
  if (state.schema !== SCHEMA || state.run !== run)
    throw usageError(`${file} was written by another version of prewarm.`);
  return state;
}

function lastRun(directory: string): string | null {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => /^run_.*\.json$/.test(name));
  } catch {
    return null;
  }
  const written = (name: string): number => statSync(join(directory, name)).mtimeMs;
  const last = names.sort((a, b) => written(b) - written(a))[0];
  return last === undefined ? null : last.slice(0, -".json".length);
}
