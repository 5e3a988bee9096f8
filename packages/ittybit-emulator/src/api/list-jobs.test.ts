import { describe, expect, it } from "vitest";
import { type JobBody, kindOf, PATIENTLY, setup, type World } from "../testing/setup.ts";

async function ids(response: Response): Promise<string[]> {
  expect(response.status).toBe(200);
  return ((await response.json()) as JobBody[]).map(({ id }) => id);
}

async function some(world: World, count: number): Promise<string[]> {
  const made: string[] = [];
  for (let index = 0; index < count; index += 1) made.push((await world.made({ options: { width: 10 + index } })).id);
  return made;
}

describe("GET /jobs", () => {
  it("is a bare array, empty at first", async () => {
    const { call } = await setup();
    const response = await call("/jobs");
    expect(await response.json()).toEqual([]);
    expect([response.headers.get("has-more"), response.headers.get("limit")]).toEqual(["false", "20"]);
    expect(response.headers.has("link")).toBe(false);
  });

  it("lists newest first, twenty at a time, and says how to go on", async () => {
    const world = await setup();
    const made = await some(world, 25);
    const response = await world.call("/jobs");
    expect(await ids(response)).toEqual(made.toReversed().slice(0, 20));
    expect(response.headers.get("has-more")).toBe("true");
    const next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1] ?? "";
    const rest = await fetch(next, { headers: { authorization: "Bearer x" } });
    expect(rest.headers.get("has-more")).toBe("false");
    expect(await ids(rest)).toEqual(made.toReversed().slice(20));
  });

  it("walks with exclusive cursors in both directions and orders", async () => {
    const world = await setup();
    const [a, b, c, d, e] = (await some(world, 5)) as [string, string, string, string, string];
    const list = async (query: string): Promise<string[]> => ids(await world.call(`/jobs?${query}`));
    expect(await list("order=asc")).toEqual([a, b, c, d, e]);
    expect(await list(`order=asc&after=${b}`)).toEqual([c, d, e]);
    expect(await list(`order=asc&before=${d}&limit=2`)).toEqual([b, c]);
    expect(await list(`after=${c}`)).toEqual([b, a]);
    expect(await list(`before=${b}&limit=2`)).toEqual([d, c]);
    expect(await list(`after=${a}`)).toEqual([]);
  });

  it("pages through every job exactly once", async () => {
    const world = await setup();
    const made = await some(world, 23);
    const seen: string[] = [];
    for (let url = `${world.emulator.apiUrl}/jobs?limit=5`; url !== ""; ) {
      const page = await fetch(url, { headers: { authorization: "Bearer x" } });
      seen.push(...(await ids(page)));
      url = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    }
    expect(seen).toEqual(made.toReversed());
  });

  it("filters by kind, status and exact input", async () => {
    const world = await setup();
    const input = `${world.origin.url}/absent.jpg`;
    const failed = await world.made({ input });
    const fine = await world.made({});
    await Promise.all([world.ended(failed.id), world.ended(fine.id)]);
    const list = async (query: string): Promise<string[]> => ids(await world.call(`/jobs?${query}`));
    expect(await list("status=failed")).toEqual([failed.id]);
    expect(await list("status=succeeded")).toEqual([fine.id]);
    expect(await list("status=queued")).toEqual([]);
    expect(await list(`input=${encodeURIComponent(input)}`)).toEqual([failed.id]);
    expect(await list(`input=${encodeURIComponent(input.slice(0, -1))}`)).toEqual([]);
    expect(await list("kind=image")).toEqual([fine.id, failed.id]);
    expect(await list("kind=video")).toEqual([]);
  });

  it.each(["limit=0", "limit=101", "limit=ten", "order=up", "status=done", "kind=picture", "after=job_unknown"])(
    "refuses %s",
    async (query) => {
      const { call } = await setup();
      const response = await call(`/jobs?${query}`);
      expect([response.status, await kindOf(response)]).toEqual([400, "request_invalid"]);
    },
  );

  it.each(["limit=1", "limit=100"])("takes %s", async (query) => {
    const { call } = await setup();
    expect((await call(`/jobs?${query}`)).status).toBe(200);
  });
});

describe("lists of other shapes", () => {
  it.each([
    ["bare", (body: unknown) => body],
    ["data", (body: { data: unknown }) => body.data],
    ["object", (body: { object: string; data: unknown }) => (body.object === "list" ? body.data : null)],
    ["jobs", (body: { jobs: unknown }) => body.jobs],
    ["tasks", (body: { tasks: unknown }) => body.tasks],
    ["items", (body: { items: unknown }) => body.items],
    ["results", (body: { results: unknown }) => body.results],
  ] as const)("%s", async (listShape, listOf) => {
    const world = await setup({ listShape, listHeaders: false });
    const made = await some(world, 3);
    const response = await world.call("/jobs?limit=2");
    const body = (await response.json()) as never;
    const seen = listOf(body) as JobBody[];
    expect(seen.map(({ id }) => id)).toEqual(made.toReversed().slice(0, 2));
    if (listShape !== "bare") expect(body).toMatchObject({ has_more: true });
    expect(["link", "has-more", "limit"].filter((name) => response.headers.has(name))).toEqual([]);
  });

  it("no list at all", async () => {
    const world = await setup({ lists: false });
    const [id] = await some(world, 1);
    expect((await world.call("/jobs")).status).toBe(404);
    expect((await world.call(`/jobs/${id}`)).status).toBe(200);
  });

  it("without cursors: pages by number", async () => {
    const world = await setup({ listCursors: false });
    const made = await some(world, 5);
    expect(await ids(await world.call(`/jobs?limit=2&after=${made[3]}`))).toEqual(made.toReversed().slice(0, 2));
    expect(await ids(await world.call("/jobs?limit=2&page=2"))).toEqual(made.toReversed().slice(2, 4));
  });

  it.each([
    ["guide", "completed"],
    ["sdk", "ready"],
    ["v2025", "succeeded"],
    ["guide", "succeeded"],
  ] as const)("profile %s may be filtered by %s", async (profile, word) => {
    const world = await setup({ profile, listShape: "bare" });
    await world.create();
    await expect.poll(() => world.emulator.control.stats().openJobs, PATIENTLY).toBe(0);
    expect(await ids(await world.call(`/jobs?status=${word}`))).toHaveLength(1);
  });
});
