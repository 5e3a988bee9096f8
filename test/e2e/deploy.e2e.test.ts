import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeCloudflare } from "../../apps/cli/test/testing/fake-cloudflare.ts";
import { tempFolder } from "../temp-folder.ts";
import { linkedSite, SECRETS, type ServedAccount, serveAccount } from "./account.ts";

/** The pinned wrangler itself, from nothing to production's twin and back, against an account that is served here. */

/** Says what failed, should it. */
const WELL = { code: 0, said: expect.not.stringContaining("FAILED") };
/** Each starts wrangler a dozen times. It only ends a test that hangs. */
const SLOW_MS = 900_000;

const cloudflare = new FakeCloudflare();
let account: ServedAccount;
beforeAll(async () => {
  account = await serveAccount(
    cloudflare,
    linkedSite("prewarm.config.ts", "wrangler.edge.toml", "wrangler.consumer.toml"),
  );
});
afterAll(() => account.close());

const tags = () => ["prewarm-consumer-staging", "prewarm-edge-staging"].map((worker) => account.running(worker));

describe("the pinned wrangler", () => {
  it("provisions an environment, and finds it standing the second time", { timeout: SLOW_MS }, async () => {
    expect(await account.run("provision --to staging --yes")).toMatchObject(WELL);
    expect([...cloudflare.buckets]).toEqual([
      [
        "optimized-images-staging",
        {
          objects: 0,
          rules: ["dead/", "staged/"].map((prefix) => expect.objectContaining({ conditions: { prefix } })),
        },
      ],
    ]);
    expect([...cloudflare.queues.values()]).toEqual(
      Array(4).fill({ settings: expect.objectContaining({ message_retention_period: 345_600 }) }),
    );
    // The key of receipts it makes itself.
    const secrets = [...Object.keys(SECRETS), "RECEIPT_KEY"].sort();
    expect([...cloudflare.script("prewarm-consumer-staging").secrets].sort()).toEqual(secrets);
    expect(await account.run("provision --to staging --yes")).toMatchObject({ code: 0, changes: [] });
    const dead = cloudflare.queues.get("prewarm-dead-staging") ?? { settings: {} };
    cloudflare.queues.set("prewarm-dead-staging", { ...dead, jurisdiction: "us" });
    expect(await account.run("provision --to staging --yes")).toMatchObject({
      code: 2,
      changes: [],
      said: expect.stringContaining("prewarm-dead-staging is in the jurisdiction us"),
    });
    cloudflare.queues.set("prewarm-dead-staging", dead);
  });

  it("deploys both Workers by their commit, writes down where they answer, and goes back", {
    timeout: SLOW_MS,
  }, async () => {
    for (const tag of ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]) {
      expect(await account.run("deploy --to staging --yes", tag)).toMatchObject(WELL);
      expect(tags()).toEqual([tag, tag]);
    }
    expect(account.shown()).toContain("Consumer for prewarm-dead-staging");
    expect((await account.run("url a.jpg --transform w=320 --to staging")).said).toBe(
      "https://prewarm-edge-staging.example.workers.dev/images/a.jpg?w=320\n",
    );
    expect(await account.run("rollback aaaaaaaaaaaa --to staging --yes")).toMatchObject(WELL);
    expect(tags()).toEqual(["aaaaaaaaaaaa", "aaaaaaaaaaaa"]);
  });

  it("takes it all away again, and asked for nothing that this account does not know", {
    timeout: SLOW_MS,
  }, async () => {
    expect(await account.run("destroy --to staging --confirm staging")).toMatchObject(WELL);
    expect([cloudflare.buckets.size, cloudflare.queues.size, cloudflare.scripts.size]).toEqual([0, 0, 0]);
    expect(cloudflare.unknown).toEqual([]);
    for (const secret of Object.values(SECRETS)) expect(account.shown()).not.toContain(secret);
  });

  it("without a login plans for an account that holds nothing", { timeout: SLOW_MS }, async () => {
    const nobody = { CLOUDFLARE_API_TOKEN: "", XDG_CONFIG_HOME: tempFolder("prewarm-nobody-") };
    const { code, said } = await account.run("provision --to staging --dry-run", "aaaaaaaaaaaa", nobody);
    expect(code).toBe(0);
    expect(said).toMatch(/holds nothing\.\ntodo {2}bucket (?:.*\n)+.*npx wrangler login/);
    expect(said).not.toContain("--temporary");
  });

  it("says how many objects a bucket holds that may be another program's", { timeout: SLOW_MS }, async () => {
    cloudflare.buckets.set("optimized-images-staging", { rules: [], objects: 12_345 });
    cloudflare.queues.set("prewarm-work-staging", { settings: {}, producers: 1 });
    const { said, changes } = await account.run("provision --to staging --yes");
    expect(changes).toEqual([]);
    expect(said).toContain("it holds 12,345 objects and was made on 2026-11-01");
    expect(said).toContain("a producer or consumer uses it and was made on 2026-11-20");
  });
});
