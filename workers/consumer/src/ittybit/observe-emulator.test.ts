import { startEmulator } from "@prewarm/ittybit-emulator/server";
import { systemClock } from "@prewarm/shared/clock";
import { expect, it, onTestFinished } from "vitest";
import { createIttybit } from "./client.ts";
import { jobOrder } from "./job-order.ts";
import { collectEnded } from "./observe-jobs.ts";

const JOBS = 250;
const TRANSFORM = { width: 40, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;

/** One round of the collector over many ended jobs, by the real client: an unread list shape once made it see ten of them. */
it.each([
  ...(["profile", "bare", "data", "object", "jobs", "tasks", "items", "results"] as const).map(
    (listShape) => [{ listShape }, JOBS, 3] as const,
  ),
  [{ listShape: "bare", listHeaders: false }, JOBS, 3],
  [{ profile: "guide", listShape: "object", listHeaders: false }, JOBS, 3],
  [{ profile: "sdk" }, JOBS, 3],
  [{ profile: "v2025" }, JOBS, 3],
  // The first step by cursor is in vain.
  [{ listShape: "bare", listHeaders: false, listCursors: false }, JOBS, 4],
  [{ lists: false }, 100, 101],
] as const)("with %j it sees %i of 250 jobs in at most %i calls", async (settings, seen, calls) => {
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
      ...{ ledgerId: "L1", gen, key: "k", transform: TRANSFORM, input: "https://cdn.example.com/p.jpg" },
      ...{ size: null, etag: null, again: false },
    });
  const made = await Promise.all(Array.from({ length: JOBS }, (_, n) => ittybit.submit(order(n + 1))));
  const ids = made.flatMap((submission) => (submission.kind === "made" ? [submission.job.id] : []));
  expect(new Set(ids).size).toBe(JOBS);
  await expect.poll(() => emulator.control.stats().openJobs, { timeout: 15_000 }).toBe(0);

  const ended = new Set<string>();
  // Long ago: jobs too young to be looked at one by one are left to the pages.
  const open = ids.map((ittybitJob) => ({ ittybitJob, submittedAt: Date.now() - 20_000 }));
  const observeEnded = async (jobs: string[]) => jobs.forEach((id) => void ended.add(id));
  const round = await collectEnded(open, observeEnded, { ittybit, clock: systemClock, log: () => undefined });
  expect(ended.size).toBe(seen);
  expect(round.calls).toBeLessThanOrEqual(calls);
  expect([...ended].every((id) => ids.includes(id))).toBe(true);
});
