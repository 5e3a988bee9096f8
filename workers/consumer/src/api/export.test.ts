import { expect, it } from "vitest";
import { createApiWorld, VIEWER, warm } from "./testing/api-world.ts";

async function text(world: ReturnType<typeof createApiWorld>, path: string) {
  const answer = await world.call("GET", path, { token: VIEWER });
  return { status: answer.status, type: answer.headers.get("Content-Type"), body: await answer.text() };
}

it("every job that matches is exported, past any page", async () => {
  const world = createApiWorld({ recipes: { upload: ["w=400&f=webp"] } });
  await warm(
    world,
    Array.from({ length: 2_345 }, (_, n) => `p/${n}`),
  );
  const csv = await text(world, "/api/v1/jobs.csv?state=queued");
  expect([csv.status, csv.type, csv.body.trimEnd().split("\r\n").length]).toEqual([
    200,
    "text/csv; charset=utf-8",
    2_346,
  ]);
  const lines = (await text(world, "/api/v1/jobs.ndjson?search=id:p/12")).body.trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id).sort()).toEqual(
    [
      "p/12",
      ...Array.from({ length: 10 }, (_, n) => `p/12${n}`),
      ...Array.from({ length: 100 }, (_, n) => `p/12${String(n).padStart(2, "0")}`),
    ].sort(),
  );
});

it("no cell begins a formula or breaks its row", async () => {
  const world = createApiWorld({ recipes: { upload: ["w=400&f=webp"] } });
  await warm(world, ['=HYPERLINK("x")', "a,b\u0022c"]);
  const { body } = await text(world, "/api/v1/jobs.csv");
  expect(body).toContain(`"'=HYPERLINK(""x"")"`);
  expect(body).toContain('"a,b""c"');
});

it("a filter that is wrong is refused, not streamed", async () => {
  expect((await text(createApiWorld(), "/api/v1/jobs.csv?state=lost")).status).toBe(400);
});
