import { defineConfig } from "@prewarm/shared/config";
import { parseInfo, publicInfo } from "@prewarm/shared/image-info";
import { expect, it, onTestFinished } from "vitest";
import { Planner, type Wanted } from "../../workers/consumer/src/intake/plan-item.ts";
import { setup } from "../../workers/edge/src/testing/setup.ts";
import { CalmWorld, ORIGINALS } from "./calm-world.ts";
import { Life } from "./life.ts";

/*
 * What is known of an image speaks of the version that an upload or a run announced last. Real intake, ledger, handlers and
 * edge; Ittybit and R2 are simulated.
 */

const SITE = { pages: { widths: [320, 640] }, formats: ["webp", "jpeg"] } as const;
const ID = "photo";
const MADE_UP = "w=400&f=webp&v=zzz";

function begin() {
  const world = new CalmWorld({ config: SITE, etag: () => '"e1"' });
  onTestFinished(() => world.close());
  const planner = new Planner(defineConfig({ ...SITE, sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }] }));
  let deliveries = 0;
  const still = () => world.clock.until(world.clock.sleep(120_000));
  /** An upload, or a run that a person starts: what it orders is stored when it resolves. */
  const order = async (lane: "upload" | "bulk", wanted: Omit<Wanted, "id">) => {
    deliveries += 1;
    const delivery = { id: `d${deliveries}`, chunk: 0, hash: "h" };
    const images = [planner.plan({ id: ID, ...wanted })];
    const run = { run: `r${deliveries}`, label: null, lane };
    const chunk = { run, delivery, images, force: false, backlogMax: 1_000 };
    await world.clock.until(world.ask((ledger) => ledger.acceptChunk(chunk)));
    await still();
  };
  const view = async (name: string) => {
    world.view(`${ID}/${name}`);
    await still();
  };
  const note = () => {
    const info = parseInfo(new TextDecoder().decode(world.store.objects.get(`info/${ID}/_`)?.bytes));
    return info && publicInfo(ID, info);
  };
  /** What a browser gets for a URL: `Content-Location` of a stand-in, or the status. */
  const seen = async (query: string) => {
    const edge = setup({ config: SITE });
    for (const [key, { bytes, customMetadata }] of world.store.objects)
      edge.images.store(key, bytes, undefined, customMetadata);
    const response = await edge.get(`/images/${ID}?${query}`, { Accept: "image/webp,*/*;q=0.5" });
    return response.headers.get("Content-Location") ?? response.status;
  };
  return { world, order, view, note, seen };
}

const WIDTHS = [320, 640];

it.each([null, "2"])("no view of another version changes it: announced %s", async (v) => {
  const { order, view, note, seen } = begin();
  await order("upload", { v });
  const [known, standIn] = [note(), await seen(`w=480${v === null ? "" : `&v=${v}`}`)];
  expect(known).toMatchObject({ widths: WIDTHS, version: v, lqip: expect.stringMatching(/^data:/) });
  await view("@zzz/400-high.webp");
  await view(v === null ? "@yyy/640-high.webp" : "400-high.webp");
  expect([note(), await seen(`w=480${v === null ? "" : `&v=${v}`}`)]).toEqual([known, standIn]);
  expect(standIn).toMatch(/w=640/);
});

it("the doctor completes a note that somebody has put a moment ago, though R2 takes one write of a key a second", async () => {
  const { world, order, note } = begin();
  await order("upload", { v: null });
  const known = note();
  const key = `info/${ID}/_`;
  const { bytes, customMetadata = {} } = world.store.objects.get(key) ?? {};
  const info = JSON.parse(new TextDecoder().decode(bytes));
  const short = JSON.stringify({ ...info, stored: { ...info.stored, webp: [320] } });
  const listed = String(Number(customMetadata.listed) - 1);
  const put = world.store.bucket(new Life()).put(key, short, { customMetadata: { ...customMetadata, listed } });
  await world.clock.until(put);
  expect(note()).not.toEqual(known);
  await world.clock.until(world.doctor());
  expect(note()).toEqual(known);
});

it("a list of variants, as coverage sends it, announces nothing", async () => {
  const { order, note } = begin();
  await order("upload", { v: "2" });
  const known = note();
  await order("bulk", { v: "1", transforms: ["w=400&f=webp"] });
  await order("bulk", { transforms: ["w=400&f=webp"] });
  expect(note()).toEqual(known);
});

it("an upload or a run that orders a recipe announces its version, whatever is stored already", async () => {
  const { order, view, note, seen } = begin();
  await order("upload", { v: "1" });
  await order("bulk", { v: "2" });
  expect(note()).toMatchObject({ widths: WIDTHS, version: "2" });
  await view("400-high.webp");
  await order("upload", { v: "1" });
  expect(note()).toMatchObject({ widths: WIDTHS, version: "1", lqip: expect.stringMatching(/^data:/) });
  // Pages that are older than the announcement are still shown their own version.
  expect(await seen("w=480&v=2")).toMatch(/w=640&q=high&f=webp&v=2$/);
});

it("stand-ins are of the URL's version, where a site announces none too", async () => {
  const { order, view, note, seen } = begin();
  await order("upload", {});
  const known = note();
  expect(await seen(MADE_UP)).toBe(302);
  await view("@abc/640-high.webp");
  expect(await seen("w=480&v=abc")).toMatch(/w=640&q=high&f=webp&v=abc$/);
  expect(await seen(MADE_UP)).toBe(302);
  expect(note()).toEqual(known);
});

it("an image that nobody announced has no version, whoever views it first", async () => {
  const { view, note } = begin();
  await view("@zzz/400-high.webp");
  expect(note()).toMatchObject({ width: 1000, height: 500, widths: [], version: null });
  await view("640-high.webp");
  expect(note()).toMatchObject({ widths: [640], version: null });
});
