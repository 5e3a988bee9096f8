import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { GATE_AUTO, WORKERS_MAX } from "../packages/shared/src/limits.ts";
import { queueRole } from "../packages/shared/src/queue-role.ts";
import site from "../prewarm.config.ts";

/** The environments of both wrangler files, as wrangler itself reads them. */

const ROOT = join(import.meta.dirname, "..");
const FILES = ["wrangler.consumer.toml", "wrangler.edge.toml"];
/** Different by the nature of the thing; routes have a test of their own. */
const OWN = ["name", "topLevelName", "targetEnvironment", "definedEnvironments", "routes"];

type Read = Record<string, unknown>;

function readAll(file: string, env?: string) {
  const at = { config: join(ROOT, file), ...(env === undefined ? {} : { env }) };
  return unstable_readConfig(at, { hideWarnings: true });
}

function read(file: string, env?: string): Read {
  return Object.fromEntries(Object.entries(readAll(file, env)).filter(([name]) => !OWN.includes(name)));
}

/** With what may differ taken out: variables' values, the badge, the suffix of names, and the limit's own counter. */
function comparable({ vars, ...config }: Read): unknown {
  const text = JSON.stringify(config, (key, value) => (key === "namespace_id" ? undefined : value));
  const names = Object.keys(vars as object).filter((name) => name !== "ENVIRONMENT");
  return { ...JSON.parse(text.replaceAll("-staging", "")), vars: names.sort() };
}

/** From this compatibility date on, pending timers and `waitUntil` keep a Durable Object alive (developers.cloudflare.com/changelog, 2026-10-01). */
const TIMERS_KEEP_ALIVE = "2026-10-01";

it.each([undefined, "staging", "production"])("lets the ledger's loop of timers keep its object alive: %s", (env) => {
  const { compatibility_date: date = "" } = readAll("wrangler.consumer.toml", env);
  expect(date >= TIMERS_KEEP_ALIVE).toBe(true);
});

describe.each(FILES)("%s", (file) => {
  it("gives staging every binding and setting that production has", () => {
    expect(comparable(read(file, "staging"))).toEqual(comparable(read(file, "production")));
  });

  it("gives production what stands at the top, which local stack and tests use", () => {
    expect(comparable(read(file, "production"))).toEqual(comparable(read(file)));
  });

  it("lets staging touch nothing of production's", () => {
    const names = (env: string): string[] =>
      JSON.stringify(read(file, env)).match(/"(prewarm-[\w-]+|optimized-images[\w-]*|\d{4})"/g) ?? [];
    const production = names("production");
    expect(production.length).toBeGreaterThan(0);
    expect(names("staging").filter((name) => production.includes(name))).toEqual([]);
  });

  it("inherits no route: each environment says its own, if only that there is none", () => {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const env of ["staging", "production"]) {
      const [, section = ""] = text.split(`\n[env.${env}]\n`);
      expect(section.split("\n[")[0]).toMatch(/^routes = /m);
    }
    const patterns = (env: string) => JSON.stringify(readAll(file, env).routes ?? []);
    if (patterns("staging") !== "[]") expect(patterns("staging")).not.toBe(patterns("production"));
  });
});

describe.each(FILES)("the logs of %s", (file) => {
  it.each(["top", "staging", "production"])("hold our own lines alone, and no query string: %s", (env) => {
    const { observability } = readAll(file, env === "top" ? undefined : env);
    expect(observability).toMatchObject({ enabled: true, redact_query_string: true });
    // A line for every request, batch and call of the ledger would be dozens a variant.
    expect(observability?.logs).toMatchObject({ enabled: true, invocation_logs: false });
    // Ours are few, and each says something.
    expect(observability?.logs?.head_sampling_rate ?? observability?.head_sampling_rate ?? 1).toBe(1);
    expect(observability?.traces?.head_sampling_rate ?? 0).toBeLessThanOrEqual(0.05);
  });
});

it.each(["top", "staging", "production"])("reads every queue it sends to, each with a role of its own: %s", (env) => {
  const { queues } = readAll("wrangler.consumer.toml", env === "top" ? undefined : env);
  const names = (list: { queue?: string }[] = []): string[] => list.map(({ queue = "" }) => queue).sort();
  const sent = names(queues.producers);
  expect(names(queues.consumers)).toEqual(sent);
  expect(sent.map(queueRole).sort()).toEqual(["dead", "live", "uploads", "work"]);
});

/** Variants a second that one worker keeps up: 0.46 s of calls each over six connections are 13, and not every second is full. */
const WORKER_PER_SECOND = 8;

it.each(["top", "staging", "production"])(
  "wakes workers one by one, at once, and enough of them for the rate: %s",
  (env) => {
    const { queues } = readAll("wrangler.consumer.toml", env === "top" ? undefined : env);
    const settings = (role: string) => queues.consumers?.find(({ queue = "" }) => queueRole(queue) === role);
    expect(settings("work")).toMatchObject({ max_batch_size: 1, max_batch_timeout: 0, max_concurrency: WORKERS_MAX });
    expect(settings("live")).toMatchObject({ max_batch_timeout: 0 });
    const { ratePerSecond } = site.gate;
    const rate = typeof ratePerSecond === "number" ? ratePerSecond : GATE_AUTO.ratePerSecond.max;
    expect(WORKERS_MAX).toBeGreaterThanOrEqual(rate / WORKER_PER_SECOND);
  },
);
