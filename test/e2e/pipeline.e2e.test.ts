import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { crowd, failureTriedAgain, firstViewer, imageUrl, jobsOf, storedImage } from "./pipeline.ts";
import { useSharedStack } from "./shared-stack.ts";
import { ask } from "./stack.ts";

const stack = useSharedStack();
const image = (path: string) => imageUrl(stack(), path);
const stored = (path: string) => storedImage(stack(), path);

describe("the pipeline, end to end on real pixels", () => {
  it("redirects the first viewer to the original, then serves the variant from R2, then from the cache", () =>
    firstViewer(stack()));

  it("crops to a declared ratio without a signature, and names the ways out of what is refused", async () => {
    const crop = await stored("landscape.jpg?w=799&h=600&f=jpeg");
    expect(await sharp(crop.body).metadata()).toMatchObject({ width: 800, height: 600 });
    const refused = await ask(image("landscape.jpg?w=800&h=333"));
    expect(refused.status).toBe(403);
    expect(refused.body.toString()).toMatch(/presets, or pages/);
  });

  it("answers 50 simultaneous first requests at once and makes exactly one Ittybit job", () => crowd(stack()));

  it("honours EXIF orientation: the sideways portrait stands upright", async () => {
    const answer = await stored("portrait.jpg?w=320&f=jpeg");
    const { width, height, format, orientation } = await sharp(answer.body).metadata();
    expect({ width, height, format, orientation }).toEqual({
      width: 320,
      height: 480,
      format: "jpeg",
      orientation: undefined,
    });
  });

  it("gives a PNG where a JPEG of a transparent original is asked for, also of a crop, and never black", async () => {
    for (const path of ["cut-out.png?w=160&f=jpeg", "cut-out.png?w=400&h=300&f=jpeg"]) {
      const { headers, body } = await stored(path);
      expect([path, headers.get("content-type"), (await sharp(body).metadata()).format]).toEqual([
        path,
        "image/png",
        "png",
      ]);
      const corner = await sharp(body).extract({ left: 1, top: 1, width: 1, height: 1 }).raw().toBuffer();
      expect([path, corner[3]]).toEqual([path, 0]);
      expect((await ask(image(path))).headers.get("content-type")).toBe("image/png");
    }
  });

  it("keeps transparency in AVIF, and serves nested UTF-8 ids", async () => {
    const cutOut = await stored("cut-out.png?w=160&f=avif");
    expect(await sharp(cutOut.body).metadata()).toMatchObject({ format: "heif", width: 160, hasAlpha: true });
    const nested = await stored(`${["albums", "été 2026", "plage.webp"].map(encodeURIComponent).join("/")}?w=320`);
    expect(await sharp(nested.body).metadata()).toMatchObject({ format: "webp", width: 320 });
  });

  it("never enlarges: a small original keeps its size under a wider URL", async () => {
    const answer = await stored("small.jpg?w=800");
    expect(await sharp(answer.body).metadata()).toMatchObject({ width: 120, height: 80 });
  });

  it("passes SVG and animated GIF through, without a job", async () => {
    for (const id of ["logo.svg", "waving.gif"]) {
      const answer = await ask(image(`${id}?w=800`));
      expect(answer.status).toBe(302);
      expect(jobsOf(stack(), id)).toBe(0);
    }
  });

  it("tries a failed job again by itself, though nobody asks any more: the ledger's alarm sees to it", () =>
    failureTriedAgain(stack()));

  it("refuses what is malformed with a problem document and enqueues nothing", async () => {
    const answer = await ask(image("landscape.jpg?width=400"));
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      status: 400,
      code: "parameter_unknown",
      parameter: "width",
    });
  });
});
