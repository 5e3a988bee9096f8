import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { describe, expect, it } from "vitest";
import { readPage } from "./read-page.ts";

describe("readPage", () => {
  const jobs = ["job_3", "job_2"].map((id) => ({ id, status: "queued" }));
  const asked = new URLSearchParams("limit=2");

  it.each<[string, unknown, Record<string, string>, string | null]>([
    [
      "a bare array with a Link",
      jobs,
      { link: '<https://api.ittybit.com/jobs?limit=2&after=job_2>; rel="next"' },
      "limit=2&after=job_2",
    ],
    [
      "a Link among others",
      jobs,
      { link: "</jobs?before=job_3>; rel=prev, </jobs?after=job_2>; rel=next" },
      "limit=2&after=job_2",
    ],
    [
      "a Link to another host: its query only, and of that only what we know",
      jobs,
      { link: '<https://evil.example/x?after=job_2&key=1>; rel="next"' },
      "limit=2&after=job_2",
    ],
    ["a Link that says no position", jobs, { link: '</jobs?limit=2>; rel="next"', "has-more": "false" }, null],
    ["a Link with another service's cursor", jobs, { link: '</jobs?cursor=abc>; rel="next"' }, "limit=2&cursor=abc"],
    ["a bare array with Has-More", jobs, { "has-more": "true" }, "limit=2&after=job_2"],
    ["a bare array that says it is the last", jobs, { "has-more": "false" }, null],
    ["a full bare array that says nothing", jobs, {}, "limit=2&after=job_2"],
    ["a short bare array that says nothing", jobs.slice(1), {}, null],
    [
      "an envelope with numbered pages",
      { meta: { page: 1 }, data: jobs, links: { next: "https://api.ittybit.com/jobs?page=2&limit=2" } },
      {},
      "limit=2&page=2",
    ],
    ["an envelope at its last page", { data: jobs, links: { next: null } }, {}, null],
    ["an empty array", [], {}, null],
  ])("reads %s", (_name, body, headers, next) => {
    const page = readPage(body, new Headers(headers), asked);
    expect(page?.next).toBe(next);
    expect(page?.jobs.every(({ id }) => id.startsWith("job_"))).toBe(true);
  });

  it("leaves out what is no job, and is no page when there is no list", () => {
    expect(readPage([{}, null, ...jobs], new Headers(), asked)?.jobs).toHaveLength(2);
    expect(readPage({ id: "job_1", status: "queued" }, new Headers(), asked)).toBeNull();
    expect(readPage("no", new Headers(), asked)).toBeNull();
  });
});

it.each(["<", "=next<", "<a>;", ">; rel="])(
  "reads a Link header made of %s in time in proportion to its length",
  (piece) => {
    const growth = growthOf((times) => {
      const headers = new Headers({ link: piece.repeat((times * 8000) / piece.length) });
      return () => readPage([], headers, new URLSearchParams());
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  },
);
