import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import siteConfig from "../../../prewarm.config.ts";
import { ask, startTestStack, type TestStack } from "../../../test/e2e/stack.ts";
import { EXIT } from "../src/platform/exit-codes.ts";
import {
  emptyDirectory,
  nodes,
  runPrewarm,
  startPrewarm,
  startProgram,
  unpackedProgram,
} from "./testing/run-prewarm.ts";

/** The command line against the whole local stack, over HTTP only. */

const REPOSITORY = join(import.meta.dirname, "../../..");
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.close());

const options = (cwd = emptyDirectory()) => ({
  cwd,
  url: stack.controlUrl,
  env: { ADMIN_TOKEN: stack.adminToken, PREWARM_EDGE_URL: stack.edgeUrl, HOOK_SECRET: stack.hookSecret },
});
const prewarm = (args: readonly string[], cwd?: string) => runPrewarm(args, options(cwd));
const runOf = async (run: string) => JSON.parse((await prewarm(["status", run, "--json"])).stdout);

it("smoke warms, views and purges one image, and needs no configuration for it", async () => {
  const { code, stdout } = await prewarm(["smoke", "portrait.jpg", "--timeout", "40s"]);
  expect({ code, stdout }).toMatchObject({ code: EXIT.ok, stdout: expect.stringMatching(/^ok +purged /m) });
  const { code: wrong, stdout: said } = await prewarm(["smoke", "nobody.jpg", "--timeout", "40s"]);
  expect({ wrong, said }).toMatchObject({ wrong: EXIT.failed, said: expect.stringMatching(/^fault +warm /m) });
});

it("leaves home: packed, unpacked in an empty folder, it warms a built page and waits, on this Node and the machine's", async () => {
  const program = unpackedProgram();
  for (const [index, node] of nodes().entries()) {
    const cwd = emptyDirectory();
    const widths = [320 + 64 * index, 640];
    const [small, large] = widths.map((width) => `${stack.edgeUrl}/images/landscape.jpg?w=${width}&amp;f=jpeg`);
    mkdirSync(join(cwd, "dist"));
    writeFileSync(join(cwd, "dist/index.html"), `<img src='${small}' srcset="${small} 320w, ${large} 640w">`);
    const args = ["warm", "--html", "dist", "--wait", "--timeout", "40s", "--json"];
    const { code, stdout, stderr } = await startProgram(node, [program, ...args], options(cwd)).ended;
    expect({ code, stderr }).toMatchObject({ code: EXIT.ok });
    expect(JSON.parse(stdout)).toMatchObject({ images: 2, bad: 0, rejected: 0 });
    for (const width of widths)
      expect((await ask(`${stack.edgeUrl}/images/landscape.jpg?w=${width}&f=jpeg`)).status).toBe(200);
  }
});

it("check says that the local stack is ready", async () => {
  const { code, stdout } = await prewarm(["check"], REPOSITORY);
  expect(code).toBe(EXIT.ok);
  expect(stdout).toContain("is ready");
});

it("gate, causes, actions and audit read the real API", async () => {
  expect((await prewarm(["gate", "--warming-share", "0.9"])).stdout).toContain("warming may take 90 %");
  for (const line of ["gate", "causes", "log actions"]) expect((await prewarm(line.split(" "))).code).toBe(EXIT.ok);
  expect((await prewarm(["log"])).stdout).toContain("gate");
});

