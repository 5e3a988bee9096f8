import { JOB_STATES, type JobState, LANES, type Lane } from "@prewarm/shared/job";
import { expect, it } from "vitest";
import type { JobFilter, NamedJob } from "../../src/ledger/contract.ts";
import { PERMANENT, STORED, setup, TRANSIENT } from "../../src/ledger/testing/setup.ts";

const ALL: JobFilter = {
  ...{ states: [], lanes: [], run: null, id: null, format: null, error: null, text: [], fingerprint: null, jobs: null },
};

it("shows as many jobs as it lists, and as there are rows, through every way a job can go", async () => {
  const { ledger, sql, clock, order, view, call, ready, submit, settle, ended, leave, retry, cancel } = setup();
  const keys = Array.from({ length: 9 }, (_, n) => `i${n}/400-high.webp`);
  const [a = "", b = "", c = "", d = "", e = "", f = "", g = "", h = ""] = keys;

  const listed = (): NamedJob[] => ledger.listJobs({ filter: ALL, cursor: null, limit: 100 }).jobs;
  const counted = (jobs: NamedJob[]) =>
    Object.fromEntries(
      LANES.map((lane) => [
        lane,
        Object.fromEntries(
          JOB_STATES.map((state) => [state, jobs.filter((job) => job.state === state && job.lane === lane).length]),
        ),
      ]),
    ) as Record<Lane, Record<JobState, number>>;
  function agree(what: string): void {
    const jobs = listed();
    const { counts, rows } = ledger.stats();
    expect(counts, what).toEqual(counted(jobs));
    expect(rows, what).toBe(Number(sql.exec("SELECT count(*) AS n FROM jobs")[0]?.n));
    expect(rows, what).toBe(jobs.filter(({ state }) => state !== "stored").length);
  }
  const runOf = (id: string) => ledger.getRun(id)?.states;

  order({ run: "r", lane: "bulk", keys });
  agree("accepted");
  order({ run: "uploads", lane: "upload", keys: [a, b] });
  agree("joined in a higher lane");
  for (const one of view("viewer", c).give) submit("viewer", one);
  agree("raised by a viewer, and granted at once");
  leave("viewer");
  agree("left by its viewer");
  const given = call("o").give;
  agree("in a worker's hands");
  // Bulk gets its tokens when uploads have had theirs.
  const go = [...ready("o", given), ...ready("o", given)];
  const of = (key: string) => {
    const found = go.find((one) => one.key === key);
    if (found === undefined) throw new Error(`${key} was not granted`);
    return found;
  };
  agree("granted");
  for (const key of [a, b, d, g]) submit("o", of(key));
  ended(...[a, b, d, g].map((key) => `job-${of(key).gen}`));
  settle("o", of(a), STORED);
  settle("o", of(b), PERMANENT);
  settle("o", of(d), TRANSIENT);
  settle("o", of(e), { kind: "refused", code: "missing", until: clock.now() + 1_000, message: "x" });
  settle("o", of(h), { kind: "throttled", until: clock.now() + 1_000 });
  agree("settled in five ways, and not folded yet");
  expect((await cancel(f)).status).toBe("ok");
  agree("being cancelled");
  settle("o", of(f), { kind: "stopped" });
  agree("cancelled");
  settle("o", of(g), { kind: "present", objectGen: of(g).gen, bytes: 1, etag: "x", posted: true });
  agree("found stored");
  expect(runOf("uploads")).toMatchObject({ stored: 1, dead: 1 });
  const before = runOf("r");
  leave("o");
  agree("folded");
  expect(before).toMatchObject({ stored: 2, dead: 1, refused: 1, cancelled: 1 });
  expect(runOf("r")).toMatchObject({ stored: 2, dead: 1, refused: 1, cancelled: 1 });
  expect((await retry(b)).status).toBe("ok");
  agree("retried");
  ledger.purgeImage("i3", null, "test");
  agree("purged");
  ledger.cancelRun("r", "test");
  agree("the run cancelled");
});
