import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, startTestStack, type TestStack, until } from "./stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.close());

const image = (path: string) => `${stack.edgeUrl}/images/${path}`;
const stored = (path: string) =>
  until(
    `${path} is served`,
    () => ask(image(path)),
    (answer) => answer.status === 200,
  );
const jobsOf = (id: string) => stack.emulator!.control.jobs().filter((job) => job.input.endsWith(id)).length;

describe("the pipeline, end to end on real pixels", () => {
  it("redirects the first viewer to the original, then serves the variant from R2, then from the cache", async () => {
    const first = await ask(image("landscape.jpg?w=400&f=webp"));
    expect(first.status).toBe(302);
    expect(first.headers.get("location")).toBe(stack.originalsUrl.replace("{id}", "landscape.jpg"));
    expect(first.headers.get("cache-control")).toBe("private, no-store");
    expect(first.cache).toBe("edge; fwd=uri-miss, store; fwd=uri-miss; detail=enqueued");

    const second = await stored("landscape.jpg?w=400&f=webp");
    expect(second.cache).toBe("edge; fwd=uri-miss, store; hit");
    expect(second.headers.get("content-type")).toBe("image/webp");
    expect(second.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(await sharp(second.body).metadata()).toMatchObject({ format: "webp", width: 400, height: 267 });

    const third = await until(
      "the cache has it",
      () => ask(image("landscape.jpg?w=400&f=webp")),
      (answer) => answer.cache === "edge; hit",
    );
    expect(third.body.equals(second.body)).toBe(true);
    expect(third.headers.get("etag")).toBe(second.headers.get("etag"));
  });

  it("crops to a declared ratio without a signature, and names the ways out of what is refused", async () => {
    const crop = await stored("landscape.jpg?w=799&h=600&f=jpeg");
    expect(await sharp(crop.body).metadata()).toMatchObject({ width: 800, height: 600 });
    const refused = await ask(image("landscape.jpg?w=800&h=333"));
    expect(refused.status).toBe(403);
    expect(refused.body.toString()).toMatch(/presets, or ratios/);
  });

  it("answers 50 simultaneous first requests at once and makes exactly one Ittybit job", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(image("phone.jpg?w=640"))));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([302]));
    await stored("phone.jpg?w=640");
    expect(jobsOf("phone.jpg")).toBe(1);
  });

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
      expect(jobsOf(id)).toBe(0);
    }
  });

  it("tries a failed job again by itself, though nobody asks any more: the ledger's alarm sees to it", async () => {
    stack.emulator!.control.addFault({ on: "create", fault: { type: "failed" }, times: 1 });
    const control = (path: string, body?: unknown) =>
      fetch(`${stack.controlUrl}/api/v1/${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).then((answer) => answer.json() as Promise<Record<string, unknown>>);
    const { run } = await control("warm", { items: [{ id: "landscape.jpg", transforms: ["w=640&f=jpeg"] }] });
    const done = await until(
      "the variant is stored at its second attempt",
      () => control(`runs/${run}`),
      ({ state }) => state === "done",
      30_000,
    );
    expect(done).toMatchObject({ states: { stored: 1, dead: 0 } });
    const { jobs } = await control(`jobs?run=${run}`);
    expect(jobs).toMatchObject([{ state: "stored", attempts: 1 }]);
  });

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
