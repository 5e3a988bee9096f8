import { systemClock } from "@prewarm/shared/clock";
import { describe, expect, it } from "vitest";
import { createIttybit } from "../../ittybit/client.ts";
import { jobsAtIttybit } from "./jobs-at-ittybit.ts";

function reads(answer: () => Response) {
  const asked: string[] = [];
  const fetch = async (url: RequestInfo | URL): Promise<Response> => {
    asked.push(String(url));
    return answer();
  };
  const client = createIttybit({ baseUrl: "https://api.example.net", apiKey: "k", fetch, clock: systemClock });
  return { jobs: jobsAtIttybit(client), asked };
}

describe("jobsAtIttybit", () => {
  it("asks for 100 jobs behind a job, and for the page after", async () => {
    const page = reads(() => Response.json([{ id: "job_1", status: "succeeded" }]));
    expect(await page.jobs.list({ after: "job_2" })).toMatchObject({
      kind: "page",
      jobs: [{ id: "job_1" }],
      next: null,
    });
    await page.jobs.list({});
    await page.jobs.list({ next: "page=3" });
    const queries = ["limit=100&after=job_2", "limit=100", "page=3"];
    expect(page.asked).toEqual(queries.map((query) => `https://api.example.net/jobs?${query}`));
  });

  it("tells an unknown cursor from a missing list, and both from a failure", async () => {
    for (const status of [400, 404]) {
      const { jobs } = reads(() => Response.json({ message: "no" }, { status }));
      expect(await jobs.list({ after: "job_2" })).toEqual({ kind: "noCursor" });
    }
    expect(await reads(() => new Response(null, { status: 404 })).jobs.list({})).toEqual({ kind: "noList" });
    expect(await reads(() => new Response(null, { status: 503 })).jobs.list({ after: "job_2" })).toMatchObject({
      kind: "unclear",
    });
  });
});
