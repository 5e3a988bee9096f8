import sharp from "sharp";
import { expect, it } from "vitest";
import { bytesOf, PATIENTLY, setup } from "../testing/setup.ts";

const SOURCE = { width: 4000, height: 3000 };

it.each([
  ["webp", "webp"],
  ["jpeg", "jpeg"],
  ["png", "png"],
  ["avif", "heif"],
])("makes small, whole %s images of exactly the asked size, each its own bytes", async (format, decoded) => {
  const { origin, output } = await setup({ pixels: "tiny", tinySource: SOURCE });
  const bytes: Buffer[] = [];
  for (const name of ["a", "b"]) {
    const image = await bytesOf(await output({ input: `${origin.url}/${name}.jpg`, options: { width: 1600, format } }));
    const { info } = await sharp(image, { failOn: "warning" }).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 1600, height: 1200 });
    expect((await sharp(image).metadata()).format).toBe(decoded);
    if (format === "webp") expect(image.readUInt32LE(4)).toBe(image.byteLength - 8); // RIFF's own size
    expect(image.byteLength).toBeLessThan(60_000);
    expect(image.includes(`/${name}.jpg`)).toBe(true);
    bytes.push(image);
  }
  expect(bytes[0]?.equals(bytes[1] ?? Buffer.alloc(0))).toBe(false);
  expect(origin.hits.size).toBe(0);
});

it("reads the input's size when none is assumed", async () => {
  const { output } = await setup({ pixels: "tiny" });
  const image = await bytesOf(await output({ options: { width: 100, format: "webp" } }));
  expect(await sharp(image).metadata()).toMatchObject({ width: 100, height: 75 });
});

it("keeps up with thousands of jobs, and forgets the old ones", async () => {
  const settings = { pixels: "tiny", tinySource: SOURCE, maxJobs: 500, jobMs: { min: 0, max: 0 } } as const;
  const { create, emulator } = await setup(settings);
  for (let round = 0; round < 20; round += 1) {
    const keys = Array.from({ length: 100 }, (_, index) => round * 100 + index);
    await Promise.all(
      keys.map(async (key) => {
        const body = { input: `https://example.com/${key}.jpg`, options: { width: 400, format: "webp" } };
        await (await create(body, { "idempotency-key": `k${key}` })).arrayBuffer();
      }),
    );
  }
  await expect.poll(() => emulator.control.stats().openJobs, PATIENTLY).toBe(0);
  expect(emulator.control.stats().createdJobs).toBe(2000);
  expect(emulator.control.jobs()).toHaveLength(500);
});
