import { describe, expect, it } from "vitest";
import { createJobRecord, finish, type JobRecord } from "./job-record.ts";
import { createJobStore, type JobStore } from "./job-store.ts";

const REQUEST = {
  input: "https://example.com/a.jpg",
  kind: "image",
  options: {},
  output: null,
  metadata: {},
  webhookUrl: null,
} as const;

function add(store: JobStore, id: string): JobRecord {
  return store.add((seq) => createJobRecord(REQUEST, { id, fileId: id, seq, idempotencyKey: null, now: 0, skewMs: 0 }));
}

function end(store: JobStore, job: JobRecord): void {
  finish(job, "succeeded", 1);
  store.finished(job);
}

describe("a bounded job store", () => {
  it("forgets the jobs that ended longest ago and never an open one", () => {
    const store = createJobStore(() => 2);
    const open = add(store, "open");
    for (const id of ["a", "b", "c", "d"]) end(store, add(store, id));
    expect([...store.all()].map(({ id }) => id)).toEqual(["open", "c", "d"]);
    expect(store.get("a")).toBeUndefined();
    end(store, open);
    expect([...store.all()].map(({ id }) => id)).toEqual(["open", "d"]);
  });

  it("pages past the holes", () => {
    const store = createJobStore(() => 3);
    add(store, "open");
    for (const id of ["a", "b", "c", "d", "e"]) end(store, add(store, id));
    const page = store.page({}, { limit: 2, order: "asc" });
    expect([page.jobs.map(({ id }) => id), page.hasMore]).toEqual([["open", "c"], true]);
    const rest = store.page({}, { limit: 2, order: "asc", after: "c" });
    expect([rest.jobs.map(({ id }) => id), rest.hasMore]).toEqual([["d", "e"], false]);
  });

  it("stays the same size over a hundred thousand jobs, and keeps its order", () => {
    const store = createJobStore(() => 100);
    for (let index = 0; index < 100_000; index += 1) {
      end(store, add(store, `job_${index}`));
      if (index < 200 || index % 97 !== 0) continue; // now and then: the array is compacted on the way
      const next = store.page({}, { limit: 1, order: "asc", after: `job_${index - 50}` });
      expect(next.jobs[0]?.id).toBe(`job_${index - 49}`);
    }
    const ids = [...store.all()].map(({ id }) => id);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, "job_99900", "job_99999"]);
    const page = store.page({}, { limit: 100, order: "desc" });
    expect([page.jobs.map(({ id }) => id), page.hasMore]).toEqual([ids.toReversed(), false]);
    expect(store.page({}, { limit: 1, order: "desc", after: "job_99901" }).jobs[0]?.id).toBe("job_99900");
  });
});
