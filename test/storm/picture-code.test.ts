import { startEmulator } from "@prewarm/ittybit-emulator/server";
import sharp from "sharp";
import { expect, it, onTestFinished } from "vitest";
import { idOf, startOriginals } from "./originals.ts";
import { readCode } from "./picture-code.ts";

it.each([
  [64, "jpeg"],
  [480, "jpeg"],
  [640, "webp"],
  [160, "avif"],
])("a picture of %i px that Ittybit makes as %s tells image and version of its original", async (width, format) => {
  const originals = await startOriginals(2);
  const ittybit = await startEmulator({ jobMs: { min: 0, max: 0 } });
  onTestFinished(async () => void (await Promise.all([ittybit.close(), originals.close()])));
  const made = async () => {
    const input = originals.url.replace("{id}", idOf(1));
    const body = JSON.stringify({ kind: "image", input, options: { width, format } });
    const headers = { authorization: "Bearer any", "content-type": "application/json" };
    await fetch(`${ittybit.apiUrl}/jobs`, { method: "POST", headers, body });
    const outputUrl = () => ittybit.control.jobs()[0]?.outputUrl ?? "";
    await expect.poll(outputUrl).not.toBe("");
    return readCode(new Uint8Array(await (await fetch(outputUrl())).arrayBuffer()));
  };
  expect(await made()).toEqual({ image: 1, version: 1, width });
  originals.replace(idOf(1));
  expect(await made()).toEqual({ image: 1, version: 2, width });
});

it("a picture without a code tells none", async () => {
  const background = { r: 40, g: 120, b: 200 };
  const bytes = await sharp({ create: { width: 300, height: 200, channels: 3, background } })
    .jpeg()
    .toBuffer();
  expect(await readCode(bytes)).toBeNull();
});
