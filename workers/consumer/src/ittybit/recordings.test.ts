import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJob } from "./dialects.ts";
import { readError } from "./read-error.ts";
import { readPage } from "./read-page.ts";

/* Every recording of what Ittybit said, documented or seen, is read as the product reads it (test/fixtures/ittybit/README.md). */

const FOLDER = join(import.meta.dirname, "../../test/fixtures/ittybit");

interface Exchange {
  method: string;
  path: string;
  status: number | null;
  headers: Record<string, string>;
  body: unknown;
}

const RECORDINGS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => {
    const recording = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as { schema: string; exchanges: Exchange[] };
    return [name, recording] as const;
  });

/** The ids of the items of a list, wherever it stands: read without the product's code. */
function idsIn(body: unknown): string[] {
  if (Array.isArray(body)) return body.map(({ id }) => id);
  return Object.values(body as object).flatMap((inner) => (Array.isArray(inner) ? idsIn(inner) : []));
}

function judgeJob(body: unknown, what: string): void {
  const job = readJob(body);
  expect(job, what).not.toBeNull();
  expect(job?.known, `${what}: the status “${job?.said}”`).toBe(true);
  if (job?.status === "done") expect(job.output, `${what}: the output`).toMatch(/^https?:/);
  if (job?.status === "failed") expect(job.error?.message, `${what}: the reason`).not.toBe("");
}

function judge({ method, path, status, headers, body }: Exchange): void {
  const what = `${method} ${path} ${status}`;
  const { pathname, searchParams } = new URL(path, "http://host.example");
  if (status !== null && status >= 300) {
    expect(readError(status, JSON.stringify(body)).message, what).not.toBe("");
    return;
  }
  const isList = method === "GET" && /\/(jobs|tasks)$/.test(pathname);
  if (!isList) {
    judgeJob(body, what);
    return;
  }
  const page = readPage(body, new Headers(headers), searchParams);
  expect(
    page?.jobs.map(({ id }) => id),
    what,
  ).toEqual(idsIn(body));
}

describe("what Ittybit said", () => {
  it("is there: seven dialects and the webhooks", () => {
    expect(RECORDINGS.length).toBeGreaterThanOrEqual(8);
  });

  it.each(RECORDINGS)("%s is read", (_name, { schema, exchanges }) => {
    expect(schema).toBe("prewarm.ittybit-record/1");
    expect(exchanges).not.toEqual([]);
    for (const exchange of exchanges) judge(exchange);
  });
});
