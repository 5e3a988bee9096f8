import type { Run } from "@prewarm/control-schema/runs";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { createControlApi } from "../api/control-api.ts";
import { waitForRun } from "./wait-for-run.ts";

const NONE = { queued: 0, processing: 0, retrying: 0, stored: 0, dead: 0, refused: 0, cancelled: 0 };

interface Said {
  states: Partial<Run["states"]>;
  reasons?: { lane: string | null; code: string; message: string }[];
  health?: { level: string; sentence: string };
  upload?: number;
}

/** Waits half a minute for a run that never moves, and returns what was said meanwhile and at the end. */
async function wait({ states, reasons = [], health = { level: "ok", sentence: "" }, upload = 0 }: Said, seconds = 30) {
  const view = {
    run: "run_1",
    label: null,
    lane: "bulk",
    state: "running",
    total: 6,
    done: 0,
    existing: 0,
    states: { ...NONE, ...states },
    pace: { perSecond: 0, secondsLeft: 0, doneAt: null, doneBetween: null, why: null, jobsLeft: 0, amountLeft: null },
    paid: null,
    timeToReady: { p50: null, p95: null },
    createdAt: 1,
  };
  const job = { job: "0", state: "retrying", error: { code: "original_unreachable", message: "No answer." } };
  const lanes = { live: NONE, upload: { ...NONE, queued: upload }, bulk: { ...NONE, queued: 6 } };
  const answers: Record<string, unknown> = {
    "/api/v1/runs/run_1": view,
    "/api/v1/gate": { reasons },
    "/api/v1/jobs": { jobs: [job], nextCursor: null },
    "/api/v1/stats": { health, lanes },
  };
  const { context } = createWorld({ fetch: (url) => Response.json(answers[new URL(url).pathname]) });
  const notes: string[] = [];
  const progress = { update: () => {}, note: (text: string) => void notes.push(text), end: () => {} };
  const api = createControlApi({ url: "http://localhost:8788", headers: {} }, context);
  const deadline = context.clock.now() + seconds * 1000;
  const error = await waitForRun("run_1", { api, context, progress, deadline, maxErrors: null }).catch(
    (error) => error,
  );
  return { notes, error: String(error.message) };
}

describe("a run that does not move", () => {
  it("says what holds its lane back, once", async () => {
    const reasons = [
      { lane: "bulk", code: "paused", message: "Paused by an operator." },
      { lane: "live", code: "paused_live", message: "Not ours." },
    ];
    const { notes, error } = await wait({ states: { queued: 6 }, reasons });
    expect(notes).toEqual(["waiting: Paused by an operator."]);
    expect(error).toBe("Not done when --timeout ran out: 0 of 6 variants. Paused by an operator.");
  });

  it("says what its jobs met, who waits too and what is under way", async () => {
    const { notes } = await wait({ states: { queued: 3, retrying: 2, processing: 1 }, upload: 40 });
    expect(notes).toEqual([
      "waiting: 2 of the run failed and are tried again later. The last failure: No answer. (original_unreachable)",
      "waiting: 3 of the run wait for their turn; others wait too: 40 in upload, 3 in bulk.",
      "waiting: 1 of the run are at Ittybit, or on their way there.",
    ]);
  });

  it("says what is wrong with everything", async () => {
    const health = { level: "warning", sentence: "Nothing was stored lately." };
    expect((await wait({ states: { queued: 6 }, health })).notes).toEqual(["waiting: Nothing was stored lately."]);
  });

  it("gives the reason with a short --timeout too", async () => {
    const reasons = [{ lane: null, code: "throttled", message: "Ittybit asked us to slow down." }];
    const { notes, error } = await wait({ states: { queued: 6 }, reasons }, 2);
    expect(notes).toEqual([]);
    expect(error).toContain("0 of 6 variants. Ittybit asked us to slow down.");
  });

  it("does not wait for a budget that is spent", async () => {
    const reasons = [{ lane: null, code: "budget_exhausted", message: "The month's jobs are spent." }];
    expect((await wait({ states: { queued: 6 }, reasons })).error).toBe("Stopped waiting: The month's jobs are spent.");
  });
});
