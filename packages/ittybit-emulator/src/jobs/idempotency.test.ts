import { describe, expect, it } from "vitest";
import { kindOf, setup } from "../testing/setup.ts";

const KEY = { "idempotency-key": "pw-1" };
const DAY_MS = 24 * 60 * 60 * 1000;

describe("Idempotency-Key", () => {
  it("answers a replay with 200 and the body of the first call, however the job has got on", async () => {
    const { create, ended, emulator } = await setup();
    const first = (await (await create({ options: { width: 50 } }, KEY)).json()) as { id: string };
    expect((await ended(first.id)).status).toBe("succeeded");
    const replay = await create({ options: { width: 50 } }, KEY);
    expect(replay.status).toBe(200);
    expect(await replay.json()).toEqual(first);
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it("makes one job of a hundred calls at once", async () => {
    const { create, emulator } = await setup();
    const responses = await Promise.all(Array.from({ length: 100 }, () => create({}, KEY)));
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(99);
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it("is remembered for 24 hours", async () => {
    const { create, emulator } = await setup();
    await create({}, KEY);
    emulator.control.advanceClock(DAY_MS - 60_000);
    expect((await create({}, KEY)).status).toBe(200);
    emulator.control.advanceClock(60_000);
    expect((await create({}, KEY)).status).toBe(201);
  });

  it("is a matter of each API key", async () => {
    const { create } = await setup();
    expect((await create({}, KEY)).status).toBe(201);
    expect((await create({}, { ...KEY, authorization: "Bearer other" })).status).toBe(201);
  });

  it("stores no failure: a refused request may be mended under the same key", async () => {
    const { create } = await setup();
    expect((await create({ kind: "nothing" }, KEY)).status).toBe(400);
    expect((await create({}, KEY)).status).toBe(201);
  });

  it.each([
    ["replay", 200],
    [409, 409],
    [422, 422],
  ] as const)("answers another body, with the setting %s, with %i", async (idempotencyConflict, status) => {
    const { create, emulator } = await setup({ idempotencyConflict });
    await create({ options: { width: 50 } }, KEY);
    const other = await create({ options: { width: 51 } }, KEY);
    expect(other.status).toBe(status);
    if (status !== 200) expect(await kindOf(other)).toBe("idempotency_conflict");
    expect((await create({ options: { width: 50 } }, KEY)).status).toBe(200);
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it("hands the same dead job back for as long", async () => {
    const { create, made, ended, origin } = await setup();
    const input = `${origin.url}/absent.jpg`;
    const { id } = await made({ input }, KEY);
    await ended(id);
    expect(await (await create({ input }, KEY)).json()).toMatchObject({ id, status: "queued" });
  });
});
