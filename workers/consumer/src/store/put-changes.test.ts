import { CHANGES_KEY } from "@prewarm/shared/changes";
import { expect, it } from "vitest";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { createChangesPut } from "./put-changes.ts";

function setup() {
  const memory = createMemoryBucket();
  let now = 0;
  const slept: number[] = [];
  const deps = {
    clock: { now: () => now },
    sleep: async (ms: number) => {
      slept.push(ms);
      now += ms;
    },
  };
  const text = async () => (await memory.bucket.get(CHANGES_KEY))?.text();
  return { memory, deps, slept, text };
}

it("R2 is given more than a second between two puts of the object", async () => {
  const { memory, deps, slept, text } = setup();
  const put = createChangesPut(memory.bucket, deps);
  for (const told of ["1", "2", "3"]) await put(() => told);
  expect([slept, await text()]).toEqual([[1_100, 1_100], "3"]);
  // The first put looks what is there.
  expect(memory.calls.filter((call) => call.startsWith("head"))).toHaveLength(1);
});

it("a put that hung changes nothing when it lands after a newer one", async () => {
  const { memory, deps, text } = setup();
  const hung = Promise.withResolvers<void>();
  const { put } = memory.bucket;
  const slow = {
    head: memory.bucket.head,
    put: (async (...args: Parameters<typeof put>) => {
      await hung.promise;
      return put(...args);
    }) as typeof put,
  };
  const late = createChangesPut(slow, deps)(() => "older");
  await createChangesPut(memory.bucket, deps)(() => "newer");
  hung.resolve();
  await expect(late).rejects.toThrow("another put");
  expect(await text()).toBe("newer");
});

it("a put after one that came in between succeeds", async () => {
  const { memory, deps, text } = setup();
  const put = createChangesPut(memory.bucket, deps);
  await put(() => "1");
  await createChangesPut(memory.bucket, deps)(() => "another's");
  await expect(put(() => "2")).rejects.toThrow();
  await put(() => "2");
  expect(await text()).toBe("2");
});
