import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createWrangler, type Wrangler } from "../../apps/cli/src/deploy/wrangler.ts";
import { runProgram } from "../../apps/cli/src/platform/run-program.ts";
import { FakeCloudflare, serveFakeCloudflare } from "../../apps/cli/test/testing/fake-cloudflare.ts";
import { ASSUMPTIONS } from "./assumptions.ts";
import { NAME } from "./cloudflare.ts";
import { type RunningWorker, startLocal } from "./local.ts";
import { runConformance, type World } from "./program.ts";
import type { Recorded } from "./results.ts";

/** The pinned wrangler itself against an account that is served here. The Worker that it deploys answers from this machine. */

const SLOW_MS = 120_000;
const cloudflare = new FakeCloudflare();
const FEW = ASSUMPTIONS.filter(({ name }) => ["put-if-absent", "rolled-back", "cron"].includes(name));

let served: Awaited<ReturnType<typeof serveFakeCloudflare>>;
let worker: RunningWorker;
let wrangler: Wrangler;
let key = "";

beforeAll(async () => {
  served = await serveFakeCloudflare(cloudflare);
  const root = join(import.meta.dirname, "../..");
  const real = createWrangler(join(root, "node_modules/wrangler/bin/wrangler.js"), root, {
    run: runProgram,
    env: {
      ...process.env,
      CLOUDFLARE_API_BASE_URL: served.url,
      CLOUDFLARE_ACCOUNT_ID: "account",
      CLOUDFLARE_API_TOKEN: "token",
    },
    stderr: { write: () => {} },
  });
  wrangler = async (call) => {
    // The account holds the secret; the local stand-in gets the same.
    if (call.args[0] === "secret") {
      key = JSON.parse(call.stdin ?? "").RUN_KEY;
      worker = await startLocal(key);
    }
    return real(call);
  };
});
afterEach(() => worker?.close());
afterAll(() => served.close());

const said: string[] = [];
const kept: Recorded[] = [];

function run(line: string, changes: Partial<World> = {}): Promise<number> {
  said.length = 0;
  kept.length = 0;
  return runConformance(line.split(" "), {
    assumptions: FEW,
    wrangler,
    env: { CLOUDFLARE_API_TOKEN: "token", CLOUDFLARE_ACCOUNT_ID: "account" },
    tell: (text) => said.push(text),
    fetch: (url, init) => fetch(String(url).replace(`https://${NAME}.example.workers.dev`, worker.url), init),
    runtime: "miniflare",
    today: () => "2026-11-28",
    record: (_, recorded) => kept.push(recorded),
    ...changes,
  });
}

const isEmpty = () => [cloudflare.buckets.size, cloudflare.queues.size, cloudflare.scripts.size];

describe("npm run prove -- conformance --cloudflare", () => {
  it("creates, runs, keeps the results and deletes everything", { timeout: SLOW_MS }, async () => {
    expect(await run("--cloudflare"), said.join("\n")).toBe(0);
    expect(kept).toEqual([
      {
        day: "2026-11-28",
        on: "Cloudflare",
        results: {
          "put-if-absent": expect.objectContaining({ verdict: "as assumed" }),
          "rolled-back": expect.objectContaining({ verdict: "as assumed" }),
        },
      },
    ]);
    expect(cloudflare.changes.join("\n")).toContain(`DELETE /accounts/account/r2/buckets/${NAME}`);
    expect(isEmpty()).toEqual([0, 0, 0]);
    expect(said.join("\n")).toContain("cron: only assumed");
    expect(said.join("\n")).not.toContain(key);
  });

  it("deletes everything when a check cannot reach the Worker, and tells that the checks differ", {
    timeout: SLOW_MS,
  }, async () => {
    const broken: World["fetch"] = (url, init) =>
      String(url).endsWith("/clean") || String(url).endsWith("/healthz")
        ? fetch(String(url).replace(`https://${NAME}.example.workers.dev`, worker.url), init)
        : Promise.reject(new Error("no route"));
    expect(await run("--cloudflare", { fetch: broken })).toBe(1);
    expect(kept[0]?.results["rolled-back"]).toMatchObject({
      verdict: "differs",
      saw: expect.stringContaining("no route"),
    });
    expect(isEmpty()).toEqual([0, 0, 0]);
  });

  it("says what it could not delete", { timeout: SLOW_MS }, async () => {
    const stubborn: Wrangler = async (call) =>
      call.args.join(" ").startsWith("queues delete")
        ? { code: 1, stdout: "", stderr: "fetch failed" }
        : wrangler(call);
    expect(await run("--cloudflare", { wrangler: stubborn })).toBe(1);
    expect(said.join("\n")).toContain("delete it by hand");
    expect(isEmpty()).toEqual([0, 1, 0]);
    cloudflare.queues.clear();
  });

  it("does nothing without an account", async () => {
    expect(await run("--cloudflare", { env: {} })).toBe(2);
    expect(said.join("\n")).toContain("CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID");
    expect(isEmpty()).toEqual([0, 0, 0]);
  });
});
