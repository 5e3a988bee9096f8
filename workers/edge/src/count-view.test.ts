import { missingKey } from "@prewarm/shared/variant-key";
import type { DataPoint } from "@prewarm/shared/views";
import { describe, expect, it } from "vitest";
import { BYTES, NOW, type Options, setup, type World } from "./testing/setup.ts";

/** A world whose dataset keeps what it is told, with one variant in the store whose original has 5,000 bytes. */
function counting(options: Options = {}): { world: World; points: DataPoint[] } {
  const points: DataPoint[] = [];
  const world = setup({ views: { writeDataPoint: (point) => void points.push(point) }, ...options });
  world.images.store("variants/a.jpg/800-high.webp", BYTES, new Date(NOW), { "original-bytes": "5000" });
  return { world, points };
}

const READY = "/images/a.jpg?w=800&f=webp";

describe("a view is counted by what answered it", () => {
  it("from the store, then from the cache, with the bytes that the original would have cost more", async () => {
    const { world, points } = counting();
    await world.get(READY);
    await world.settle();
    await world.get(READY);
    const doubles = [1, BYTES.length, 5000 - BYTES.length, 5000];
    expect(points).toEqual([
      { indexes: ["store"], blobs: ["webp", "800-high.webp"], doubles },
      { indexes: ["cache"], blobs: ["webp", "800-high.webp"], doubles },
    ]);
  });

  it.each([
    ["a miss by its redirect, with its key", "/images/b.jpg?w=800&f=webp", {}, "original", "b.jpg/800-high.webp"],
    ["the pixel", "/images/b.jpg?w=800&f=webp", { firstView: "placeholder" }, "placeholder", "b.jpg/800-high.webp"],
    ["another variant", "/images/a.jpg?w=750&f=webp", {}, "stand-in", "a.jpg/750-high.webp"],
    ["what is shown as it is", "/images/a.svg?w=750&f=webp", {}, "bypass", ""],
    ["what is refused", "/images/a.jpg?w=800&f=bmp", {}, "refused", ""],
    ["an id that no source holds", "/images/x?w=800&f=webp", { sources: [] }, "refused", ""],
  ] as const)("%s", async (_what, path, config, outcome, key) => {
    const { world, points } = counting({ config });
    world.know("a.jpg", { stored: { webp: [800] } });
    await world.get(path);
    expect(points.map(({ indexes, blobs }) => [...indexes, blobs[1]])).toEqual([[outcome, key]]);
  });

  it("but what can never be made is not listed as missed", async () => {
    const { world, points } = counting();
    const marker = { code: "missing", message: "", until: NOW + 1000 };
    world.images.store(missingKey("b.jpg"), JSON.stringify(marker));
    await world.get("/images/b.jpg?w=800&f=webp");
    expect(points).toMatchObject([{ indexes: ["original"], blobs: ["webp", ""] }]);
  });

  it("a part and a 304 are views that weigh nothing; HEAD and other paths are none", async () => {
    const { world, points } = counting();
    await world.get(READY, { Range: "bytes=0-3" });
    await world.get(READY, { "If-None-Match": "*" });
    await world.ask("HEAD", READY);
    await world.get("/healthz");
    await world.get("/nothing");
    expect(points.map(({ doubles }) => doubles)).toEqual([
      [1, 0, 0, 0],
      [1, 0, 0, 0],
    ]);
  });
});

describe("counting never costs a viewer anything", () => {
  it("a dataset that throws is written down, and the picture is served", async () => {
    const views = {
      writeDataPoint: () => {
        throw new Error("too many points");
      },
    };
    const { world } = counting({ views });
    expect([(await world.get(READY)).status, world.logged]).toEqual([200, ["edge.uncounted"]]);
  });

  it("one in ten is written and stands for ten; none where the setting is 0", async () => {
    const random = [0.05, 0.1, 0.99, 0.099];
    const { world, points } = counting({ config: { countViews: 10 }, random: () => random.shift() ?? 1 });
    for (let n = 0; n < 4; n += 1) await world.get(READY);
    expect(points.map(({ doubles }) => doubles[0])).toEqual([10, 10]);
    const off = counting({ config: { countViews: 0 } });
    await off.world.get(READY);
    expect(off.points).toEqual([]);
  });
});
