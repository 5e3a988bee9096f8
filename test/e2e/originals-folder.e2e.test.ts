import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signWebhook } from "../../apps/cli/src/steps/sign-webhook.ts";
import { tempFolder } from "../temp-folder.ts";
import { ask, startTestStack, type TestStack, until } from "./stack.ts";

/** `ORIGINALS_DIR=./photos npm start`, black box. */

const folder = join(tempFolder("prewarm-photos-"), "photos");
let stack: TestStack;

const picture = (background: string) =>
  sharp({ create: { width: 1600, height: 900, channels: 3, background } })
    .jpeg()
    .toBuffer();
const ready = (path: string) =>
  until(
    path,
    () => ask(`${stack.edgeUrl}/images/${path}`),
    ({ status }) => status === 200,
  );

beforeAll(async () => {
  mkdirSync(join(folder, "summer trip"), { recursive: true });
  writeFileSync(join(folder, "summer trip/Beach (1).JPG"), await picture("#08f"));
  stack = await startTestStack({ originalsDir: folder });
});
afterAll(() => stack?.close());

it("makes w=800 of a folder's photo under its name as it is", async () => {
  const path = "summer%20trip/Beach%20(1).JPG?w=800";
  expect((await ask(`${stack.edgeUrl}/images/${path}`)).status).toBe(302);
  const { body, headers } = await ready(path);
  expect(headers.get("content-type")).toBe("image/webp");
  expect((await sharp(body).metadata()).width).toBe(800);
});

interface Seen {
  variants: { transform: string; state: string; storedAt: number | null }[];
}

const control = (path: string, init: RequestInit = {}) =>
  fetch(`${stack.controlUrl}${path}`, { ...init, headers: { authorization: `Bearer ${stack.adminToken}` } });
const image = async (id: string) => (await control(`/api/v1/images/${id}`)).json() as Promise<Seen>;

/** What an upload server does: it writes the file, and calls the hook at once. Neither an order nor an etag tells the uploads apart. */
async function upload(id: string, colour: string): Promise<number> {
  const bytes = await picture(colour);
  const body = JSON.stringify({ type: "image.uploaded", data: { items: [{ id }] } });
  const headers = signWebhook(body, stack.hookSecret, `msg_${crypto.randomUUID()}`, Math.floor(Date.now() / 1000));
  writeFileSync(join(folder, id), bytes);
  const answer = await fetch(`${stack.controlUrl}/hooks/uploads`, { method: "POST", body, headers });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { accepted: number }).accepted;
}

/** Until every variant of the upload shows this colour. */
const allShow = (id: string, variants: number, channel: "r" | "g" | "b") =>
  until(
    `${variants} variants of ${id} show ${channel}`,
    async () => {
      const seen = (await image(id)).variants;
      const shown = seen.map(async ({ state, transform }) => {
        const { body } = await ask(`${stack.edgeUrl}/images/${id}?${transform}`);
        return state !== "stored" ? state : (await sharp(body).stats()).dominant;
      });
      return Promise.all(shown);
    },
    (seen) =>
      seen.length === variants &&
      seen.every((one) => typeof one !== "string" && Math.max(one.r, one.g, one.b) === one[channel]),
  );

it("makes every variant of a file that a program writes and announces, and of the file that it writes in its place", async () => {
  const variants = await upload("new.jpg", "#f00");
  expect(variants).toBeGreaterThan(5);
  await allShow("new.jpg", variants, "r");
  await upload("new.jpg", "#0f0");
  await allShow("new.jpg", variants, "g");
  // Before the first look it was missing.
  await ask(`${stack.edgeUrl}/images/looked-for.jpg?w=640`);
  await until(
    "known as missing",
    () => ask(`${stack.edgeUrl}/images/looked-for.jpg?w=640`),
    ({ cache }) => /missing|dead/.test(cache ?? ""),
  );
  await allShow("looked-for.jpg", await upload("looked-for.jpg", "#00f"), "b");
  const { body } = await control("/api/v1/stats").then(async (answer) => ({ body: await answer.text() }));
  expect(body).not.toMatch(/"cancelled":[1-9]/);
});

it("notices a file that is put there after it was asked for, and shows the one that takes its place", async () => {
  const path = "later.jpg?w=400";
  await until(
    "known as missing",
    () => ask(`${stack.edgeUrl}/images/${path}`),
    ({ cache }) => cache?.includes("missing") === true || cache?.includes("dead") === true,
  );
  writeFileSync(join(folder, "later.jpg"), await picture("#f00"));
  await ready(path);
  writeFileSync(join(folder, "later.jpg"), await picture("#0f0"));
  await until(
    "the new picture is shown",
    async () => (await sharp((await ready(path)).body).stats()).dominant,
    ({ r, g }) => g > r,
  );
});

it("shows within moments what was purged, and what was removed, in a browser too", async () => {
  const path = "purged.jpg?w=480";
  const browser = { "sec-fetch-dest": "image" };
  for (const [name, act] of [
    ["purge", () => control("/api/v1/images/purged.jpg", { method: "DELETE" })],
    ["file", async () => rmSync(join(folder, "purged.jpg"))],
  ] as const) {
    writeFileSync(join(folder, "purged.jpg"), await picture("#f00"));
    await ready(path);
    // From the edge's cache.
    const kept = await until(
      "it is kept",
      () => ask(`${stack.edgeUrl}/images/${path}`, browser),
      ({ cache }) => cache === "edge; hit",
    );
    expect(kept.headers.get("cache-control")).toBe("no-cache");
    expect((await ask(`${stack.edgeUrl}/images/${path}`)).headers.get("cache-control")).toMatch(/immutable/);
    await act();
    await until(
      `${name}: R2 has nothing`,
      () => image("purged.jpg"),
      // An open job may stand over an object.
      (seen) => seen.variants.every(({ storedAt }) => storedAt === null),
    );
    await until(
      `${name}: the edge shows it no more`,
      () => ask(`${stack.edgeUrl}/images/${path}`, browser),
      ({ cache }) => cache !== "edge; hit",
    );
  }
});

it("serves nothing outside the folder", async () => {
  writeFileSync(join(folder, "../outside.jpg"), await picture("#000"));
  const original = stack.originalsUrl.replace("{id}", "..%2Foutside.jpg");
  expect((await ask(original)).status).toBe(404);
});
