import { defineConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { putVariant } from "../store/variants.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { type BatchContext, RANKS } from "./batch-context.ts";
import { tellPages } from "./settle.ts";

const KEY = "photo/320-high.webp";

it("notes and markers wait for a connection behind all other calls", async () => {
  const { bucket: images, objects } = createMemoryBucket();
  const ranks: (number | undefined)[] = [];
  const context = {
    config: defineConfig({ sources: [] }),
    images,
    connections: {
      run: (work: () => Promise<unknown>, turn?: { rank?: number }) => {
        ranks.push(turn?.rank);
        return work();
      },
    },
    probe: async () => ({ kind: "failed" }),
    log: () => undefined,
    at: async () => undefined,
    telling: 0,
  } as unknown as BatchContext;
  const metadata = { gen: 1, job: "j", sourceEtag: null, originalBytes: null, width: 1, height: 1, createdAt: 1 };
  await putVariant(images, { key: KEY, bytes: new Uint8Array(1), format: "webp", metadata }, null);
  const info = {
    width: 2,
    height: 1,
    type: "image/jpeg",
    bytes: 1,
    frames: 1,
    etag: null,
    version: null,
    lqip: null,
    stored: {},
    others: [],
  };
  await images.put("info/photo/_", JSON.stringify(info));
  ranks.length = 0;
  await tellPages(
    context,
    ["dead/photo/_"],
    [{ key: KEY, bytes: 1, smaller: [], made: null, original: null, announced: 0 }],
  );
  expect(new TextDecoder().decode(objects.get("info/photo/_")?.bytes)).toContain("[320]");
  expect(ranks.length).toBeGreaterThanOrEqual(4);
  expect(new Set(ranks)).toEqual(new Set([Math.max(...Object.values(RANKS))]));
});
