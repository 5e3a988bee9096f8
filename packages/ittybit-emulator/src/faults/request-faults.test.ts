import { describe, expect, it } from "vitest";
import { kindOf, PATIENTLY, setup } from "../testing/setup.ts";
import type { FaultRuleInput } from "./fault-rule.ts";

type Fault = FaultRuleInput["fault"];

describe("faults of requests", () => {
  it.each<[Fault, number, string]>([
    [{ type: "throttled" }, 429, "rate_limited"],
    [{ type: "status", status: 401 }, 401, "token_invalid"],
    [{ type: "status", status: 402 }, 402, "payment_required"],
    [{ type: "status", status: 403 }, 403, "project_required"],
    [{ type: "status", status: 500 }, 500, "internal_error"],
    [{ type: "status", status: 413, kind: "too_large" }, 413, "too_large"],
  ])("%j answers %i %s, and makes no job", async (fault, status, kind) => {
    const { create, emulator } = await setup({ faults: [{ fault }] });
    const response = await create();
    expect([response.status, await kindOf(response)]).toEqual([status, kind]);
    expect(emulator.control.stats().createdJobs).toBe(0);
  });

  it.each(["seconds", "date", "none"] as const)("throttles with Retry-After as %s", async (retryAfter) => {
    const { create } = await setup({ faults: [{ fault: { type: "throttled", retryAfter, seconds: 7 } }] });
    const response = await create();
    const header = response.headers.get("retry-after");
    if (retryAfter === "none") expect(header).toBeNull();
    if (retryAfter === "seconds") expect(header).toBe("7");
    if (retryAfter === "date") {
      const gapMs = Date.parse(header ?? "") - Date.parse(response.headers.get("date") ?? "");
      expect([6000, 7000, 8000]).toContain(gapMs);
    }
  });

  it.each([502, 503])("answers %i as an HTML page", async (status) => {
    const { create } = await setup({ faults: [{ fault: { type: "html", status } }] });
    const response = await create();
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "text/html"]);
    expect(await response.text()).toContain("<html>");
  });

  it("can answer what is no JSON, although the job is made", async () => {
    const { create, emulator } = await setup({ faults: [{ fault: { type: "malformed" } }] });
    const response = await create();
    expect(response.status).toBe(201);
    await expect(response.json()).rejects.toThrow(SyntaxError);
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it("can hang until the client gives up", async () => {
    const { emulator, call, photo } = await setup({ faults: [{ fault: { type: "hang" } }] });
    const client = new AbortController();
    const sent = call("/jobs", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: photo, kind: "image" }),
      signal: client.signal,
    });
    const gaveUp = expect(sent).rejects.toThrow("given up");
    await expect.poll(() => emulator.control.stats().counts["create hang"], PATIENTLY).toBe(1);
    client.abort(new Error("given up"));
    await gaveUp;
    expect(emulator.control.stats().createdJobs).toBe(0);
  });

  it("can close the connection before acting", async () => {
    const { create, emulator } = await setup({ faults: [{ fault: { type: "reset" } }] });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(emulator.control.stats()).toMatchObject({ createdJobs: 0, counts: { "create reset": 1 } });
  });

  it("can lose the answer of an accepted job, which the same key then finds", async () => {
    const { create, ended, emulator } = await setup({ faults: [{ fault: { type: "lost" }, times: 1 }] });
    const key = { "idempotency-key": "pw-9" };
    await expect(create({}, key)).rejects.toThrow("fetch failed");
    expect(emulator.control.stats()).toMatchObject({ createdJobs: 1, counts: { "create lost": 1 } });
    const replay = await create({}, key);
    expect(replay.status).toBe(200);
    const { id } = (await replay.json()) as { id: string };
    expect(emulator.control.jobs().map((job) => job.id)).toEqual([id]);
    expect((await ended(id)).status).toBe("succeeded");
  });

  it("can answer an error although the job is made", async () => {
    const { create, emulator } = await setup({ faults: [{ fault: { type: "status", status: 500, acted: true } }] });
    expect((await create()).status).toBe(500);
    expect(emulator.control.stats()).toMatchObject({ createdJobs: 1, counts: { "create 500": 1 } });
  });

  it("can shuffle a list, with jobs missing and others twice, and go on behind the page all the same", async () => {
    const { call, made, emulator } = await setup();
    const ids: string[] = [];
    while (ids.length < 60) ids.push((await made()).id);
    emulator.control.addFault({ fault: { type: "shuffled" }, on: "list" });
    const page = await call("/jobs?order=asc&limit=50");
    const shown = ((await page.json()) as { id: string }[]).map(({ id }) => id);
    const once = [...new Set(shown)];
    expect(ids.slice(0, 50)).toEqual(expect.arrayContaining(once));
    expect([once.length, shown.length]).toEqual([35, 39]);
    expect(once).not.toEqual(once.toSorted((a, b) => ids.indexOf(a) - ids.indexOf(b)));
    expect(page.headers.get("link")).toContain(`after=${ids[49]}`);
  });

  it("can be late", async () => {
    const { create } = await setup({ faults: [{ fault: { type: "delay", ms: 120 } }] });
    const startedAt = performance.now();
    expect((await create()).status).toBe(201);
    expect(performance.now() - startedAt).toBeGreaterThan(100);
  });
});

