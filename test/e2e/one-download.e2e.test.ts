import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { control } from "./pipeline.ts";
import { startTestStack, type TestStack, until } from "./stack.ts";

const SIZE = { width: 1600, height: 1200 };

let origin: Server;
let stack: TestStack;
let photo: Buffer;
/** What the origin was asked for, and the bytes that left it. */
const left = { asked: [] as string[], bytes: 0 };

/** Serves one photo under every path, with an etag and ranges, and counts what leaves. */
async function startOrigin(): Promise<string> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 30 };
  photo = await sharp({ create: { ...SIZE, channels: 3, background: "#888", noise } })
    .jpeg({ quality: 60 })
    .toBuffer();
  origin = createServer(({ headers, method, url }, response) => {
    const end = /bytes=0-(\d+)/.exec(headers.range ?? "")?.[1];
    const part = end === undefined ? photo : photo.subarray(0, Number(end) + 1);
    left.asked.push(`${method} ${url} ${headers.range ?? "whole"} by ${headers["user-agent"]}`);
    left.bytes += method === "HEAD" ? 0 : part.length;
    const range = `bytes 0-${part.length - 1}/${photo.length}`;
    response.writeHead(end === undefined ? 200 : 206, {
      "content-type": "image/jpeg",
      etag: '"photo-1"',
      "content-length": part.length,
      ...(end === undefined ? {} : { "content-range": range }),
    });
    response.end(method === "HEAD" ? undefined : part);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(origin.address() as AddressInfo).port}/{id}`;
}

beforeAll(async () => {
  stack = await startTestStack({ originalsUrl: await startOrigin() });
});
afterAll(async () => {
  await stack?.close();
  origin?.close();
});

it("an upload reads its original once, whatever many variants are made, and Ittybit reads the copy", async () => {
  const { run } = await control(stack, "warm", { items: [{ id: "shop/photo.jpg", recipe: "upload" }] });
  const done = await until(
    "all variants of the upload are stored",
    () => control(stack, `runs/${run}`),
    ({ state }) => state === "done",
  );
  const jobs = stack.emulator?.control.jobs() ?? [];
  expect(done).toMatchObject({ states: { stored: done.total, dead: 0 } });
  expect(jobs.length).toBeGreaterThanOrEqual(11);
  expect(left.bytes / photo.length, left.asked.join("\n")).toBeLessThanOrEqual(1.1);
  const inputs = [...new Set(jobs.map(({ input }) => input))];
  expect(inputs).toEqual([expect.stringMatching(/\/staged\/\d{16}\/shop\/photo\.jpg\?exp=\d+&s=[\w-]{43}$/)]);
  const [listed] = (await control(stack, `jobs?run=${run}`)).jobs as { job: string }[];
  expect((await control(stack, `jobs/${listed?.job}`)).input).toMatch(/^Ittybit reads staged bytes/);
});

it("a viewer's variant is made from the original's own address", async () => {
  const before = stack.emulator?.control.jobs().length ?? 0;
  const address = `${stack.edgeUrl}/images/view.jpg?w=640&f=webp`;
  await until(
    "the variant is served",
    () => fetch(address, { redirect: "manual" }),
    ({ status }) => status === 200,
  );
  const made = stack.emulator?.control.jobs() ?? [];
  expect(made.length - before).toBe(1);
  expect(made.filter(({ input }) => input.endsWith("/view.jpg") && !input.includes("/staged/"))).toHaveLength(1);
});
