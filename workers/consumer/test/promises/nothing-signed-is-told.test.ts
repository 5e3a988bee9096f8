import { NOTHING } from "@prewarm/durable-queue";
import { nodeSql, observe } from "@prewarm/durable-queue/testing";
import { originalUrl, stagedUrl } from "@prewarm/shared/signature";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import { describe, expect, it } from "vitest";
import { createApiWorld, VIEWER } from "../../src/api/testing/api-world.ts";
import { createIttybit } from "../../src/ittybit/client.ts";
import { readJob } from "../../src/ittybit/dialects.ts";
import { runEvents } from "../../src/ledger/follow-ups.ts";
import { chunkOf } from "../../src/ledger/testing/chunk-of.ts";
import { clientOf } from "../../src/ledger/testing/client-of.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { batchWorld, ORIGINALS } from "../../src/making/testing/batch-world.ts";
import { createMemoryBucket } from "../../src/testing/memory-bucket.ts";
import { picture } from "../../src/testing/pictures.ts";

const ID = "private/o'brien.jpg";
const KEY = `${encodeURIComponent(ID)}/400-high.webp`;
const LARGER = `${encodeURIComponent(ID)}/800-high.webp`;
const EDGE = "https://images.example.com";
const OUTPUT = "https://store.example.net/job_1?X-Amz-Expires=900&X-Amz-Signature=0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const API_KEY = "ittybit-api-key-0123456789";
const SITE: TestSite = {
  sources: [{ prefix: "private/", bucket: "ORIGINALS", key: "{id}" }],
  limits: { maxAttempts: 1 },
  events: [{ url: "https://events.example.com/in", secrets: ["EVENTS_SECRET"] }],
};

const base64 = (text: string) => btoa(text);
const withoutScheme = (url: string) => url.replace("https://", "");
const pathOf = (url: string) => url.slice(url.indexOf("/", "https://".length));

/** How services quote an address that they could not fetch. */
const WAYS: [string, (url: string) => string][] = [
  ["as it is, with an apostrophe in the id", (url) => `Could not fetch ${url}`],
  ["between apostrophes", (url) => `Could not fetch '${url}': 404`],
  ["without a scheme", (url) => `Could not fetch ${withoutScheme(url)}`],
  ["by its path", (url) => `404 for ${pathOf(url)}`],
  ["without a protocol", (url) => `Could not fetch //${withoutScheme(url)}`],
  ["with escaped slashes", (url) => `{"url":"${url.replaceAll("/", "\\/")}"}`],
  ["percent-encoded", (url) => `/fetch?url=${encodeURIComponent(url)} failed`],
  ["percent-encoded twice", (url) => `/fetch?to=${encodeURIComponent(encodeURIComponent(url))} failed`],
  ["in parts", (url) => `path=${new URL(url).pathname} query=${new URL(url).search.slice(1)}`],
  ["behind a letter", (url) => `GEThttps:${url.slice("https:".length)} failed`],
  ["in HTML", (url) => `<a href='${pathOf(url).replaceAll("&", "&amp;")}'>here</a>`],
  ["in Base64", (url) => `/unsafe/${base64(url)} failed`],
  ["in Base64, by its path", (url) => `/unsafe/${base64(pathOf(url))}.webp failed`],
  ["in Base64 for URLs, with words before it", (url) => base64(`get ${url}`).replaceAll("+", "-").replaceAll("/", "_")],
];

/** The real ledger, handler and API. Everything that anybody is told is in `told`. */
async function world(isStaged = false) {
  const at = batchWorld({ stages: isStaged });
  const config = testSite(isStaged ? { ...SITE, sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }] } : SITE);
  const events: string[] = [];
  const sql = nodeSql();
  const { engine, deps } = testEngine(
    sql,
    { config, clock: at.clock },
    {
      deliver: async (event) => {
        events.push(JSON.stringify(event));
        return { status: 204, said: "" };
      },
    },
  );
  const api = createApiWorld(SITE, { ledger: clientOf(engine), clock: at.clock });
  const originals = createMemoryBucket();
  await originals.bucket.put(ID, await picture("jpeg", 1000, 500));
  const key = "a-signing-key-of-24-chars";
  const ofBucket = await originalUrl(EDGE, ID, key, config, at.clock.now() / 1000);
  // Its number follows from the time of the order.
  const staged = await stagedUrl(EDGE, { id: ID, v: null, number: at.clock.now() * 1000 }, key, config);
  const signed = isStaged ? staged : ofBucket;
  Object.assign(at.deps, { config, ledger: clientOf(engine) });
  if (isStaged) at.deps.originals.stagedUrl = (name) => stagedUrl(EDGE, name, key, config);
  at.deps.originals.bucket = () => originals.bucket;
  at.deps.originals.bucketOriginalUrl = async () => signed;
  await runEvents(engine.transactions, deps);
  engine.acceptChunk(
    chunkOf({ lane: "bulk", keys: isStaged ? [KEY, LARGER] : [KEY] }, { id: "d", chunk: 0, hash: "h" }),
  );

  /** All that operators, viewers, endpoints of events and readers of logs see. */
  async function told(): Promise<string> {
    at.clock.advance(120_000);
    await runEvents(engine.transactions, deps);
    const paths = [
      "jobs",
      "jobs.csv",
      "jobs.ndjson",
      "dead",
      "causes?window=all",
      "events",
      "gate",
      "stats",
      "metrics",
    ];
    const answers = paths.map(async (path) => (await api.call("GET", `/api/v1/${path}`, { token: VIEWER })).text());
    const { job } = JSON.parse((await answers[0]) ?? "").jobs[0] as { job: string };
    answers.push(api.call("GET", `/api/v1/jobs/${job}`, { token: VIEWER }).then((answer) => answer.text()));
    return [...(await Promise.all(answers)), ...events, ...at.logs].join("\n");
  }
  return { ...at, engine, api, signed, told };
}