describe("which requests a rule strikes", () => {
  const broken = { type: "status", status: 500 } as const;

  it("is those whose input matches, by part or by pattern", async () => {
    const { create, emulator, photo } = await setup();
    emulator.control.addFault({ match: { input: "/bad/" }, fault: broken });
    emulator.control.addFault({ match: { inputPattern: "cat-\\d+\\.jpg$" }, fault: broken });
    const statusOf = async (suffix: string): Promise<number> => (await create({ input: photo + suffix })).status;
    expect([await statusOf("/bad/1"), await statusOf("/cat-12.jpg")]).toEqual([500, 500]);
    expect([await statusOf(""), await statusOf("/cat-x.jpg")]).toEqual([201, 201]);
  });

  it("is those whose options match", async () => {
    const { create } = await setup({ faults: [{ match: { options: { format: "avif", width: 80 } }, fault: broken }] });
    expect((await create({ options: { format: "avif", width: 80 } })).status).toBe(500);
    expect((await create({ options: { format: "avif", width: 81 } })).status).toBe(201);
    expect((await create({ options: { format: "webp", width: 80 } })).status).toBe(201);
  });

  it("is creation unless it says otherwise; `any` strikes everything, as an unpaid account does", async () => {
    const { create, call, emulator, made } = await setup();
    const { id } = await made();
    const statuses = async (): Promise<number[]> => {
      const responses = [await create(), await call(`/jobs/${id}`), await call("/jobs")];
      return responses.map(({ status }) => status);
    };
    const rule = emulator.control.addFault({ fault: broken });
    expect(await statuses()).toEqual([500, 200, 200]);
    emulator.control.removeFault(rule);
    const get = emulator.control.addFault({ fault: broken, on: "get" });
    expect(await statuses()).toEqual([201, 500, 200]);
    emulator.control.removeFault(get);
    const list = emulator.control.addFault({ fault: broken, on: "list" });
    expect(await statuses()).toEqual([201, 200, 500]);
    emulator.control.removeFault(list);
    emulator.control.addFault({ fault: { type: "status", status: 402 }, on: "any" });
    expect(await statuses()).toEqual([402, 402, 402]);
    emulator.control.clearFaults();
    expect(await statuses()).toEqual([201, 200, 200]);
  });

  it("is as many as `times` says, over all or for each variant", async () => {
    const { create, emulator } = await setup();
    const statusOf = async (width: number): Promise<number> => (await create({ options: { width } })).status;
    emulator.control.addFault({ fault: broken, times: 2 });
    expect([await statusOf(1), await statusOf(2), await statusOf(3)]).toEqual([500, 500, 201]);
    emulator.control.clearFaults();
    emulator.control.addFault({ fault: broken, times: 1, per: "variant" });
    expect([await statusOf(1), await statusOf(2), await statusOf(1), await statusOf(2)]).toEqual([500, 500, 201, 201]);
    expect(emulator.control.faults()).toMatchObject([{ fired: 2 }]);
  });

  it("is a share, when a probability is given", async () => {
    const { create, emulator } = await setup({ seed: 1, faults: [{ fault: broken, probability: 0.5 }] });
    for (let index = 0; index < 60; index += 1) await create();
    const { counts } = emulator.control.stats();
    expect(counts["create 500"]).toBeGreaterThan(15);
    expect(counts["create 201"]).toBeGreaterThan(15);
  });
});