it("warms the example's sitemap", async () => {
  const script = join(REPOSITORY, "examples/warm-a-sitemap/write-sitemap.mjs");
  const written = spawnSync(process.execPath, [script, "https://www.example.com", stack.edgeUrl], { encoding: "utf8" });
  const cwd = emptyDirectory();
  writeFileSync(join(cwd, "sitemap.xml"), written.stdout);
  const { code, stdout } = await prewarm(
    ["warm", "--sitemap", "sitemap.xml", "--wait", "--timeout", "30s", "--json"],
    cwd,
  );
  expect(code).toBe(EXIT.ok);
  const pages: { images: string[] }[] = JSON.parse(
    readFileSync(join(REPOSITORY, "examples/warm-a-sitemap/pages.json"), "utf8"),
  );
  const images = new Set(pages.flatMap(({ images: ids }) => ids));
  expect(JSON.parse(stdout)).toMatchObject({ images: 6, accepted: images.size, duplicates: 6 - images.size });
  for (const id of images) {
    const path = id.split("/").map(encodeURIComponent).join("/");
    expect((await ask(`${stack.edgeUrl}/images/${path}?w=400&f=webp`)).status).toBe(200);
  }
});

it("sends a long list in many chunks as one run, exactly once, across a Ctrl-C and --resume", async () => {
  expect((await prewarm(["pause", "bulk"])).code).toBe(EXIT.ok);
  const cwd = emptyDirectory();
  writeFileSync(join(cwd, "ids.txt"), Array.from({ length: 4200 }, (_, n) => `bulk/${n}.jpg\n`).join(""));
  const args = ["warm", "--file", "ids.txt", "--transform", "w=400", "--transform", "w=800", "--rate", "700/s"];
  const running = startPrewarm(args, options(cwd));
  // At this rate a chunk goes out every second: the state file appears with the first one accepted.
  await vi.waitFor(() => expect(lastState(cwd).chunks).toBeGreaterThan(1), { timeout: 60_000 });
  running.child.kill("SIGINT");
  expect((await running.ended).code).toBe(EXIT.interrupted);
  const before = lastState(cwd);
  expect(before.sent).toBe(false);
  const { code, stdout } = await prewarm(["warm", "--resume", "last", "--json"], cwd);
  expect(code).toBe(EXIT.ok);
  expect(JSON.parse(stdout)).toMatchObject({ images: 4200, accepted: 8400, duplicates: 0, existing: 0, rejected: 0 });
  expect(await runOf(before.run)).toMatchObject({ total: 8400, states: { queued: 8400 } });
  expect((await prewarm(["cancel", before.run])).code).toBe(EXIT.ok);
  expect((await prewarm(["resume"])).code).toBe(EXIT.ok);
});

