import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DataPoint } from "../packages/shared/src/views.ts";
import { listen } from "./listen.ts";
import { refuseForeignHost } from "./loopback-guard.ts";

/*
 * The local twin of Analytics Engine: the points that the edge writes, and the SQL API that the control plane reads them by. It runs the very
 * text of the queries on SQLite, which has the same grammar as far as they go, with Analytics Engine's functions added. Not like there: nothing
 * is sampled by the platform, and a point can be read at once.
 */

export const LOCAL_DATASET = "prewarm_views";
export const LOCAL_ACCOUNT = "local";

/** As there: three months. */
const KEPT_SECONDS = 90 * 86_400;
const [BLOBS, DOUBLES] = [20, 20];
const BODY_MAX_BYTES = 4_000_000;

export interface AnalyticsStore {
  /** `at`: Unix ms. */
  write(points: readonly DataPoint[], at: number): void;
  /** As the API answers `FORMAT JSON`: 64-bit numbers are text. */
  query(sql: string): Record<string, string>[];
  close(): void;
}

export function openAnalytics(file: string, now = Date.now()): AnalyticsStore {
  const db = new DatabaseSync(file);
  const blobs = Array.from({ length: BLOBS }, (_, index) => `blob${index + 1}`);
  const doubles = Array.from({ length: DOUBLES }, (_, index) => `double${index + 1}`);
  const columns = [...blobs.map((name) => `${name} TEXT`), ...doubles.map((name) => `${name} REAL`)];
  db.exec(
    `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;
     CREATE TABLE IF NOT EXISTS ${LOCAL_DATASET}
       (timestamp INTEGER, _sample_interval INTEGER DEFAULT 1, index1 TEXT, ${columns.join(", ")});
     DELETE FROM ${LOCAL_DATASET} WHERE timestamp < ${Math.floor(now / 1000) - KEPT_SECONDS}`,
  );
  const asNumber = (value: unknown): number => Number(value);
  const divided = (a: unknown, b: unknown): number => Math.floor(Number(a) / Number(b));
  for (const name of ["toDateTime", "toUInt32"]) db.function(name, { deterministic: true }, asNumber);
  db.function("intDiv", { deterministic: true }, divided);
  const names = ["timestamp", "index1", ...blobs, ...doubles];
  const insert = db.prepare(
    `INSERT INTO ${LOCAL_DATASET} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
  );
  return {
    write: (points, at) => {
      for (const point of points) {
        const filled = <T>(given: readonly T[], length: number, empty: T): T[] =>
          Array.from({ length }, (_, index) => given[index] ?? empty);
        const values = [...filled(point.blobs, BLOBS, ""), ...filled(point.doubles, DOUBLES, 0)];
        insert.run(Math.floor(at / 1000), point.indexes[0] ?? "", ...values);
      }
    },
    query: (sql) =>
      db
        .prepare(sql)
        .all()
        .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]))),
    close: () => db.close(),
  };
}

/** Takes points at `/points`, and answers the SQL API of any account under `token`. */
export async function startAnalytics(
  { stateDir, token }: { stateDir: string; token: string },
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const store = openAnalytics(join(stateDir, "views.sqlite"));
  const server = createServer(async (request, response) => {
    if (refuseForeignHost(request, response)) return;
    const body = await readBody(request).catch(() => null);
    const [status, answer] = body === null ? [413, ""] : answerTo(store, request, body, token);
    response.writeHead(status, { "content-type": "application/json" }).end(answer);
  });
  const bound = await listen(server, port);
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          store.close();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function answerTo(
  store: AnalyticsStore,
  { method, url, headers }: IncomingMessage,
  body: string,
  token: string,
): [status: number, answer: string] {
  if (method !== "POST") return [405, ""];
  try {
    if (url === "/points") {
      store.write(JSON.parse(body) as DataPoint[], Date.now());
      return [200, "{}"];
    }
    if (!/^\/accounts\/[^/]+\/analytics_engine\/sql$/.test(url ?? "")) return [404, ""];
    if (headers.authorization !== `Bearer ${token}`) return [403, "Authentication error"];
    const sql = /^(SELECT .*) FORMAT JSON$/s.exec(body)?.[1];
    if (sql === undefined) return [400, "a SELECT with FORMAT JSON"];
    const data = store.query(sql);
    return [200, JSON.stringify({ meta: [], data, rows: data.length })];
  } catch (error) {
    return [422, String(error)];
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > BODY_MAX_BYTES) throw new Error("too large");
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString();
}
