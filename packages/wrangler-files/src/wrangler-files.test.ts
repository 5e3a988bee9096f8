import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, DEFAULTS, defineConfig, type UserConfig } from "@prewarm/shared/config";
import { GATE_AUTO, MISSES_PER_MINUTE, WORKERS_MAX } from "@prewarm/shared/limits";
import { queueRole } from "@prewarm/shared/queue-role";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { tempFolder } from "../../../test/temp-folder.ts";
import { printFiles, REPOSITORY, wranglerFiles } from "./wrangler-files.ts";

/** What wrangler itself reads in the generated files. */

const FILES = ["wrangler.consumer.toml", "wrangler.edge.toml"];
const TWO = { staging: {}, production: {} };

function site(deploy: UserConfig["deploy"], more: Partial<UserConfig> = {}): Config {
  return defineConfig({
    sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
    ...more,
    deploy: deploy ?? {},
  });
}

/** Reads a file of a site, an environment or (undefined) its top level. */
function readerOf(config: Config) {
  const folder = tempFolder("prewarm-wrangler-");
  for (const [name, text] of printFiles(config, REPOSITORY)) writeFileSync(join(folder, name), text);
  return (file: string, env?: string) =>
    unstable_readConfig({ config: join(folder, file), ...(env === undefined ? {} : { env }) }, { hideWarnings: true });
}

const two = readerOf(site(TWO));
const consumerOf = (settings: NonNullable<UserConfig["deploy"]>[string], more: Partial<UserConfig> = {}) =>
  readerOf(site({ shop: settings }, more))("wrangler.consumer.toml", "shop");
const edgeOf = (settings: NonNullable<UserConfig["deploy"]>[string], more: Partial<UserConfig> = {}) =>
  readerOf(site({ shop: settings }, more))("wrangler.edge.toml", "shop");

describe.each(FILES)("%s", (file) => {
  it("has no name at the top, without which wrangler acts on no Worker", () => {
    expect(two(file).name).toBeUndefined();
    expect(readerOf(site({}))(file)).toMatchObject({ definedEnvironments: [] });
    expect(two(file).definedEnvironments).toEqual(["staging", "production"]);
  });

  it("lets a fetch of the own zone go through Access and firewall in every environment", () => {
    for (const env of [undefined, "staging", "production"])
      expect(two(file, env).compatibility_flags).toContain("global_fetch_strictly_public");
  });

  it("logs our own lines alone, and no query string", () => {
    for (const env of [undefined, "staging", "production"]) {
      const { observability } = two(file, env);
      expect(observability).toMatchObject({ enabled: true, redact_query_string: true });
      // A line for every request, batch and call of the ledger would be dozens a variant.
      expect(observability?.logs).toMatchObject({ enabled: true, invocation_logs: false });
      // Ours are few, and each says something.
      expect(observability?.logs?.head_sampling_rate ?? observability?.head_sampling_rate ?? 1).toBe(1);
      expect(observability?.traces?.head_sampling_rate ?? 0).toBeLessThanOrEqual(0.05);
    }
  });
});

/** From this compatibility date on, pending timers and `waitUntil` keep a Durable Object alive (developers.cloudflare.com/changelog, 2026-10-01). */
const TIMERS_KEEP_ALIVE = "2026-10-01";

describe("the consumer's file", () => {
  it.each([undefined, "staging", "production"])("lets the ledger's loop of timers keep its object alive: %s", (env) => {
    const { compatibility_date: date = "" } = two("wrangler.consumer.toml", env);
    expect(date >= TIMERS_KEEP_ALIVE).toBe(true);
  });

  it("reads every queue it sends to, each with a role of its own", () => {
    const { queues } = two("wrangler.consumer.toml", "staging");
    const names = (list: { queue?: string }[] = []): string[] => list.map(({ queue = "" }) => queue).sort();
    expect(names(queues.consumers)).toEqual(names(queues.producers));
    expect(names(queues.producers).map(queueRole).sort()).toEqual(["dead", "live", "uploads", "work"]);
  });

  it("wakes workers one by one, at once, and enough of them for the rate", () => {
    const { queues } = two("wrangler.consumer.toml", "production");
    const settings = (role: string) => queues.consumers?.find(({ queue = "" }) => queueRole(queue) === role);
    expect(settings("work")).toMatchObject({ max_batch_size: 1, max_batch_timeout: 0, max_concurrency: WORKERS_MAX });
    expect(settings("live")).toMatchObject({ max_batch_timeout: 0 });
    // Variants a second that one worker keeps up: 0.46 s of calls each over six connections are 13, and not every second is full.
    const perWorker = 8;
    const { ratePerSecond } = DEFAULTS.gate;
    const rate = typeof ratePerSecond === "number" ? ratePerSecond : GATE_AUTO.ratePerSecond.max;
    expect(WORKERS_MAX).toBeGreaterThanOrEqual(rate / perWorker);
  });
});

