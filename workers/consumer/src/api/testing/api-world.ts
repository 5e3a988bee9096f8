import { checkReceipt } from "@prewarm/control-schema/receipt-check";
import { receiptFile } from "@prewarm/control-schema/receipt-file";
import type { AnyReceipt } from "@prewarm/control-schema/receipts";
import { nodeSql } from "@prewarm/durable-queue/testing";
import type { Config, UserConfig } from "@prewarm/shared/config";
import { parsePem } from "@prewarm/shared/ed25519";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import { decodeId } from "@prewarm/shared/variant-key";
import { createStrangers } from "../../hooks/note-delivery.ts";
import { createSenderKeys } from "../../hooks/verifiers/verify.ts";
import type { VariantOutcome } from "../../images/calls.ts";
import { listPurges } from "../../images/tables/sweeps.ts";
import type { ExchangeRequest } from "../../ledger/calls.ts";
import { chunkOf } from "../../ledger/testing/chunk-of.ts";
import { clientOf } from "../../ledger/testing/client-of.ts";
import type { DirectLedger } from "../../ledger/testing/direct-calls.ts";
import { type KeyedAssignment, withKeys } from "../../ledger/testing/keys.ts";
import { nextAlarmOf } from "../../ledger/testing/next-alarm-of.ts";
import { runActions as runSlices } from "../../ledger/testing/run-actions.ts";
import { testEngine } from "../../ledger/testing/test-engine.ts";
import { createMemoryBucket } from "../../testing/memory-bucket.ts";
import { createWrongTokens } from "../access/wrong-tokens.ts";
import { createApi } from "../create-api.ts";
import type { ApiDeps } from "../deps.ts";

export const ADMIN = "admin-token-one";
export const VIEWER = "viewer-token-one";
/** 32 bytes; the `standardwebhooks` package makes the same key of it. */
export const HOOK_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/** Ed25519, of the seed 0, 1, 2, … 31. */
export const RECEIPT_KEY = "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
export const START = Date.UTC(2026, 10, 24, 12);

export const SITE: UserConfig = {
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  recipes: { upload: ["w=400&f=webp", "w=800&f=webp"], wide: ["w=1600&f=webp"] },
  presets: { thumb: "w=160&h=160&fit=cover&f=webp" },
  hooks: {
    uploads: {
      verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] },
      mapper: { kind: "native" },
      recipe: "upload",
    },
  },
};

export interface ApiWorld {
  deps: ApiDeps;
  ledger: DirectLedger;
  sql: ReturnType<typeof nodeSql>;
  /** Purges that were begun: the images' ids. */
  purges(): string[];
  logs: { event: string; fields: Record<string, unknown> | undefined }[];
  bucket: ReturnType<typeof createMemoryBucket>;
  advance(ms: number): void;
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** As `call`, and the body as JSON. */
  json(method: string, path: string, options?: CallOptions): Promise<{ status: number; body: Record<string, unknown> }>;
}

