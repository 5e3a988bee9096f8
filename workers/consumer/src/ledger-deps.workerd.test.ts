import { WORKERS_MAX } from "@prewarm/shared/limits";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import { expect, it } from "vitest";
import site from "../../../prewarm.config.ts";
import type { Env } from "./config.ts";
import { ledgerDeps } from "./ledger-deps.ts";
import { createMemoryBucket } from "./testing/memory-bucket.ts";

it("wakes as many workers as there may be, in batches that the queue takes", async () => {
  const sent: unknown[][] = [];
  const env = {
    WORK_QUEUE: {
      async sendBatch(messages: unknown[]) {
        // As the platform does.
        if (messages.length > 100) throw new Error("too many messages");
        sent.push(messages);
      },
    },
    ITTYBIT_API_URL: "https://api.ittybit.com",
  } as unknown as Env;
  await ledgerDeps(site, env).send(WORKERS_MAX);
  expect(sent.flat()).toEqual(Array(WORKERS_MAX).fill({ body: WORK_MESSAGE }));
});

it("looks for what a new original has outdated, and takes away every marker of the older one, once", async () => {
  const { bucket, objects } = createMemoryBucket();
  const env = { IMAGES_BUCKET: bucket, ITTYBIT_API_URL: "https://api.ittybit.com" } as unknown as Env;
  const stand = async () => {
    for (const name of ["a/400-high.webp", "a/_", "ab/400-high.webp"]) await bucket.put(`dead/${name}`, "{}");
    await bucket.put("variants/a/800-high.webp", "x");
  };
  await stand();
  const make = (pass: 1 | 2) =>
    ledgerDeps(site, env).sweep(
      { seq: 1, removes: false, kind: "remake", fence: 1, id: "a", pass, until: 1 },
      () => true,
    );
  expect(await make(1)).toEqual([{ key: "a/800-high.webp", gen: 0 }]);
  expect([...objects.keys()]).toEqual(["dead/ab/400-high.webp", "variants/a/800-high.webp"]);
  await stand();
  await make(2);
  expect(objects.size).toBe(4);
});