describe("a setting of deploy", () => {
  it("edge is the edge's custom domain, the address of its images, and the end of workers.dev", () => {
    const settings = { edge: "images.example.com" };
    expect(edgeOf(settings)).toMatchObject({
      routes: [{ pattern: "images.example.com", custom_domain: true }],
      workers_dev: false,
    });
    expect(consumerOf(settings)).toMatchObject({
      routes: [],
      workers_dev: true,
      vars: { EDGE_URL: "https://images.example.com" },
    });
  });

  it("control is the consumer's, and may be a route of a zone", () => {
    const settings = { control: { pattern: "example.com/prewarm/*", zone: "example.com" }, workersDev: true };
    expect(consumerOf(settings)).toMatchObject({
      routes: [{ pattern: "example.com/prewarm/*", zone_name: "example.com" }],
      workers_dev: true,
    });
    expect(edgeOf(settings).routes).toEqual([]);
  });

  it("jurisdiction holds the variants' bucket in both files and the ledger, and may hold one of them", () => {
    expect([edgeOf({ jurisdiction: "eu" }), consumerOf({ jurisdiction: "eu" })]).toMatchObject([
      { r2_buckets: [{ jurisdiction: "eu" }] },
      { r2_buckets: [{ jurisdiction: "eu" }], vars: { LEDGER_JURISDICTION: "eu" } },
    ]);
    const ledger = consumerOf({ jurisdiction: { ledger: "us" }, location: "weur" });
    expect(ledger.vars).toMatchObject({ LEDGER_JURISDICTION: "us", LEDGER_LOCATION: "weur" });
    expect(ledger.r2_buckets[0]).not.toHaveProperty("jurisdiction");
  });

  it("buckets are bound in both files, and in the local stack without being written", () => {
    const sources = [{ prefix: "", bucket: "MY_ORIGINALS", key: "{id}" }];
    const bound = { binding: "MY_ORIGINALS", bucket_name: "photos", jurisdiction: "eu" };
    const buckets = { MY_ORIGINALS: { name: "photos", jurisdiction: "eu" } } as const;
    expect(edgeOf({ buckets }, { sources }).r2_buckets[1]).toMatchObject(bound);
    expect(consumerOf({ buckets }, { sources }).r2_buckets[1]).toMatchObject(bound);
    const local = readerOf(site({}, { sources }));
    for (const file of FILES)
      expect(local(file).r2_buckets[1]).toMatchObject({ binding: "MY_ORIGINALS", bucket_name: "my-originals" });
  });

  it("views binds the dataset to the edge, and tells the consumer its name", () => {
    expect(edgeOf({ views: true }).analytics_engine_datasets).toEqual([
      { binding: "VIEWS", dataset: "prewarm_views_shop" },
    ]);
    expect(consumerOf({ views: true }).vars.VIEWS_DATASET).toBe("prewarm_views_shop");
    expect(edgeOf({}).analytics_engine_datasets).toEqual([]);
  });

  it("vars, account, sampling and destinations reach wrangler", () => {
    const settings = {
      vars: { ITTYBIT_API_URL: "https://api.example.com", ACCESS_OPERATORS: "*" },
      account: "0123456789abcdef0123456789abcdef",
      traceSampling: 1,
      destinations: { logs: ["my-logs"], traces: ["my-traces"] },
    };
    expect(consumerOf(settings)).toMatchObject({
      account_id: settings.account,
      vars: { ...settings.vars, ENVIRONMENT: "shop" },
      observability: {
        redact_query_string: true,
        logs: { destinations: ["my-logs"], invocation_logs: false },
        traces: { head_sampling_rate: 1, destinations: ["my-traces"] },
      },
    });
    expect(edgeOf(settings).observability).toMatchObject({
      redact_query_string: true,
      logs: { destinations: ["my-logs"] },
    });
  });

  it("names takes the place of one derived name wherever it stands", () => {
    const settings = { names: { dead: "acme-dead", edge: "acme_edge" } };
    expect(edgeOf(settings).name).toBe("acme_edge");
    const { queues } = consumerOf(settings);
    expect(queues.consumers?.map(({ dead_letter_queue }: { dead_letter_queue?: string }) => dead_letter_queue)).toEqual(
      [...Array(3).fill("acme-dead"), undefined],
    );
    expect(queues.producers).toContainEqual(expect.objectContaining({ binding: "DEAD_QUEUE", queue: "acme-dead" }));
  });
});

