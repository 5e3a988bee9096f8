import type { Config } from "@prewarm/shared/config";
import { READS_PER_REQUEST } from "@prewarm/shared/limits";
import { GATE_KEY } from "@prewarm/shared/markers";
import { expect, it } from "vitest";
import { BYTES, NOW, noted, setup, type World } from "../testing/setup.ts";

// What a million requests cost at most (docs/cost.md) rests on the reads of one. Here neither the images nor the
// requests are chosen by hand.
const NAMES = [
  ...["orig-high.webp", "640x480-cover-high.webp", "640x480-cover-high.avif", "828-low.webp", "16-very_low.webp"],
  ...["320", "828"].flatMap((width) => ["webp", "avif", "jpeg"].map((format) => `${width}-high.${format}`)),
  "2048-high.webp",
];
const SOURCES = [
  [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }],
  [{ prefix: "", bucket: "ORIGINALS", key: "{id}", viewers: "redirect" }],
] as const;

/** The same worlds in each run. */
let seed = 20_261_130;
function chance(): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
}
const pick = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;

function anyFirstView(): Config["firstView"] {
  const [isHidden, shown] = [pick([false, true]), pick(["stored", "original"] as const)];
  return isHidden ? "placeholder" : shown;
}

/** An edge before R2 with some variants of one image, perhaps its note, a marker and its original. */
function anyWorld(): World {
  const world = setup({
    allowed: () => true,
    config: {
      sources: [...pick(SOURCES)],
      firstView: anyFirstView(),
    },
  });
  const { images, originals, know } = world;
  const listed = NAMES.filter(() => chance() < 0.5);
  const lqip = pick([null, "data:image/webp;base64,AAAA"]);
  if (chance() < 0.8)
    know("photo", { ...noted(listed), bytes: pick([1000, 6_000_000]), width: pick([200, 700, 2400]), lqip });
  for (const name of NAMES.filter(() => chance() < 0.6)) {
    const smaller = pick(["avif", "avif webp", "jpeg avif", "webp"]);
    images.store(`variants/photo/${name}`, BYTES, undefined, { smaller, "source-etag": "x" });
  }
  const code = pick(["missing", "capped", "unsupported"]);
  if (chance() < 0.3) images.store("dead/photo/_", JSON.stringify({ code, until: NOW + 10_000_000 }));
  if (chance() < 0.5) originals.store("photo", BYTES);
  return world;
}

/** One request of any kind, and how many objects it read. */
async function anyRequest(world: World): Promise<{ kind: string; reads: number }> {
  const format = pick(["webp", "avif", "jpeg", "auto", "auto", "auto"]);
  const more = [pick(["", "h=480"]), pick(["", "q=low", "q=very_low", "dpr=2", "v=7"])].filter((text) => text !== "");
  const query = [`w=${pick([1, 300, 320, 640, 828, 1500, 2048])}`, `f=${format}`, ...more].join("&");
  const method = pick(["GET", "GET", "HEAD"]);
  const headers: Record<string, string> = { Accept: pick(["image/avif,image/webp,*/*", "image/webp", "*/*", ""]) };
  if (chance() < 0.2) headers.Range = "bytes=0-3";
  if (chance() < 0.2) headers["If-None-Match"] = "*";
  const { images, originals } = world;
  const before = [images.reads.length, originals.reads.length] as const;
  const response = await world.ask(method, `/images/photo?${query}`, headers);
  await response.arrayBuffer().catch(() => undefined);
  await world.settle();
  const keys = images.reads.slice(before[0]).filter((key) => key !== GATE_KEY);
  const isHit = images.objects.has(keys[0] ?? "");
  const kind = isHit ? "hit" : method === "HEAD" && response.status === 302 ? "HEAD of a miss" : "miss";
  return {
    kind: `${kind}${format === "auto" ? " by f=auto" : ""}`,
    reads: keys.length + originals.reads.length - before[1],
  };
}

it("a request of any image reads as many objects as the table of requests says, and no more", async () => {
  const most: Record<string, number> = {};
  for (let turn = 0; turn < 400; turn += 1) {
    const world = anyWorld();
    for (let request = 0; request < 6; request += 1) {
      const { kind, reads } = await anyRequest(world);
      most[kind] = Math.max(most[kind] ?? 0, reads);
      world.cache.entries.clear();
      world.advance(pick([10, 1500, 20_000]));
    }
  }
  const { hit, missedHead, miss, smaller } = READS_PER_REQUEST;
  expect(most).toEqual({
    hit,
    "HEAD of a miss": missedHead,
    miss,
    // A HEAD of a miss has no object in hand, which could name a smaller one.
    "hit by f=auto": hit + smaller,
    "HEAD of a miss by f=auto": missedHead,
    "miss by f=auto": miss + smaller,
  });
});
