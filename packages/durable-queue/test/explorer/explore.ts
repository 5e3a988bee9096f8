import { hash } from "node:crypto";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { faultOf, isAtRest } from "./judge.ts";
import { markOf } from "./mark.ts";
import { type Bounds, SmallWorld } from "./small-world.ts";

/** A state. `path`: the shortest one to it. `next`: what can happen. `from`: states from which a sure step leads here. */
interface State {
  path: readonly string[];
  next: { text: string; isSure: boolean }[];
  from: number[];
  isAtRest: boolean;
}

const LOST = "from here nothing that is sure to happen ends all jobs";

/**
 * Tries every order of steps, short paths first, until a fault is found, no state is new, or the time is over. A world
 * cannot be copied, so each is played from its beginning. `path`: the fewest steps to the fault.
 */
export async function explore(bounds: Bounds, seconds = Number.POSITIVE_INFINITY) {
  const began = performance.now();
  const sql = database();
  const states: State[] = [];
  const known = new Map<string, number>();
  /** Plays a path and notes where it leads. Answers the fault that it shows. */
  const visit = async (path: readonly string[], from: number[] = []): Promise<string | null> => {
    sql.exec("ROLLBACK");
    sql.exec("BEGIN");
    const world = new SmallWorld(sql, bounds);
    for (const text of path) {
      const step = world.steps().find(([name]) => name === text);
      if (step === undefined) throw new Error(`"${text}" cannot happen: a world is not the same each time`);
      await world.do(step);
    }
    const next = world.steps().map(([text, , trouble]) => ({ text, isSure: trouble === undefined }));
    const state = { path, next, from: [], isAtRest: isAtRest(world) };
    const isLost = !state.isAtRest && !next.some(({ isSure }) => isSure);
    const fault = faultOf(world) ?? (isLost ? LOST : null);
    const mark = hash("sha1", await markOf(world));
    const at = known.get(mark) ?? states.push(state) - 1;
    known.set(mark, at);
    states[at]?.from.push(...from);
    return fault;
  };
  const end = (fault: string | null, path: readonly string[]) => {
    sql.close();
    return { states: states.length, seconds: (performance.now() - began) / 1000, fault, path };
  };
  new SmallWorld(sql, bounds);
  sql.exec("BEGIN");
  await visit([]);
  for (const [at, { path, next }] of states.entries()) {
    for (const { text, isSure } of next) {
      if (performance.now() - began > seconds * 1000) return end("the time was over", []);
      const fault = await visit([...path, text], isSure ? [at] : []);
      if (fault !== null) return end(fault, [...path, text]);
    }
  }
  const lost = firstLost(states);
  return end(lost && LOST, lost?.path ?? []);
}

/** Each world is a transaction that is taken back, which keeps prepared statements. Its transactions are savepoints. */
function database() {
  const sql = nodeSql();
  const transaction = <T>(work: () => T): T => {
    sql.exec("SAVEPOINT tx");
    try {
      return work();
    } catch (error) {
      sql.exec("ROLLBACK TO tx");
      throw error;
    } finally {
      sql.exec("RELEASE tx");
    }
  };
  return { ...sql, bytes: 0, transaction };
}

/** The first state from which no steps lead to rest that are sure to happen. */
function firstLost(states: readonly State[]): State | null {
  const ending = new Set([...states.keys()].filter((at) => states[at]?.isAtRest));
  for (const at of ending) for (const from of states[at]?.from ?? []) ending.add(from);
  return states.find((_, at) => !ending.has(at)) ?? null;
}
