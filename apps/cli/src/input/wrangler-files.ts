import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";

/** What a wrangler file says of one environment, as far as a deploy of ours depends on it. */
export interface Wrangler {
  file: string;
  vars: Record<string, unknown>;
  /** Buckets, queues to send to, objects and limits by their binding; the value names what is bound. */
  bindings: Map<string, string>;
  /** Queues that are read. */
  reads: string[];
  /** Hosts routed to it. */
  hosts: string[];
}

type Table = Record<string, unknown>;

/** Reads a wrangler file's environment; null: its top level. Throws an Error with what is wrong with the file. */
export function readWrangler(folder: string, file: string, environment: string | null): Wrangler {
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`it is not beside prewarm.config.ts (${path})`);
  const top = parse(readFileSync(path, "utf8")) as Table;
  const named = environment === null ? top : table(table(top.env)[environment]);
  if (environment !== null && Object.keys(named).length === 0) throw new Error(`it has no [env.${environment}]`);
  const queues = table(named.queues);
  // Routes are the one thing here that an environment inherits.
  const routes = named.routes ?? (named.route === undefined ? (top.routes ?? top.route ?? []) : [named.route]);
  return {
    file,
    vars: table(named.vars),
    bindings: new Map([
      ...entries(named.r2_buckets, "binding", "bucket_name"),
      ...entries(queues.producers, "binding", "queue"),
      ...entries(table(named.durable_objects).bindings, "name", "class_name"),
      ...entries(named.ratelimits, "name", "namespace_id"),
    ]),
    reads: entries(queues.consumers, "queue", "queue").map(([queue]) => queue),
    hosts: [routes].flat().flatMap((route) => hostOf(typeof route === "string" ? route : table(route).pattern)),
  };
}

function hostOf(pattern: unknown): string[] {
  return typeof pattern === "string" ? [(pattern.split("/")[0] ?? "").toLowerCase()] : [];
}

function entries(list: unknown, key: string, value: string): [string, string][] {
  const rows = Array.isArray(list) ? list.map(table) : [];
  return rows.map((row) => [String(row[key] ?? ""), String(row[value] ?? "")]);
}

function table(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}
