import { expect, it } from "vitest";
import { createSystemClock } from "../clock.ts";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { bytesOf, type JobBody, PATIENTLY, setup, type World } from "../testing/setup.ts";

const START = 1_790_000_000_000;

async function statusAfterTick(clock: FakeClock, job: World["job"], id: string): Promise<string> {
  clock.tick(100);
  return (await job(id)).status;
}

const tasksOf = (job: JobBody): string => job.tasks.map(({ kind, status }) => `${kind} ${status}`).join(", ");

it("goes from queued through processing to succeeded, its tasks in step, at the drawn times", async () => {
  // Chance is 0.5: of 1000 to 3000 ms a job takes 2000, 30 % of it queued.
  const clock = createFakeClock(START);
  const { made, job } = await setup({ clock, jobMs: { min: 1000, max: 3000 } });
  const { id } = await made({ options: { width: 100, format: "webp" } });
  clock.tick(599);
  const queued = await job(id);
  expect([queued.status, tasksOf(queued)]).toEqual([
    "queued",
    "probe queued, import waiting, image waiting, export waiting",
  ]);
  clock.tick(1);
  await expect
    .poll(async () => tasksOf(await job(id)), PATIENTLY)
    .toBe("probe succeeded, import succeeded, image processing, export waiting");
  const processing = await job(id);
  expect(processing).toMatchObject({ status: "processing", output: null, started_at: START + 600, finished_at: null });
  expect(processing.tasks[0]?.output).toMatchObject({ width: 400, height: 300, format: "jpeg" });
  // The rest of its time runs from the end of the pixel work, which no fake clock can hurry.
  await expect.poll(() => statusAfterTick(clock, job, id), PATIENTLY).toBe("succeeded");
  const done = await job(id);
  expect(tasksOf(done)).toBe("probe succeeded, import succeeded, image succeeded, export succeeded");
  expect(done.tasks[2]?.output).toMatchObject({ width: 100, height: 75, format: "webp" });
  expect(done).toMatchObject({ created_at: START, started_at: START + 600, updated_at: done.finished_at });
  expect(done.finished_at).toBeGreaterThanOrEqual(START + 2000);
});

it.each([
  ["/absent.jpg", "an input that answers 404", "input_unreachable", "import"],
  ["/text.jpg", "an input that is no image", "input_unsupported", "import"],
])("fails %s (%s), names the task, and cancels its siblings", async (path, _why, kind, task) => {
  const { origin, made, ended } = await setup();
  origin.put("/text.jpg", Buffer.from("<html>not a picture</html>"));
  const done = await ended((await made({ input: origin.url + path })).id);
  expect(done).toMatchObject({ status: "failed", output: null, error: { kind } });
  expect(tasksOf(done)).toBe("probe succeeded, import failed, image cancelled, export cancelled");
  expect(done.tasks.find((one) => one.kind === task)).toMatchObject({ error: { kind } });
});

it("fails kinds it cannot make", async () => {
  const { made, ended } = await setup();
  const done = await ended((await made({ kind: "video", options: { anything: true } })).id);
  expect(done).toMatchObject({ status: "failed", error: { kind: "kind_unavailable" } });
});

it("makes fifty jobs at once", async () => {
  const clock = { ...createFakeClock(START), random: createSystemClock(1).random };
  const { made, job, emulator } = await setup({ clock, jobMs: { min: 150, max: 400 } });
  const jobs = await Promise.all(
    Array.from({ length: 50 }, (_, index) => made({ options: { width: 100 + index, format: "webp" } })),
  );
  clock.tick(150);
  // Their queued time is over, and the rest of it runs from the end of the pixel work.
  const statuses = async () => (await Promise.all(jobs.map(({ id }) => job(id)))).map(({ status }) => status);
  await expect.poll(statuses, PATIENTLY).toEqual(jobs.map(() => "processing"));
  const openJobs = () => {
    clock.tick(400);
    return emulator.control.stats().openJobs;
  };
  await expect.poll(openJobs, PATIENTLY).toBe(0);
  expect(await statuses()).toEqual(jobs.map(() => "succeeded"));
  expect(emulator.control.stats().createdJobs).toBe(50);
});

it("repeats its ids and times for the same seed", () => {
  const draw = (seed: number): number[] => {
    const clock = createSystemClock(seed);
    return Array.from({ length: 20 }, () => clock.random());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

it("does nothing more for a job that a reset has dropped", async () => {
  const clock = createFakeClock(START);
  const { origin, photo, made, job, emulator } = await setup({ clock, jobMs: { min: 1000, max: 1000 } });
  await made();
  emulator.control.reset();
  const { id } = await made({ input: origin.put("/other.jpg", await bytesOf(await fetch(photo))) });
  const hits = origin.hits.get("/photo.jpg");
  await expect.poll(() => statusAfterTick(clock, job, id), PATIENTLY).toBe("succeeded");
  expect(origin.hits.get("/photo.jpg")).toBe(hits);
});
