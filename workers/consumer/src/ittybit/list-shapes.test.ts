import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permutedJob } from "../testing/job-bodies.ts";
import { readPage } from "./read-page.ts";

/* The shapes a list may have: what it is, the body around the jobs, its headers, and whether its words say that there is more. */

const jobs = ["job_3", "job_2"].map((id) => ({ id, object: "job", status: "queued", tasks: [{ id: "task_1" }] }));
const asked = new URLSearchParams("limit=2");
const BY_CURSOR = "limit=2&after=job_2";
const BY_NUMBER = "limit=2&page=2";

const SHAPES: [string, (list: object[]) => unknown, Record<string, string>, string | null][] = [
  ["bare", (list) => list, {}, BY_CURSOR],
  ["bare, Has-More true", (list) => list, { "has-more": "true" }, BY_CURSOR],
  ["bare, Has-More false", (list) => list, { "has-more": "false", limit: "2" }, null],
  ["bare, Link", (list) => list, { link: '</jobs?limit=2&after=job_2>; rel="next"', "has-more": "true" }, BY_CURSOR],
  ["data, has_more", (list) => ({ object: "list", data: list, has_more: true }), {}, BY_CURSOR],
  ["data, no more", (list) => ({ object: "list", data: list, has_more: false }), {}, null],
  ["data, meta.has_more", (list) => ({ data: list, meta: { has_more: false } }), {}, null],
  [
    "data, numbered",
    (list) => ({ meta: { limit: 2, total: 4, page: 1, pages: 2 }, data: list, links: {} }),
    {},
    BY_NUMBER,
  ],
  ["data, its last number", (list) => ({ meta: { page: 2, pages: 2 }, data: list, links: { next: null } }), {}, null],
  ["data, links.next", (list) => ({ data: list, links: { next: "https://a/jobs?page=2&limit=2" } }), {}, BY_NUMBER],
  ["jobs", (list) => ({ jobs: list }), {}, BY_CURSOR],
  ["tasks", (list) => ({ tasks: list, has_more: true }), {}, BY_CURSOR],
  ["items", (list) => ({ items: list, pagination: { hasMore: false } }), {}, null],
  ["results", (list) => ({ results: list, next: null, has_more: false }), {}, null],
  ["data.jobs", (list) => ({ data: { jobs: list }, error: null }), {}, BY_CURSOR],
];

describe("a list's shape", () => {
  it("is in the table, for at least the 13 of the findings", () => {
    expect(SHAPES.length).toBeGreaterThanOrEqual(13);
  });

  it.each(SHAPES)("%s", (_name, wrap, headers, next) => {
    const page = readPage(wrap(jobs), new Headers(headers), asked);
    expect(page?.jobs.map(({ id }) => id)).toEqual(["job_3", "job_2"]);
    expect(page?.next).toBe(next);
  });

  it.each(SHAPES)("%s: empty", (_name, wrap) => {
    expect(readPage(wrap([]), new Headers(), asked)?.jobs).toEqual([]);
  });

  it.each([
    ["one job", { id: "job_1", status: "queued", tasks: jobs }],
    ["an error", { kind: "not_found", message: "no" }],
    ["an empty envelope", { meta: {}, data: null, error: { message: "no" } }],
    ["text", "jobs"],
    ["null", null],
  ])("%s is no list", (_name, body) => {
    expect(readPage(body, new Headers(), asked)).toBeNull();
  });
});

describe("whether cursors are of use", () => {
  const at = (id: string, created: number) => ({ id, status: "queued", created_at: created });
  const rising = [at("job_2", 1_780_000_000_000), at("job_3", 1_780_000_001_000)];

  it.each<[string, unknown, string, boolean]>([
    ["they are", rising, "limit=2&order=asc&after=job_1", false],
    ["the cursor's own job is on the page", rising, "limit=2&order=asc&after=job_2", true],
    ["the order is the other one", rising.toReversed(), "limit=2&order=asc&after=job_1", true],
    ["no order was asked for", rising, "limit=2", false],
    ["pages have numbers", { meta: { page: 1, pages: 9 }, data: rising }, "limit=2&order=asc&after=job_1", true],
  ])("%s", (_name, body, query, ignoresCursors) => {
    expect(readPage(body, new Headers(), new URLSearchParams(query))).toMatchObject({ ignoresCursors });
  });

  it("goes on by number where a cursor was ignored, never with the same page again", () => {
    const first = readPage(rising, new Headers(), new URLSearchParams("limit=2&after=job_3"));
    expect(first?.next).toBe("limit=2&page=2");
    expect(readPage(rising, new Headers(), new URLSearchParams("limit=2&page=2"))?.next).toBe("limit=2&page=3");
  });

  it("keeps the order that was asked for, also where the link to the next page leaves it out", () => {
    const body = { data: rising, links: { next: "https://a/tasks?page=2&limit=2" } };
    const page = readPage(body, new Headers(), new URLSearchParams("limit=2&order=asc&input=i"));
    expect(page?.next).toBe("limit=2&order=asc&input=i&page=2");
  });

  it("takes a server's lower limit for a full page", () => {
    expect(readPage(jobs, new Headers({ limit: "2" }), new URLSearchParams("limit=100"))?.next).toBe(
      "limit=100&after=job_2",
    );
  });
});

it("neither loses nor doubles a job, whatever the wrapping", () => {
  const ids = fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 100 });
  fc.assert(
    fc.property(ids, fc.constantFrom(...SHAPES), fc.nat(7), (numbers, [, wrap], noise) => {
      const list: object[] = numbers.map((n) => ({ status: "queued", id: `job_${n}`, tasks: [] }));
      // What is no job is left out.
      list.splice(noise, 0, { object: "deleted" });
      const read = readPage(wrap(list), new Headers(), new URLSearchParams("limit=100"))?.jobs.map(({ id }) => id);
      expect(read).toEqual([...new Set(numbers)].map((n) => `job_${n}`));
    }),
  );
});

it("shows every job as it is, in whatever order its fields stand and whatever the list is wrapped in", () => {
  const jobs = fc.uniqueArray(permutedJob, { selector: ({ expected }) => expected.id, maxLength: 9 });
  fc.assert(
    fc.property(jobs, fc.constantFrom(...SHAPES), (listed, [, wrap]) => {
      const page = readPage(wrap(listed.map(({ body }) => body)), new Headers(), new URLSearchParams("limit=100"));
      expect(page?.jobs).toMatchObject(listed.map(({ expected }) => expected));
      expect(page?.jobs).toHaveLength(listed.length);
    }),
    { numRuns: 500 },
  );
});