it("enqueues nothing twice when a chunk of a run is sent again after later ones", async () => {
  await prewarm(["pause", "bulk"]);
  const send = async (chunk: number) => {
    const items = [{ id: `again/${chunk}.jpg`, transforms: ["w=400", "w=800"] }];
    const response = await fetch(`${stack.controlUrl}/api/v1/warm?run=run_again`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${stack.adminToken}`,
        "content-type": "application/json",
        "idempotency-key": `run_again:${chunk}`,
      },
      body: JSON.stringify({ items }),
    });
    return (await response.json()) as { run: string; accepted: number; duplicates: number };
  };
  for (const chunk of [1, 2, 3])
    expect(await send(chunk)).toMatchObject({ run: "run_again", accepted: 2, duplicates: 0 });
  expect(await send(1)).toMatchObject({ run: "run_again", accepted: 2, duplicates: 0 });
  expect(await runOf("run_again")).toMatchObject({ total: 6, states: { queued: 6 } });
  await prewarm(["cancel", "run_again"]);
  await prewarm(["resume"]);
});

function lastState(cwd: string): { run: string; chunks: number; sent: boolean } {
  const names = spawnSync("ls", [join(cwd, ".prewarm")], { encoding: "utf8" }).stdout.split("\n");
  const name = names.find((each) => each.endsWith(".json"));
  return JSON.parse(readFileSync(join(cwd, ".prewarm", name ?? "none"), "utf8"));
}

describe("the other commands", () => {
  it("hook test enqueues, and the plain URL is then a hit at first view", async () => {
    const { code, stdout } = await prewarm(["hook", "test", "uploads", "phone.jpg"]);
    expect(code).toBe(EXIT.ok);
    const { run, accepted } = JSON.parse(stdout);
    expect(accepted).toBe(7 + 3 + 2 + 1);
    expect((await prewarm(["status", run, "--watch", "--timeout", "40s"])).code).toBe(EXIT.ok);
    expect((await ask(`${stack.edgeUrl}/images/phone.jpg?w=1080&f=avif`)).status).toBe(200);
  });

  it("purge removes what was stored", async () => {
    await prewarm(["warm", "cut-out.png", "--transform", "w=160", "--wait", "--timeout", "30s"]);
    expect((await prewarm(["purge", "cut-out.png", "--yes"])).code).toBe(EXIT.ok);
    await vi.waitFor(async () => expect((await ask(`${stack.edgeUrl}/images/cut-out.png?w=160`)).status).toBe(302), {
      timeout: 60_000,
    });
  });

  it("receipt proves that a run is in R2, names what a purge took, and is verified by the published key", async () => {
    const cwd = emptyDirectory();
    const warmed = await prewarm([
      "warm",
      "portrait.jpg",
      "--transform",
      "w=240",
      "--wait",
      "--timeout",
      "30s",
      "--json",
    ]);
    const { run } = JSON.parse(warmed.stdout.trim().split("\n").at(-1) ?? "");
    const whole = await prewarm(["receipt", run, "--save", "receipt.txt", "--json"], cwd);
    expect([whole.code, JSON.parse(whole.stdout)]).toMatchObject([
      EXIT.ok,
      { receipt: { run, complete: true, missing: 0 }, missing: [] },
    ]);
    expect((await prewarm(["receipt", "--verify", "receipt.txt"], cwd)).code).toBe(EXIT.ok);
    const forged = readFileSync(join(cwd, "receipt.txt"), "utf8").replace('"ordered": ', '"ordered": 1');
    writeFileSync(join(cwd, "forged.txt"), forged);
    expect((await prewarm(["receipt", "--verify", "forged.txt"], cwd)).code).toBe(EXIT.failed);
    await prewarm(["purge", "portrait.jpg", "--yes"]);
    await vi.waitFor(async () => expect((await prewarm(["receipt", run])).stdout).toMatch(/missing +\d+: \d+ purged/), {
      timeout: 60_000,
    });
    expect((await prewarm(["receipt", run])).code).toBe(EXIT.failed);
  });

  it("doctor looks at the whole store and finds nothing to mend that --fix leaves", async () => {
    expect((await prewarm(["doctor", "--fix"])).code).toBe(EXIT.ok);
    expect((await prewarm(["doctor"])).stdout).toBe("Ledger and store agree.\n");
  });

  it("dry run, status, jobs, sign of life and a wrong token", async () => {
    const dry = await prewarm(["warm", "landscape.jpg", "--dry-run", "--json"]);
    const { outlook, ...counts } = JSON.parse(dry.stdout);
    expect(counts).toMatchObject({ schema: "prewarm.dry-run/1", images: 1, variants: 13 });
    expect(outlook).toMatchObject({ jobs: counts.jobs, thisMonth: counts.jobs, months: 1 });
    // The local stack has the configuration's budget, without the jobs of the tests above.
    const { budget } = JSON.parse((await prewarm(["gate", "--json"])).stdout);
    expect(budget.monthlyJobs).toBe(siteConfig.budget.month);
    expect(outlook.perMonth).toBe(Math.floor(budget.monthlyJobs * budget.warmingShare));
    expect(outlook.left).toBeLessThanOrEqual(outlook.perMonth);
    expect(outlook.left).toBeGreaterThanOrEqual(outlook.perMonth - budget.used);
    expect((await prewarm(["status"])).code).toBe(EXIT.ok);
    expect((await prewarm(["jobs", "--limit", "5", "--json"])).code).toBe(EXIT.ok);
    const wrong = { ...options(), env: { ADMIN_TOKEN: "wrong" } };
    expect((await runPrewarm(["status"], wrong)).code).toBe(EXIT.auth);
  });
});
