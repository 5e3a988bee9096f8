import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { FakeCloudflare } from "../../apps/cli/test/testing/fake-cloudflare.ts";
import { linkedSite, SECRETS, type ServedAccount, serveAccount } from "./account.ts";

/*
 * From this version to an invented next one with a migration of the ledger, one more queue and a setting, and back, by the pinned wrangler
 * against an account that is served here. The next one is this code: only its number, the hash of its tables and a queue in the generator's output are another edition's.
 */

const edition = vi.hoisted(() => ({ version: "0.1.0", isNext: false }));
vi.mock("../../apps/cli/src/version.ts", () => ({
  get VERSION() {
    return edition.version;
  },
}));
vi.mock("@prewarm/control-schema/ledger-schema", () => ({
  get LEDGER_SCHEMA() {
    return edition.isNext ? "00c0ffee" : "0ddba115";
  },
}));
vi.mock("@prewarm/wrangler-files/consumer", async (original) => {
  const { consumerFile } = await original<typeof import("@prewarm/wrangler-files/consumer")>();
  return {
    consumerFile(...args: Parameters<typeof consumerFile>) {
      const file = consumerFile(...args);
      if (!edition.isNext) return file;
      const { staging } = file.env as { staging: { queues: { producers: object[] } } };
      staging.queues.producers.push({ binding: "TINTS_QUEUE", queue: "prewarm-tints-staging" });
      return file;
    },
  };
});

const SLOW_MS = 1_800_000;
/** Says what failed, should it. */
const WELL = { code: 0, said: expect.not.stringMatching(/FAILED|ended with|missing:/) };
const [OLD, NEW] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] as const;
const CONSUMER = "prewarm-consumer-staging";
const EDGE = "prewarm-edge-staging";
const site = linkedSite();
const cloudflare = new FakeCloudflare();
let account: ServedAccount;
const configFile = () => join(site, `site-${edition.version}.mjs`);

/** Installs an edition: its wrangler files are printed, as `npm run tables` does after a merge. */
function install(version: string, isNext: boolean): void {
  Object.assign(edition, { version, isNext });
  const HOOK = { verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] }, mapper: { kind: "native" } };
  const config = defineConfig({
    sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
    hooks: { uploads: HOOK as never },
    // The new setting.
    deploy: { staging: isNext ? { views: true } : {} },
  });
  // A file a version, because Node reads a module once.
  writeFileSync(configFile(), `export default ${JSON.stringify(config)};`);
  for (const [name, text] of printFiles(config, REPOSITORY)) writeFileSync(join(site, name), text);
}

/** An account in which 0.1.0 was provisioned. */
function provision(): void {
  const rules = Object.entries({ markers: "dead/", staged: "staged/" }).map(([id, prefix]) => ({
    id,
    enabled: true,
    conditions: { prefix },
    deleteObjectsTransition: { condition: { type: "Age", maxAge: 86_400 } },
  }));
  cloudflare.buckets.set("optimized-images-staging", { rules, objects: 1000 });
  for (const role of ["live", "work", "uploads", "dead"])
    cloudflare.queues.set(`prewarm-${role}-staging`, { settings: {}, producers: 1 });
  for (const name of [...Object.keys(SECRETS), "RECEIPT_KEY"]) cloudflare.script(CONSUMER).secrets.add(name);
  cloudflare.script(EDGE).secrets.add("SIGNING_KEYS");
}

beforeAll(async () => {
  provision();
  account = await serveAccount(cloudflare, site);
});
afterAll(() => account?.close());

const run = (line: string, commit: string) => account.run(`${line} --config ${configFile()}`, commit);
const running = () => [CONSUMER, EDGE].map((worker) => account.running(worker));
const boundTo = (worker: string) => {
  const script = cloudflare.script(worker);
  return script.versions.find(({ id }) => id === script.running)?.bindings?.map(({ name }) => name);
};

it("goes from 0.1.0 to 0.2.0, back over the migration, and forward again", { timeout: SLOW_MS }, async () => {
  install("0.1.0", false);
  expect(await run("deploy --to staging --yes", OLD)).toMatchObject(WELL);
  expect(running()).toEqual([OLD, OLD]);
  expect(boundTo(CONSUMER)).not.toContain("TINTS_QUEUE");

  install("0.2.0", true);
  const { said, changes } = await run("check --account --to staging", NEW);
  expect(changes).toEqual([]);
  expect(said).toMatch(/^look +runs +Prewarm 0\.1\.0 \(aaaaaaaaaaaa\); installed is Prewarm 0\.2\.0$/m);
  expect(said).toMatch(/^fault +missing +queue prewarm-tints-staging: create it/m);
  expect(said).toMatch(/^look +bindings +prewarm-consumer-staging gets .*TINTS_QUEUE/m);
  expect(said).toMatch(/^look +bindings +prewarm-edge-staging gets VIEWS$/m);
  expect(said).toMatch(/^look +tables +the first call migrates the ledger/m);
  expect(said).toMatch(/^look +rollback +aaaaaaaaaaaa is accepted with --past-migration$/m);

  expect(await run("provision --to staging --yes", NEW)).toMatchObject(WELL);
  expect([...cloudflare.queues.keys()]).toContain("prewarm-tints-staging");
  expect(await run("deploy --to staging --yes", NEW)).toMatchObject(WELL);
  expect(running()).toEqual([NEW, NEW]);
  expect(boundTo(CONSUMER)).toContain("TINTS_QUEUE");

  expect(await run(`rollback ${OLD} --to staging --yes --past-migration`, NEW)).toMatchObject(WELL);
  expect(running()).toEqual([OLD, OLD]);
  expect(await run("deploy --to staging --yes", NEW)).toMatchObject(WELL);
  expect(running()).toEqual([NEW, NEW]);
  expect(cloudflare.unknown).toEqual([]);
});