export interface CallOptions {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

const noAnswer = async () => new Response(null, { status: 404 });

/** The real API over the real ledger in node:sqlite, with a clock of its own. */
export function createApiWorld(site: TestSite = {}, more: Partial<ApiDeps> = {}): ApiWorld {
  const config: Config = testSite({ ...SITE, ...site });
  let now = START;
  const clock = { now: () => now, random: () => 0.5 };
  const sql = nodeSql();
  const { engine } = testEngine(sql, { config, clock });
  const bucket = createMemoryBucket();
  const logs: ApiWorld["logs"] = [];
  const deps: ApiDeps = {
    config,
    configFaults: [],
    environmentFaults: [],
    ledger: clientOf(engine),
    bucket: bucket.bucket,
    // The doctor's own tests mend.
    mendNotes: async () => undefined,
    analytics: null,
    queues: {},
    adminTokens: [ADMIN, "admin-token-two"],
    viewerTokens: [VIEWER],
    signingKeys: ["signing-key"],
    receiptKeys: [RECEIPT_KEY],
    wrongTokens: createWrongTokens(),
    strangers: createStrangers(),
    secret: (name) => (name === "HOOK_SECRET" ? HOOK_SECRET : undefined),
    access: null,
    edgeUrl: "https://images.example.com",
    unstaged: null,
    isLocal: false,
    environment: "test",
    version: { id: "version-1", tag: "a1b2c3d" },
    sizeOf: async () => 1000,
    fetch: noAnswer,
    clock,
    sleep: async () => undefined,
    log: (event, fields) => logs.push({ event, fields }),
    logging: () => ({}),
    ...more,
    senderKeys: createSenderKeys(more.fetch ?? noAnswer),
  };
  const api = createApi(deps);
  const call = async (method: string, path: string, { token = ADMIN, body, headers = {} }: CallOptions = {}) => {
    const all = new Headers(headers);
    if (token !== null && !all.has("Authorization")) all.set("Authorization", `Bearer ${token}`);
    if (body !== undefined && !all.has("Content-Type")) all.set("Content-Type", "application/json");
    const sent =
      body === undefined || typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body);
    const init = { method, headers: all, ...(sent === undefined ? {} : { body: sent, duplex: "half" }) } as RequestInit;
    return api.fetch(new Request(`https://control.example.com${path}`, init));
  };
  return {
    deps,
    ledger: engine,
    sql,
    purges: () => listPurges(sql).map(({ image }) => decodeId(image)),
    logs,
    bucket,
    advance: (ms) => {
      now += ms;
    },
    call,
    json: async (method, path, options) => {
      const answer = await call(method, path, options);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
  };
}

/** Accepts keys as an upload does, past the API. */
export function accept(world: ApiWorld, keys: string[]): void {
  const delivery = { id: crypto.randomUUID(), chunk: 0, hash: "h" };
  world.ledger.acceptChunk(chunkOf({ run: "uploads", lane: "upload", keys }, delivery));
}

/** Does the slices of actions that are due; when the next duty is. */
export function runActions({ ledger, advance }: ApiWorld): number | null {
  runSlices(ledger, advance);
  return ledger.transactions.read(nextAlarmOf);
}

/** A worker's jobs of these keys, granted. Others that it was given it does not touch. */
export function granted(world: ApiWorld, owner: string, keys: string[]): KeyedAssignment[] {
  const wanted = (given: KeyedAssignment[]) => given.filter(({ key }) => keys.includes(key));
  const standby = wanted(exchange(world, owner, { first: true, room: 40 }));
  const have = standby.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
  return wanted(exchange(world, owner, { have })).filter(({ phase }) => phase === "admitted");
}

/** One call of a worker; what it is given. */
export function exchange(world: ApiWorld, owner: string, said: Partial<ExchangeRequest>): KeyedAssignment[] {
  const nothing = {
    first: false,
    role: "work" as const,
    room: 0,
    have: [],
    asks: [],
    submitted: [],
    settled: [],
    leave: false,
  };
  const answer = withKeys(world.ledger.exchange({ owner, ...nothing, ...said }));
  return answer.status === "ok" ? answer.give : [];
}

/** Makes jobs of those that wait, or fails to; stands for the consumer. */
export function work(
  world: ApiWorld,
  keys: string[],
  outcome: "stored" | "dead" | "refused",
  message = "the job failed",
): void {
  const owner = crypto.randomUUID();
  const made = outcomeOf(world, outcome, message);
  const settled = granted(world, owner, keys).map(({ id, gen }) => ({ id, gen, outcome: made }));
  exchange(world, owner, { settled, leave: true });
}

function outcomeOf(world: ApiWorld, outcome: "stored" | "dead" | "refused", message: string): VariantOutcome {
  const outcomes: Record<typeof outcome, VariantOutcome> = {
    stored: { kind: "stored", bytes: 1234, tookMs: 500 },
    dead: {
      kind: "failed",
      class: "permanent",
      failure: { code: "upstream_failed", message },
      external: "ended",
    },
    refused: { kind: "refused", code: "missing", until: world.deps.clock.now() + 86_400_000, message },
  };
  return outcomes[outcome];
}

/** Ends everything that waits, call after call of new workers; null leaves a job alone. */
export function endAll(
  world: ApiWorld,
  ending: (key: string) => [Parameters<typeof work>[2], string] | null,
  callsMax = 100,
): void {
  for (let calls = 0; calls < callsMax; calls += 1) {
    world.advance(500);
    const owner = crypto.randomUUID();
    const standby = exchange(world, owner, { first: true, room: 40 }).filter(({ key }) => ending(key) !== null);
    const have = standby.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
    const go = exchange(world, owner, { have }).filter(({ phase }) => phase === "admitted");
    const settled = go.map(({ id, gen, key }) => {
      const [outcome, message] = ending(key) ?? ["dead", ""];
      return { id, gen, outcome: outcomeOf(world, outcome, message) };
    });
    exchange(world, owner, { settled, leave: true });
    if (standby.length === 0) return;
  }
  throw new Error("no end of the work");
}

export interface JobAnswer {
  job: string;
  key: string;
  id: string;
  state: string;
  error: { code: string; message: string } | null;
}

export const key = (id: string, width = 400): string => `${encodeURIComponent(id)}/${width}-high.webp`;

/** The public keys that the API publishes, as it does. */
export async function publishedPem(world: ApiWorld): Promise<string> {
  return (await world.call("GET", "/.well-known/prewarm-receipts", { token: null })).text();
}

/** Whether the file of this receipt is valid under the published keys. */
export async function isValid(world: ApiWorld, receipt: unknown, signature: unknown): Promise<boolean> {
  const file = receiptFile(receipt as AnyReceipt, String(signature));
  return "receipt" in (await checkReceipt(file, parsePem(await publishedPem(world))));
}

/** Warms ids by the recipe `upload` and returns the run. */
export async function warm(world: ApiWorld, ids: string[], more: object = {}): Promise<string> {
  const { body } = await world.json("POST", "/api/v1/warm", { body: { items: ids.map((id) => ({ id })), ...more } });
  return String(body.run);
}

export async function jobsOf(world: ApiWorld, query: string): Promise<JobAnswer[]> {
  const { body } = await world.json("GET", `/api/v1/jobs?${query}`);
  return body.jobs as JobAnswer[];
}

export const idsOf = (jobs: JobAnswer[]): string[] => [...new Set(jobs.map(({ id }) => id))].sort();
