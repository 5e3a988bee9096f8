import { startEmulator } from "@prewarm/ittybit-emulator/server";
import { systemClock } from "@prewarm/shared/clock";
import { expect, it, onTestFinished } from "vitest";
import { createIttybit } from "../client.ts";
import { jobOrder } from "../job-order.ts";
import { Poller } from "./poller.ts";

const JOBS = 252;
/** Three, and one where jobs that were ordered at once stand in another order in the list. */
const PAGES = 4;
const TRANSFORM = { width: 40, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;

/** Polls of many ended jobs by the real client: an unread list shape once made it see ten of them. */
it.each([
  ...(["profile", "bare", "data", "object", "jobs", "tasks", "items", "results"] as const).map(
    (listShape) => [{ listShape }, PAGES] as const,
  ),
  [{ listShape: "bare", listHeaders: false }, PAGES],
  [{ profile: "guide", listShape: "object", listHeaders: false }, PAGES],
  [{ profile: "v2025" }, PAGES],
  // Their lists know no cursors: the newest page shows a hundred jobs, and the others are read by their ids.
  [{ profile: "sdk" }, JOBS],
  [{ listShape: "bare", listHeaders: false, listCursors: false }, JOBS],
  [{ lists: false }, JOBS + 8],
] as const)("with %j it sees 252 jobs in at most %i calls", async (settings, calls) => {
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
      ledger: "L1",
      gen,
      key: "k",
      transform: TRANSFORM,
      format: TRANSFORM.format,
      input: "https://cdn.example.com/p.jpg",
      size: null,
      etag: null,
      focal: null,
      alpha: false,
      again: false,
    });
  const made: Awaited<ReturnType<typeof ittybit.submit>>[] = [];
  // As many at once as an invocation has connections.
  for (let from = 1; from <= JOBS; from += 6)
    made.push(...(await Promise.all([0, 1, 2, 3, 4, 5].map((n) => ittybit.submit(order(from + n))))));
  // The answer to a POST tells when the job was made.
  const jobs = made.flatMap((submission) => (submission.kind === "made" ? [submission.job] : []));
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(JOBS);
  await expect.poll(() => emulator.control.stats().openJobs, { timeout: 15_000 }).toBe(0);
  const open = new Map(
    jobs.map(({ id: job, createdAt }, gen) => [
      job,
      { job, gen, admittedAt: Date.now() - 60_000, createdAt, heardAt: 0, urgent: false },
    ]),
  );
  const before = emulator.control.stats().total;
  const poller = new Poller({
    ittybit,
    clock: systemClock,
    log: () => undefined,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    view: {
      open: () => [...open.values()],
      pace: () => ({ slots: { used: open.size, all: JOBS }, waiting: false, goal: 20 }),
      jobMs: () => 10,
      queueId: () => "L1",
      unreported: () => [],
      unnamed: () => new Set<number>(),
      scan: () => null,
    },
    report: ({ ended }) => {
      for (const { id } of ended) open.delete(id);
    },
  });
  await poller.keepRunning();
  expect(open.size).toBe(0);
  expect(emulator.control.stats().total - before).toBeLessThanOrEqual(calls);
});
