import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
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

it("notices a file that is put there after it was asked for, and forgets what it made of one that is replaced", async () => {
  const path = "later.jpg?w=400";
  await until(
    "known as missing",
    () => ask(`${stack.edgeUrl}/images/${path}`),
    ({ cache }) => cache?.includes("missing") === true || cache?.includes("dead") === true,
  );
  writeFileSync(join(folder, "later.jpg"), await picture("#f00"));
  await ready(path);
  writeFileSync(join(folder, "later.jpg"), await picture("#0f0"));
  const headers = { authorization: `Bearer ${stack.adminToken}` };
  const image = async () => (await fetch(`${stack.controlUrl}/api/v1/images/later.jpg`, { headers })).text();
  await until("forgotten", image, (text) => !text.includes('"state":"stored"'));
});

it("serves nothing outside the folder", async () => {
  writeFileSync(join(folder, "../outside.jpg"), await picture("#000"));
  const original = stack.originalsUrl.replace("{id}", "..%2Foutside.jpg");
  expect((await ask(original)).status).toBe(404);
});