type TheWorld = Awaited<ReturnType<typeof world>>;

/** Ittybit by the real client: what it answers to a POST. */
function answering({ deps, clock }: TheWorld, status: number, body: unknown): void {
  const fetcher = (async () => Response.json(body, { status })) as unknown as typeof fetch;
  deps.ittybit = createIttybit({ baseUrl: "https://api.example.com", apiKey: API_KEY, fetch: fetcher, clock });
}

/** Ittybit takes the job, and it ends with this error. */
async function failing(at: TheWorld, message: string, more: object = {}): Promise<void> {
  const job = { id: "job_1", status: "failed", error: { kind: message.slice(0, 200), message }, ...more };
  at.deps.at = async (point) => {
    if (point !== "exchanged" || at.logs.length > 0) return;
    const seen = readJob(job);
    if (seen !== null) at.engine.transactions.write((tx) => observe(tx, { ...NOTHING, ended: [seen] }));
  };
  answering(at, 201, { id: "job_1", status: "queued" });
}

function secretOf(url: string, name: string): string {
  return new URL(url).searchParams.get(name) ?? "";
}

/** Throws when a text holds a secret in any form; a part of twelve characters is one. */
function expectNone(text: string, secret: string): void {
  expect(secret.length).toBeGreaterThan(20);
  const forms = [secret, ...[0, 1, 2].map((before) => btoa(" ".repeat(before) + secret).slice(4, -4))];
  for (const form of [...forms, ...forms.map((one) => one.replaceAll("+", "-").replaceAll("/", "_"))])
    for (let from = 0; from + 12 <= form.length; from += 1)
      expect(text.includes(form.slice(from, from + 12)), `${form.slice(from, from + 12)} in ${text}`).toBe(false);
}

describe("a signed address that Ittybit quotes is told to nobody:", () => {
  it.each(WAYS)("%s, in its answer of 422", async (_way, quote) => {
    const at = await world();
    answering(at, 422, { error: { kind: quote(at.signed), message: quote(at.signed) } });
    await at.shift();
    const told = await at.told();
    expect(told).toContain("upstream_rejected");
    expectNone(told, secretOf(at.signed, "s"));
  });

  it.each(WAYS)("%s, in the error of a job", async (_way, quote) => {
    const at = await world();
    await failing(at, quote(at.signed));
    await at.shift();
    const told = await at.told();
    expect(told).toContain("upstream_failed");
    expectNone(told, secretOf(at.signed, "s"));
  });

  it.each(WAYS)("%s, of staged bytes, in the error of a job", async (_way, quote) => {
    const at = await world(true);
    await failing(at, quote(at.signed));
    await at.shift();
    const told = await at.told();
    expect(told).toContain("upstream_failed");
    expectNone(told, secretOf(at.signed, "s"));
  });

  it.each(WAYS)("%s, of a result, in the error of a job", async (_way, quote) => {
    const at = await world();
    await failing(at, quote(OUTPUT), { output: OUTPUT });
    await at.shift();
    const told = await at.told();
    expect(told).toContain("upstream_failed");
    expectNone(told, secretOf(OUTPUT, "X-Amz-Signature"));
  });

  it.each([
    [401, "breaker"],
    [500, "upstream_unavailable"],
  ])("in an answer of %d", async (status, what) => {
    for (const [, quote] of WAYS) {
      const at = await world();
      answering(at, status, { message: `${quote(at.signed)} ${API_KEY}` });
      await at.shift();
      const told = await at.told();
      expect(told).toContain(what);
      expectNone(told, secretOf(at.signed, "s"));
      expectNone(told, API_KEY);
    }
  });
});
