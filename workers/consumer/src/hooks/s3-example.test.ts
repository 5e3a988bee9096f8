import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HookConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { createApiWorld, HOOK_SECRET, idsOf, jobsOf } from "../api/testing/api-world.ts";

const EXAMPLE = "../../../../examples/s3-events";
const event: unknown = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(`${EXAMPLE}/event.json`)), "utf8"));

it("examples/s3-events forwards an event that warms the upload and purges the deletion, once", async () => {
  const { handler } = await import(`${EXAMPLE}/forward-events.mjs`);
  const s3: HookConfig = {
    verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] },
    mapper: { kind: "s3", buckets: ["my-originals"] },
  };
  // The function reads the real clock; so does this world's API.
  const world = createApiWorld({ hooks: { s3 } }, { clock: { now: () => Date.now(), random: () => 0.5 } });
  const fetch = (_: string, { body, headers }: { body: string; headers: Record<string, string> }) =>
    world.call("POST", "/hooks/s3", { token: null, body, headers });
  const forward = () => handler(event, { awsRequestId: "request-1" }, { url: "https://x", secret: HOOK_SECRET, fetch });
  expect(await forward()).toMatchObject({ accepted: 2, purged: 1, rejected: [] });
  expect(await forward()).toMatchObject({ duplicate: true });
  expect(idsOf(await jobsOf(world, ""))).toEqual(["summer 2026/beach & sea.jpg"]);
  expect(world.purges()).toEqual(["old.jpg"]);
});
