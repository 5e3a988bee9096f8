import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import site from "../../prewarm.config.ts";
import { runCommand, type World } from "../../scripts/deploy/commands.ts";
import { versionMessage } from "../../scripts/deploy/release.ts";
import { FakeCloudflare, serveFakeCloudflare } from "../../scripts/deploy/testing/fake-cloudflare.ts";
import { pinnedWrangler } from "../../scripts/deploy/wrangler.ts";

/** The pinned wrangler itself, from nothing to production's twin and back, against an account that is served here. */

const SECRETS = {
  ITTYBIT_API_KEY: "key-of-ittybit",
  ADMIN_TOKEN: "an-admin-token-of-32-characters!",
  HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
};
/** Says what failed, should it. */
const WELL = { code: 0, said: expect.not.stringContaining("FAILED") };
/** Each starts wrangler a dozen times. It only ends a test that hangs. */
const SLOW_MS = 900_000;

const cloudflare = new FakeCloudflare();
let served: Awaited<ReturnType<typeof serveFakeCloudflare>>;
let wrangler: World["wrangler"];
let shown = "";

beforeAll(async () => {
  served = await serveFakeCloudflare(cloudflare);
  wrangler = pinnedWrangler(
    {
      ...process.env,
      CLOUDFLARE_API_BASE_URL: served.url,
      CLOUDFLARE_ACCOUNT_ID: "account",
      CLOUDFLARE_API_TOKEN: "token",
    },
    (text) => {
      shown += text;
    },
  );
});
afterAll(() => served.close());

async function run(line: string, tag = "aaaaaaaaaaaa") {
  const said: string[] = [];
  cloudflare.changes.length = 0;
  const code = await runCommand(line.split(" "), {
    wrangler,
    folder: join(import.meta.dirname, "../.."),
    site: { config: site, faults: [] },
    env: SECRETS,
    person: { tell: (text) => said.push(text), ask: null },
    askSecret: null,
    release: () => ({ tag, message: versionMessage("0.1.0") }),
    buildDashboard: async () => {},
    prewarm: async () => 0,
  });
  // Asking for sizes is a POST, and changes nothing.
  const changes = cloudflare.changes.filter((call) => call !== "POST /graphql");
  return { code, said: said.join("\n"), changes };
}

const running = (worker: string) => {
  const script = cloudflare.scripts.get(worker);
  return script?.versions.find(({ id }) => id === script.running)?.annotations["workers/tag"];
};

describe("the pinned wrangler", () => {
  it("provisions an environment, and finds it standing the second time", { timeout: SLOW_MS }, async () => {
    expect(await run("provision --env staging --yes")).toMatchObject({
      code: 0,
      said: expect.not.stringContaining("FAILED"),
    });
    expect([...cloudflare.buckets]).toEqual([
      [
        "optimized-images-staging",
        { objects: 0, rules: [expect.objectContaining({ conditions: { prefix: "dead/" } })] },
      ],
    ]);
    expect([...cloudflare.queues.values()]).toEqual(
      Array(4).fill({ settings: expect.objectContaining({ message_retention_period: 345_600 }) }),
    );
    expect([...cloudflare.script("prewarm-consumer-staging").secrets].sort()).toEqual(Object.keys(SECRETS).sort());
    expect(await run("provision --env staging --yes")).toMatchObject({ code: 0, changes: [] });
  });

  it("deploys both Workers by their commit, and goes back to it", { timeout: SLOW_MS }, async () => {
    for (const tag of ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]) {
      expect(await run("deploy --env staging --yes", tag)).toMatchObject(WELL);
      expect([running("prewarm-consumer-staging"), running("prewarm-edge-staging")]).toEqual([tag, tag]);
    }
    expect(shown).toContain("Consumer for prewarm-dead-staging");
    expect(await run("rollback --env staging --to aaaaaaaaaaaa --yes")).toMatchObject(WELL);
    expect([running("prewarm-consumer-staging"), running("prewarm-edge-staging")]).toEqual([
      "aaaaaaaaaaaa",
      "aaaaaaaaaaaa",
    ]);
  });

  it("takes it all away again, and asked for nothing that this account does not know", {
    timeout: SLOW_MS,
  }, async () => {
    expect(await run("destroy --env staging --confirm staging")).toMatchObject(WELL);
    expect([cloudflare.buckets.size, cloudflare.queues.size, cloudflare.scripts.size]).toEqual([0, 0, 0]);
    expect(cloudflare.unknown).toEqual([]);
    for (const secret of Object.values(SECRETS)) expect(shown).not.toContain(secret);
  });
});