it("limits each network's misses as the figures of strangers' costs reckon", () => {
  expect(two("wrangler.edge.toml", "production").ratelimits).toMatchObject([
    { name: "ENQUEUE_LIMIT", namespace_id: expect.any(String), simple: { limit: MISSES_PER_MINUTE.known, period: 60 } },
    {
      name: "UNKNOWN_LIMIT",
      namespace_id: expect.any(String),
      simple: { limit: MISSES_PER_MINUTE.unknown, period: 60 },
    },
  ]);
});

describe("environments", () => {
  it("share no name and no counter", () => {
    const names = ["staging", "production", "shop"];
    const read = readerOf(site(Object.fromEntries(names.map((name) => [name, {}]))));
    for (const file of FILES) {
      const texts = names.map((name) => JSON.stringify({ ...read(file, name), targetEnvironment: null }));
      const own: string[][] = texts.map(
        (text) => text.match(/"(prewarm-[\w-]+|optimized-images[\w-]*|\d{4,})"/g) ?? [],
      );
      expect(own.map(({ length }) => length > 0)).toEqual([true, true, true]);
      for (const [index, mine] of own.entries())
        for (const theirs of own.slice(index + 1)) expect(mine.filter((name) => theirs.includes(name))).toEqual([]);
    }
  });

  it("of other Workers have counters of their own, which stay", () => {
    const counters = (name: string) =>
      edgeOf({ name }).ratelimits.map(({ namespace_id }: { namespace_id: string }) => Number(namespace_id));
    expect(counters("shop")).toEqual(counters("shop"));
    expect(new Set(["shop", "shop-2", "prewarm"].flatMap(counters)).size).toBe(6);
    for (const counter of counters("shop")) expect(counter).toBeLessThan(2 ** 31);
  });
});

it("names the parts of the installation it is told, so that a package's site is served by it too", () => {
  const packed = {
    edge: "node_modules/prewarm/dist/edge.js",
    consumer: "node_modules/prewarm/dist/consumer.js",
    site: "./prewarm.config.ts",
    dashboard: "node_modules/prewarm/dashboard",
    check: "npx prewarm check --offline --quiet",
    print: "npx prewarm print wrangler",
  };
  const { edge, consumer } = wranglerFiles(site(TWO), packed);
  expect([edge.main, consumer.main, edge.build]).toEqual([packed.edge, packed.consumer, { command: packed.check }]);
  expect(consumer.assets).toMatchObject({ directory: packed.dashboard });
  expect([edge.alias, consumer.alias]).toEqual([{ "prewarm-site": packed.site }, { "prewarm-site": packed.site }]);
  expect(wranglerFiles(site(TWO), REPOSITORY).edge).not.toHaveProperty("alias");
  expect(printFiles(site(TWO), packed).get("wrangler.edge.toml")).toMatch(/^# .*`npx prewarm print wrangler`/);
  expect(JSON.stringify({ edge, consumer })).not.toContain("workers/");
});
