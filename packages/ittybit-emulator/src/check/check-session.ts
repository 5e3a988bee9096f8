import { setTimeout as sleep } from "node:timers/promises";
import sharp, { type Metadata } from "sharp";
import { type ApiClient, type ApiResponse, createApiClient } from "./api-client.ts";
import { type ReadJob, readJob } from "./read-job.ts";

/** One line of the report. Only a `failed` one makes the check fail; `noted` ones show what the pages do not say. */
export interface Finding {
  name: string;
  value: string;
  verdict: "ok" | "failed" | "noted";
}

export interface CheckOptions {
  apiUrl: string;
  apiKey: string;
  /** URL of an image the service can fetch. */
  original: string;
  /** Longest wait for one job, in milliseconds. Default 120,000. */
  timeoutMs?: number;
  /** Pause between looks at a job, in milliseconds. Default 250. */
  pollMs?: number;
}

export interface FinishedJob {
  job: ReadJob;
  created: ApiResponse;
  /** Status words in the order they appeared. */
  words: string[];
  /** From the create call to the end, in milliseconds. */
  tookMs: number;
  looks: number;
}

export interface Picture {
  bytes: Buffer;
  metadata: Metadata;
}

/** What the single checks share: the client, the original, and the report. */
export interface CheckSession {
  client: ApiClient;
  options: Required<CheckOptions>;
  /** Idempotency keys of this run start with it. */
  runId: string;
  /** The original's size as it is shown. */
  originalSize: { width: number; height: number };
  findings: Finding[];
  note(name: string, value: string): void;
  /** Records an essential. */
  expect(name: string, holds: boolean, value: string): void;
}

export async function openSession(options: CheckOptions): Promise<CheckSession> {
  const findings: Finding[] = [];
  const { autoOrient } = (await fetchPicture(options.original)).metadata;
  return {
    client: createApiClient(options.apiUrl, options.apiKey),
    options: { timeoutMs: 120_000, pollMs: 250, ...options },
    runId: `check-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e9).toString(36)}`,
    originalSize: autoOrient,
    findings,
    note: (name, value) => void findings.push({ name, value, verdict: "noted" }),
    expect: (name, holds, value) => void findings.push({ name, value, verdict: holds ? "ok" : "failed" }),
  };
}

/** Never sends the API key: the output's host is not the API's. @throws Error when it is no image */
export async function fetchPicture(url: string): Promise<Picture & { response: Response }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return { response, bytes, metadata: await sharp(bytes).metadata() };
}

export function jobBody(session: CheckSession, options: object): object {
  const metadata = { source: "ittybit-check", run: session.runId };
  return { input: session.options.original, kind: "image", options, metadata };
}

/** Makes a job and looks until it has ended. @throws Error when it is refused or never ends */
export async function finishJob(session: CheckSession, name: string, options: object): Promise<FinishedJob> {
  const { client, runId } = session;
  const { timeoutMs, pollMs } = session.options;
  const startedAt = performance.now();
  const body = jobBody(session, options);
  const created = await client.call("POST", "/jobs", { body, idempotencyKey: `${runId}-${name}` });
  let job = readJob(created.body);
  const { id } = job;
  if (created.status >= 300 || id === null) {
    throw new Error(`POST /jobs answered ${created.status} ${JSON.stringify(created.body).slice(0, 300)}`);
  }
  const words = [job.word];
  for (let looks = 1; ; looks += 1) {
    const seen = await client.call("GET", `/jobs/${encodeURIComponent(id)}`);
    if (looks === 1 && name === "main") session.note("GET right after create", `${seen.status}`);
    if (seen.status === 200) job = readJob(seen.body);
    if (words.at(-1) !== job.word) words.push(job.word);
    const tookMs = Math.round(performance.now() - startedAt);
    if (job.state !== "open") return { job: { ...job, id }, created, words, tookMs, looks };
    if (tookMs > timeoutMs) throw new Error(`job ${id} is still "${job.word}" after ${tookMs} ms`);
    await sleep(pollMs);
  }
}
