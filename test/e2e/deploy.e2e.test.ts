import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "../../apps/cli/src/platform/context.ts";
import { runProgram } from "../../apps/cli/src/platform/run-program.ts";
import { runCli } from "../../apps/cli/src/run-cli.ts";
import { FakeCloudflare, serveFakeCloudflare } from "../../apps/cli/test/testing/fake-cloudflare.ts";
import { createWorld } from "../../apps/cli/test/testing/fake-world.ts";

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
let shown = "";

beforeAll(async () => {
  served = await serveFakeCloudflare(cloudflare);
});
afterAll(() => served.close());

/** Programs of this machine: wrangler is real, git says which commit it is, and the dashboard is built already. */
function programsAt(commit: string): Context["run"] {
  return async (call) => {
    if (call.program === "git") return { code: 0, stdout: call.args[0] === "rev-parse" ? commit : "", stderr: "" };
    if (call.args[0]?.endsWith("wrangler.js")) return runProgram(call);
    return { code: 0, stdout: "", stderr: "" };
  };
}

async function run(line: string, tag = "aaaaaaaaaaaa") {
  cloudflare.changes.length = 0;
  const env = {
    ...(process.env as Record<string, string>),
    ...SECRETS,
    CLOUDFLARE_API_BASE_URL: served.url,
    CLOUDFLARE_ACCOUNT_ID: "account",
    CLOUDFLARE_API_TOKEN: "token",
  };
  const world = createWorld({ env, cwd: join(import.meta.dirname, "../.."), run: programsAt(tag) });
  const code = await runCli(line.split(" "), world.context, () => {});
  shown += world.stderr();
  // Asking for sizes is a POST, and changes nothing.
  const changes = cloudflare.changes.filter((call) => call !== "POST /graphql");
  return { code, said: world.stdout() + world.stderr(), changes };
}

const running = (worker: string) => {
  const script = cloudflare.scripts.get(worker);
  return script?.versions.find(({ id }) => id === script.running)?.annotations["workers/tag"];
};

describe("the pinned wrangler", () => {
  it("provisions an environment, and finds it standing the second time", { timeout: SLOW_MS }, async () => {
    expect(await run("provision --to staging --yes")).toMatchObject({
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
    expect(await run("provision --to staging --yes")).toMatchObject({ code: 0, changes: [] });
  });

  it("deploys both Workers by their commit, and goes back to it", { timeout: SLOW_MS }, async () => {
    for (const tag of ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]) {
      expect(await run("deploy --to staging --yes", tag)).toMatchObject(WELL);
      expect([running("prewarm-consumer-staging"), running("prewarm-edge-staging")]).toEqual([tag, tag]);
    }
    expect(shown).toContain("Consumer for prewarm-dead-staging");
    expect(await run("rollback aaaaaaaaaaaa --to staging --yes")).toMatchObject(WELL);
    expect([running("prewarm-consumer-staging"), running("prewarm-edge-staging")]).toEqual([
      "aaaaaaaaaaaa",
      "aaaaaaaaaaaa",
    ]);
  });

  it("takes it all away again, and asked for nothing that this account does not know", {
    timeout: SLOW_MS,
  }, async () => {
    expect(await run("destroy --to staging --confirm staging")).toMatchObject(WELL);
    expect([cloudflare.buckets.size, cloudflare.queues.size, cloudflare.scripts.size]).toEqual([0, 0, 0]);
    expect(cloudflare.unknown).toEqual([]);
    for (const secret of Object.values(SECRETS)) expect(shown).not.toContain(secret);
  });
});
