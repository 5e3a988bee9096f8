import { expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const ROW = { label: null, jobs: 1_200, stored: 1_190, bytes: 48_000_000, amount: 1.8, views: null };
const PAGE = {
  from: 0,
  to: 1,
  note: null,
  nextCursor: null,
  total: { jobs: 1_500, stored: 1_400, bytes: 50_000_000, amount: 2.25, mistakes: 12 },
  rows: [
    { ...ROW, name: "shop/" },
    { ...ROW, name: "", jobs: 300, amount: 0.45 },
  ],
};

async function run(line: string, answers: readonly object[] = [PAGE]) {
  const asked: string[] = [];
  const world = createWorld({
    env: { ADMIN_TOKEN: "operator" },
    fetch: (url) => {
      asked.push(new URL(url).pathname + new URL(url).search);
      return Response.json(answers[asked.length - 1] ?? {});
    },
  });
  const code = await runCli(line.split(" "), world.context, () => {});
  return { code, asked, stdout: world.stdout(), stderr: world.stderr() };
}

it("lists what folders cost, with the sum of all", async () => {
  const { code, stdout, asked } = await run("costs");
  expect([code, asked]).toEqual([EXIT.ok, ["/api/v1/costs?by=folder&sort=cost&limit=50"]]);
  expect(stdout).toBe(
    [
      "JOBS   COST  STORED  BYTES       FOLDER",
      "1,200  1.80  1,190   48,000,000  shop/",
      "300    0.45  1,190   48,000,000  (no folder)",
      "1,500  2.25  1,400   50,000,000  all: 12 of 1,500 jobs stored nothing",
      "",
    ].join("\n"),
  );
});

it("shows the views of formats, days as UTC, and what is not covered", async () => {
  const rows = [{ ...ROW, name: "jpeg", views: 0, amount: null }];
  const page = { ...PAGE, note: "Views are counted by format only.", rows };
  const { stdout, stderr, asked } = await run("costs --by format --since 2026-11-01 --until 2026-11-24", [page]);
  expect(asked[0]).toContain(`from=${Date.UTC(2026, 10, 1)}&to=${Date.UTC(2026, 10, 24)}`);
  expect(stdout).toContain("JOBS   COST  STORED  BYTES       VIEWS 30D  FORMAT");
  expect(stdout).toContain("1,200  -     1,190   48,000,000  0          jpeg");
  expect(stderr).toContain("Views are counted by format only.");
});

it("reads page after page up to the limit, and says all of it as JSON", async () => {
  const pages = [
    { ...PAGE, nextCursor: "2" },
    { ...PAGE, rows: [{ ...ROW, name: "b/" }], nextCursor: "3" },
  ];
  const { stdout, asked } = await run("costs --limit 3 --sort bytes --json", pages);
  expect(asked).toEqual([
    "/api/v1/costs?by=folder&sort=bytes&limit=3",
    "/api/v1/costs?by=folder&sort=bytes&limit=1&cursor=2",
  ]);
  const { rows, total } = JSON.parse(stdout);
  expect(rows.map(({ name }: { name: string }) => name)).toEqual(["shop/", "", "b/"]);
  expect(total.jobs).toBe(1_500);
});

it.each(["costs --by colour", "costs --sort age", "costs --since yesterday", "costs --limit 0"])(
  "refuses %s without a request",
  async (line) => {
    expect(await run(line)).toMatchObject({ code: EXIT.usage, asked: [] });
  },
);

it("estimates a month by the default recipe where no site is configured, and asks nobody", async () => {
  const line = "costs --estimate --images 400000 --new-images 8000 --views 30000000 --ittybit 0.1";
  const { code, asked, stdout, stderr } = await run(line);
  expect([code, asked]).toEqual([EXIT.ok, []]);
  expect(stdout).toContain("an upload makes 11 variants, views order 0.8 more; Ittybit at $0.1 per 1,000 jobs.");
  // 400,000 × 11.8 and 8,000 × 11.8 jobs.
  expect(stdout).toMatch(/^first +472\.00 +\S+ +5\.00 +\S+$/m);
  expect(stdout).toMatch(/^each later +9\.44 /m);
  expect(stderr).not.toContain("is an example");
  const { first, later } = JSON.parse((await run(`${line} --variants 6 --json`)).stdout);
  expect([first.fee, later.fee]).toEqual([240, expect.closeTo(4.8)]);
});

it.each(["", " --images 1234567 --views 98765432 --ittybit 0.137"])(
  "estimates sums that add up as they are printed:%s",
  async (more) => {
    const { stdout } = await run(`costs --estimate${more}`);
    const cents = (text = ""): number => Math.round(Number(text.replaceAll(",", "")) * 100);
    const [months = "", units = ""] = stdout.split("\n\n").slice(1);
    const sums = months
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(/ {2,}/).slice(1).map(cents));
    expect(sums).toHaveLength(2);
    for (const [fee = 0, cloudflare = 0, plan = 0, total] of sums) expect(fee + cloudflare + plan).toBe(total);
    const parts = units.trim().split("\n").slice(1);
    expect(parts.reduce((sum, line) => sum + cents(line.split(/ {2,}/).at(-1)), 0)).toBe(sums[0]?.[1]);
  },
);

it.each(["--estimate --by width", "--images 3", "--estimate --images 3.5", "--estimate --ittybit free"])(
  "refuses %s",
  async (flags) => expect(await run(`costs ${flags}`)).toMatchObject({ code: EXIT.usage, asked: [], stdout: "" }),
);
