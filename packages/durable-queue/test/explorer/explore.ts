import { hash } from "node:crypto";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { faultOf, isAtRest } from "./judge.ts";
import { markOf } from "./mark.ts";
import { type Bounds, SmallWorld } from "./small-world.ts";

/** `path`: the shortest one to it. `next`: what can happen. `from`: states from which a sure step leads here. */
interface State {
  path: readonly string[];
  next: { text: string; isSure: boolean }[];
  from: State[];
  isAtRest: boolean;
}

/**
 * Tries every order of steps, short paths first, until a fault is found or no state is new. A world cannot be copied, so
 * each is played from its beginning. `path`: the fewest steps to the fault.
 */
export async function explore(bounds: Bounds) {
  const sql = database();
  const known = new Map<string, State>();
  /** Plays a path and notes where it leads. Answers the fault that it shows. */
  const visit = async (path: readonly string[], from: State[] = []): Promise<string | null> => {
    sql.exec("ROLLBACK");
    sql.exec("BEGIN");
    const world = new SmallWorld(sql, bounds);
    for (const text of path) {
      const step = world.steps().find(([name]) => name === text);
      if (step === undefined) throw new Error(`"${text}" cannot happen: a world is not the same each time`);
      await world.do(step);
    }
    const next = world.steps().map(([text, , trouble]) => ({ text, isSure: trouble === undefined }));
    const found: State = { path, next, from: [], isAtRest: isAtRest(world) };
    const fault = faultOf(world);
    const mark = hash("sha1", await markOf(world));
    const state = known.get(mark) ?? found;
    known.set(mark, state);
    state.from.push(...from);
    return fault;
  };
  new SmallWorld(sql, bounds);
  sql.exec("BEGIN");
  await visit([]);
  for (const state of known.values()) {
    for (const { text, isSure } of state.next) {
      const path = [...state.path, text];
      const fault = await visit(path, isSure ? [state] : []);
      if (fault !== null) return { states: known.size, fault, path };
    }
  }
  const lost = firstLost([...known.values()]);
  const fault = lost && "from here nothing that is sure to happen ends all jobs";
  return { states: known.size, fault, path: lost?.path ?? [] };
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
  const ending = new Set(states.filter(({ isAtRest }) => isAtRest));
  for (const state of ending) for (const from of state.from) ending.add(from);
  return states.find((state) => !ending.has(state)) ?? null;
}
