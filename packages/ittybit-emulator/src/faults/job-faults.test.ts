import sharp from "sharp";
import { expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { bytesOf, type JobBody, PATIENTLY, setup } from "../testing/setup.ts";
import type { FaultRuleInput } from "./fault-rule.ts";

const once = (fault: FaultRuleInput["fault"]): { faults: FaultRuleInput[] } => ({ faults: [{ fault, times: 1 }] });

it("stuck stays processing while others end", async () => {
  const { made, ended, job, emulator } = await setup(once({ type: "stuck" }));
  const stuck = await made();
  expect((await ended((await made()).id)).status).toBe("succeeded");
  await expect.poll(async () => (await job(stuck.id)).status, PATIENTLY).toBe("processing");
  expect(emulator.control.stats().openJobs).toBe(1);
});

it("slow takes that much longer", async () => {
  const clock = createFakeClock(1_790_000_000_000);
  const { made, job } = await setup({ clock, jobMs: { min: 0, max: 0 }, ...once({ type: "slow", ms: 900 }) });
  const slow = await made();
  clock.tick(1); // ids are made of time and chance
  const usual = await made();
  await expect.poll(async () => (await job(usual.id)).status, PATIENTLY).toBe("succeeded");
  // Until the slow one's pixels are made, its wait has not begun.
  const ending = async () => {
    clock.tick(900);
    return (await job(slow.id)).status;
  };
  await expect.poll(ending, PATIENTLY).toBe("succeeded");
  const took = async ({ id, created_at }: JobBody) => ((await job(id)).finished_at ?? 0) - created_at;
  expect(await took(slow)).toBeGreaterThanOrEqual(900);
  expect(await took(usual)).toBe(0);
});

it.each([
  [{ kind: "encode_failed", message: "the encoder gave up" }],
  ["a plain sentence"],
  [null],
  [{ code: 7, details: ["nested"] }],
])("failed shows the error %j", async (error) => {
  const { made, ended } = await setup(once({ type: "failed", error }));
  const job = await ended((await made()).id);
  expect([job.status, job.error, job.output]).toEqual(["failed", error, null]);
  expect(job.tasks.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "failed", "cancelled"]);
  expect((await ended((await made()).id)).status).toBe("succeeded");
});

it("cancelled ends without output or error", async () => {
  const { made, ended } = await setup(once({ type: "cancelled" }));
  expect(await ended((await made()).id)).toMatchObject({ status: "cancelled", output: null, error: null });
});

it("skew moves every timestamp of the job", async () => {
  const hour = 3_600_000;
  const { made, ended } = await setup(once({ type: "skew", ms: -hour }));
  const before = Date.now();
  const skewed = await ended((await made()).id);
  for (const time of [skewed.created_at, skewed.started_at ?? 0, skewed.finished_at ?? 0, skewed.updated_at]) {
    expect(Math.round((before - time) / hour)).toBe(1);
  }
  expect(Math.abs((await made()).created_at - before)).toBeLessThan(hour / 2);
});

it.each([
  [{ type: "wrong_dimension" }, 100, 150],
  [{ type: "wrong_dimension", width: 33, height: 44 }, 33, 44],
] as const)("%j makes another size than asked", async (fault, width, height) => {
  const { output } = await setup(once(fault));
  const options = { width: 200, format: "webp" };
  expect(await sharp(await bytesOf(await output({ options }))).metadata()).toMatchObject({ width, height });
  expect(await sharp(await bytesOf(await output({ options }))).metadata()).toMatchObject({ width: 200, height: 150 });
});

it("output_missing succeeds with no output to be found", async () => {
  const { made, ended } = await setup(once({ type: "output_missing" }));
  const job = await ended((await made()).id);
  expect([job.status, job.output, job.tasks[2]?.output]).toEqual(["succeeded", null, null]);
});

it("used_id gives the id of a downloaded job again: calls show the new job, and both outputs stay", async () => {
  const { emulator, call, output, made, ended } = await setup();
  const first = await output({ options: { width: 50 } });
  const [old] = emulator.control.jobs();
  emulator.control.addFault({ fault: { type: "used_id" } });
  const { id } = await made({ options: { width: 60 } });
  expect(id).toBe(old?.id);
  const again = await ended(id);
  expect((await (await call("/jobs")).json()) as object[]).toMatchObject([{ id, options: { width: 60 } }]);
  const widths = [first.url, again.output ?? ""].map(
    async (url) => (await sharp(await bytesOf(await fetch(url))).metadata()).width,
  );
  expect(await Promise.all(widths)).toEqual([50, 60]);
  expect(emulator.control.jobs().map(({ options }) => options.width)).toEqual([60, 50]);
});

it("used_id strikes in vain while no output was downloaded", async () => {
  const { made } = await setup({ faults: [{ fault: { type: "used_id" } }] });
  const [{ id: first }, { id: second }] = [await made(), await made()];
  expect(first).not.toBe(second);
});

it("several faults may strike one job", async () => {
  const faults: FaultRuleInput[] = [{ fault: { type: "slow", ms: 100 } }, { fault: { type: "failed", error: "no" } }];
  const { made, ended } = await setup({ faults });
  const job = await ended((await made()).id);
  expect(job).toMatchObject({ status: "failed", error: "no" });
  expect((job.finished_at ?? 0) - job.created_at).toBeGreaterThanOrEqual(100);
});
