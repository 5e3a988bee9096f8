import { startEmulator } from "@prewarm/ittybit-emulator/server";
import { systemClock } from "@prewarm/shared/clock";
import { expect, it, onTestFinished } from "vitest";
import { createIttybit } from "../client.ts";
import { jobOrder } from "../job-order.ts";
import { Poller } from "./poller.ts";

const JOBS = 250;
const TRANSFORM = { width: 40, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;

/** Polls of many ended jobs by the real client: an unread list shape once made it see ten of them. */
it.each([
  ...(["profile", "bare", "data", "object", "jobs", "tasks", "items", "results"] as const).map(
    (listShape) => [{ listShape }, 4] as const,
  ),
  [{ listShape: "bare", listHeaders: false }, 4],
  [{ profile: "guide", listShape: "object", listHeaders: false }, 4],
  // Four pages by cursor at once, in vain, then three from the top.
  [{ profile: "sdk" }, 7],
  [{ profile: "v2025" }, 4],
  [{ listShape: "bare", listHeaders: false, listCursors: false }, 11],
  [{ lists: false }, JOBS + 4],
] as const)("with %j it sees 250 jobs in at most %i calls", async (settings, calls) => {
  const emulator = await startEmulator({
    seed: 1,
    jobMs: { min: 0, max: 0 },
    pixels: "tiny",
    tinySource: { width: 800, height: 600 },
    ...settings,
  });
  onTestFinished(() => emulator.close());
  const ittybit = createIttybit({ baseUrl: emulator.apiUrl, apiKey: "k", fetch, clock: systemClock });
  const order = (gen: number) =>
    jobOrder({
      ...{
        ledgerId: "L1",
        gen,
        key: "k",
        transform: TRANSFORM,
        input: "https://cdn.example.com/p.jpg",
      },
      ...{ size: null, etag: null, webhookUrl: null, again: false },
    });
  const made = await Promise.all(Array.from({ length: JOBS }, (_, n) => ittybit.submit(order(n + 1))));
  const ids = made.flatMap((submission) => (submission.kind === "made" ? [submission.job.id] : []));
  expect(new Set(ids).size).toBe(JOBS);
  await expect.poll(() => emulator.control.stats().openJobs, { timeout: 15_000 }).toBe(0);
  const open = new Map(
    ids.map((job, gen) => [
      job,
      { job, gen, admittedAt: Date.now() - 60_000, createdAt: null, heardAt: 0, live: false },
    ]),
  );
  const before = emulator.control.stats().total;
  const poller = new Poller({
    ...{ ittybit, clock: systemClock, log: () => undefined },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    view: {
      open: () => [...open.values()],
      pace: () => ({ slots: { used: open.size, all: JOBS }, waiting: false, goal: 20 }),
      ...{ jobMs: () => 10 },
      ...{ ledgerId: () => "L1", unreported: () => [], unnamed: () => new Set<number>(), scan: () => null },
    },
    report: ({ ended }) => {
      for (const { id } of ended) open.delete(id);
    },
  });
  await poller.keepRunning();
  expect(open.size).toBe(0);
  expect(emulator.control.stats().total - before).toBeLessThanOrEqual(calls);
});
