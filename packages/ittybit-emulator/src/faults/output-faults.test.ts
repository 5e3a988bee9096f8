import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { bytesOf, setup, type World } from "../testing/setup.ts";
import type { FaultRuleInput } from "./fault-rule.ts";

const OPTIONS = { width: 120, format: "webp" };

function faulty(fault: Omit<Extract<FaultRuleInput["fault"], { type: "output" }>, "type">): Promise<World> {
  return setup({ faults: [{ fault: { type: "output", ...fault } }] });
}

describe("outputs", () => {
  it("are served from another port, to anybody, GET and HEAD only", async () => {
    const { output, emulator } = await setup();
    const response = await output({ options: OPTIONS });
    expect(new URL(response.url).port).not.toBe(new URL(emulator.apiUrl).port);
    const head = await fetch(response.url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, response.headers.get("content-length")]);
    expect((await fetch(response.url, { method: "POST" })).status).toBe(405);
    expect((await fetch(response.url.replace(/\.webp$/, ".png"))).status).toBe(404);
  });

  it("count a key that was sent along, since it should not be", async () => {
    const { output, emulator } = await setup();
    const { url } = await output();
    expect(emulator.control.stats().counts["output with authorization"]).toBeUndefined();
    await fetch(url, { headers: { authorization: "Bearer secret" } });
    expect(emulator.control.stats().counts["output with authorization"]).toBe(1);
  });

  it("expire when told to", async () => {
    const { output, emulator } = await setup({ outputTtlMs: 60_000 });
    const { url } = await output();
    emulator.control.advanceClock(50_000);
    expect((await fetch(url)).status).toBe(200);
    emulator.control.advanceClock(10_000);
    expect((await fetch(url)).status).toBe(404);
  });

  it("are gone when they no longer fit in memory", async () => {
    const { output } = await setup({ maxOutputBytes: 1 });
    const { url } = await output({ options: { width: 120, format: "webp" } });
    expect((await fetch(url)).status).toBe(200);
    await output({ options: { width: 130, format: "webp" } });
    expect((await fetch(url)).status).toBe(404);
  });
});

describe("faults of outputs", () => {
  it.each(["403", "404", "500"] as const)("%s", async (as) => {
    const { output } = await faulty({ as });
    expect((await output()).status).toBe(Number(as));
  });

  it("html is a page with status 200", async () => {
    const response = await (await faulty({ as: "html" })).output({ options: OPTIONS });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html"]);
    expect(await response.text()).toContain("<h1>");
  });

  it("truncated promises more than it sends", async () => {
    const response = await (await faulty({ as: "truncated" })).output({ options: OPTIONS });
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(0);
    await expect(response.arrayBuffer()).rejects.toThrow("terminated");
  });

  it("cut is half of the bytes and ends as if it were whole", async () => {
    const { output, emulator } = await faulty({ as: "cut" });
    const response = await output({ options: OPTIONS });
    const half = await bytesOf(response);
    emulator.control.clearFaults();
    const whole = await bytesOf(await fetch(response.url));
    expect(response.headers.has("content-length")).toBe(false);
    expect(half).toEqual(whole.subarray(0, whole.byteLength >> 1));
  });

  it("untyped is the right picture without its type", async () => {
    const response = await (await faulty({ as: "untyped" })).output({ options: OPTIONS });
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(await sharp(await bytesOf(response)).metadata()).toMatchObject({ format: "webp", width: 120 });
  });

  it("empty has the content type and no bytes", async () => {
    const response = await (await faulty({ as: "empty" })).output({ options: OPTIONS });
    expect(response.headers.get("content-type")).toBe("image/webp");
    expect((await bytesOf(response)).byteLength).toBe(0);
  });

  it("mislabelled is a picture of another format under the asked content type", async () => {
    const response = await (await faulty({ as: "mislabelled" })).output({ options: OPTIONS });
    expect(response.headers.get("content-type")).toBe("image/webp");
    expect(await sharp(await bytesOf(response)).metadata()).toMatchObject({ format: "png", width: 120 });
  });

  it("chunked tells no length", async () => {
    const response = await (await faulty({ as: "chunked" })).output({ options: OPTIONS });
    expect(response.headers.has("content-length")).toBe(false);
    expect(await sharp(await bytesOf(response)).metadata()).toMatchObject({ format: "webp", width: 120 });
  });

  it("huge goes on for as many bytes as told", async () => {
    const response = await (await faulty({ as: "huge", bytes: 3_000_000 })).output({ options: OPTIONS });
    expect(response.headers.get("content-length")).toBe("3000000");
    expect((await bytesOf(response)).byteLength).toBe(3_000_000);
  });

  it("huge stops when the reader does", async () => {
    const { output, emulator } = await faulty({ as: "huge", bytes: 5_000_000_000 });
    const response = await output({ options: OPTIONS });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.byteLength).toBeGreaterThan(0);
    await reader?.cancel();
    expect(emulator.control.stats().counts["output huge"]).toBe(1);
  });

  it("redirect leads to the output, or wherever told", async () => {
    const world = await faulty({ as: "redirect" });
    expect(await sharp(await bytesOf(await world.output({ options: OPTIONS }))).metadata()).toMatchObject({
      width: 120,
    });
    world.emulator.control.clearFaults();
    const location = "http://169.254.169.254/latest/";
    world.emulator.control.addFault({ fault: { type: "output", as: "redirect", location } });
    const { output } = await world.ended((await world.made()).id);
    const response = await fetch(output ?? "", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, location]);
  });

  it("reset closes the connection", async () => {
    const world = await faulty({ as: "reset" });
    await expect(world.output({ options: OPTIONS })).rejects.toThrow("fetch failed");
  });

  it("hang answers nothing", async () => {
    const world = await faulty({ as: "hang" });
    const { output } = await world.ended((await world.made()).id);
    await expect(fetch(output ?? "", { signal: AbortSignal.timeout(150) })).rejects.toThrow(/timeout/i);
  });

  it("once 403 and then fine, for each job", async () => {
    const { output } = await setup({ faults: [{ fault: { type: "output", as: "403" }, times: 1, per: "job" }] });
    for (const width of [50, 60]) {
      const refused = await output({ options: { width } });
      expect([refused.status, (await fetch(refused.url)).status]).toEqual([403, 200]);
    }
  });

  it("strike only the inputs they match", async () => {
    const { origin, output, emulator, photo } = await setup();
    emulator.control.addFault({ match: { input: "/other.jpg" }, fault: { type: "output", as: "404" } });
    const other = origin.put("/other.jpg", await bytesOf(await fetch(photo)));
    expect([(await output()).status, (await output({ input: other })).status]).toEqual([200, 404]);
  });
});
