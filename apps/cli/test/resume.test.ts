import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { emptyDirectory, runHere, startPrewarm } from "./testing/run-prewarm.ts";

let api: FakeLedger;
let cwd: string;

beforeEach(async () => {
  api = await startFakeLedger();
  cwd = emptyDirectory();
});
afterEach(() => api.close());

const ids = (count: number): string => Array.from({ length: count }, (_, index) => `img-${index}\n`).join("");
const options = () => ({ cwd, url: api.url });
const warmCalls = () => api.received.filter(({ path }) => path.startsWith("/api/v1/warm"));

/** Every variant has exactly one job, and all jobs are of one run. */
function expectExactlyOnce(count: number): void {
  expect(api.jobs.size).toBe(count * 2);
  expect([...api.jobs.values()].every((times) => times === 1)).toBe(true);
  expect(api.runs.size).toBe(1);
}

describe("an interrupted run", () => {
  it("stops after the chunk under way, says how to go on, and goes on without sending anything twice", async () => {
    writeFileSync(join(cwd, "ids.txt"), ids(5500));
    // The third chunk's answer is held back until the signal has been sent.
    let release = (): void => {};
    const held = new Promise<null>((resolve) => {
      release = () => resolve(null);
    });
    api.fault = (_, count) => (count === 3 ? held : null);
    const running = startPrewarm(["warm", "--file", "ids.txt", "--label", "library"], options());
    await vi.waitFor(() => expect(warmCalls()).toHaveLength(3), 60_000);
    running.child.kill("SIGINT");
    await vi.waitFor(() => expect(running.stderr()).toContain("Stopping."), 60_000);
    release();
    const { code, stderr, stdout } = await running.ended;
    expect(code).toBe(EXIT.interrupted);
    expect(stdout).toBe("");
    expect(stderr).toContain("3000 images are accepted");
    const run = /prewarm warm --resume (run_\w+)/.exec(stderr)?.[1] ?? "";
    const { mode } = statSync(join(cwd, ".prewarm", `${run}.json`));
    expect([mode & 0o777, statSync(join(cwd, ".prewarm")).mode & 0o777]).toEqual([0o600, 0o700]);
    api.fault = () => null;
    const resumed = await runHere(["warm", "--resume", run, "--wait", "--json"], options());
    expect(resumed.code).toBe(EXIT.ok);
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      run,
      images: 5500,
      accepted: 11_000,
      duplicates: 0,
      sent: true,
    });
    expectExactlyOnce(5500);
    expect(warmCalls()).toHaveLength(6);
    expect(existsSync(join(cwd, ".prewarm", `${run}.json`))).toBe(false);
  });

  it("ends at once at the second Ctrl-C, and the chunk whose answer was lost is not enqueued twice", async () => {
    writeFileSync(join(cwd, "ids.txt"), ids(2500));
    api.fault = (_, count) => (count === 2 ? "hang" : null);
    const running = startPrewarm(["warm", "--file", "ids.txt"], options());
    await vi.waitFor(() => expect(warmCalls()).toHaveLength(2), 60_000);
    running.child.kill("SIGINT");
    await vi.waitFor(() => expect(running.stderr()).toContain("Stopping."), 60_000);
    // Signals within one key press count once, so the second press is repeated until it counts.
    const pressing = setInterval(() => running.child.kill("SIGINT"), 50);
    const { code } = await running.ended;
    clearInterval(pressing);
    expect(code).toBe(EXIT.interrupted);
    api.fault = () => null;
    expect((await runHere(["warm", "--resume", "last"], options())).code).toBe(EXIT.ok);
    expectExactlyOnce(2500);
  });

  it("is refused a chunk right after others: it notes all that was accepted, and sends none of it again", async () => {
    writeFileSync(join(cwd, "ids.txt"), ids(6500));
    api.fault = (_, count) => (count === 6 ? 400 : null);
    const { code, stderr } = await runHere(["warm", "--file", "ids.txt"], options());
    expect(code).not.toBe(EXIT.ok);
    expect(stderr).toContain("5000 images are accepted");
    const [state = ""] = readdirSync(join(cwd, ".prewarm"));
    expect(JSON.parse(readFileSync(join(cwd, ".prewarm", state), "utf8"))).toMatchObject({ chunks: 5 });
    api.fault = () => null;
    expect((await runHere(["warm", "--resume", "last"], options())).code).toBe(EXIT.ok);
    expect(warmCalls()).toHaveLength(8);
    expectExactlyOnce(6500);
  });

  it("is killed without warning: the state file still says where to go on", async () => {
    writeFileSync(join(cwd, "ids.txt"), ids(3000));
    api.fault = (_, count) => (count === 2 ? "hang" : null);
    const running = startPrewarm(["warm", "--file", "ids.txt"], options());
    await vi.waitFor(() => expect(warmCalls()).toHaveLength(2), 60_000);
    running.child.kill("SIGKILL");
    await running.ended;
    api.fault = () => null;
    expect((await runHere(["warm", "--resume", "last"], options())).code).toBe(EXIT.ok);
    expectExactlyOnce(3000);
  });

  it("reads an S3 Inventory again, and refuses one that S3 has written since", async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => `"shop","img-${index}"\n`).join("");
    const writeInventory = (text: string): void => {
      const MD5checksum = createHash("md5").update(text).digest("hex");
      const files = [{ key: "config/data/a.csv", size: text.length, MD5checksum }];
      const manifest = { sourceBucket: "shop", fileFormat: "CSV", fileSchema: "Bucket, Key", files };
      writeFileSync(join(cwd, "a.csv"), text);
      writeFileSync(join(cwd, "manifest.json"), JSON.stringify(manifest));
    };
    writeInventory(rows);
    api.fault = (_, count) => (count >= 3 ? 400 : null);
    const inventory = ["--s3-inventory", "manifest.json", "--inventory-data", ".", "--inventory-prefix", "/"];
    expect((await runHere(["warm", ...inventory], options())).stderr).toContain("2000 images are accepted");
    api.fault = () => null;
    writeInventory(`"shop","new"\n${rows}`);
    const changed = await runHere(["warm", "--resume", "last"], options());
    expect([changed.code, changed.stderr]).toEqual([EXIT.usage, expect.stringContaining("is not what it was")]);
    writeInventory(rows);
    expect((await runHere(["warm", "--resume", "last"], options())).code).toBe(EXIT.ok);
    expectExactlyOnce(2500);
  });

  it("reads stdin again when it came from stdin", async () => {
    api.fault = (_, count) => (count === 2 ? 401 : null);
    const first = await runHere(["warm"], { ...options(), stdin: ids(1500) });
    expect(first.code).toBe(EXIT.auth);
    expect(first.stderr).toContain("same stdin");
    api.fault = () => null;
    expect((await runHere(["warm", "--resume", "last"], { ...options(), stdin: ids(1500) })).code).toBe(EXIT.ok);
    expectExactlyOnce(1500);
  });

  it.each([
    ["a line before the place has changed", (text: string) => text.replace("img-7\n", "img-other\n")],
    ["the input has become shorter", () => ids(500)],
  ])("is refused when %s", async (_, change) => {
    writeFileSync(join(cwd, "ids.txt"), ids(1500));
    api.fault = (_, count) => (count === 2 ? 401 : null);
    await runHere(["warm", "--file", "ids.txt"], options());
    api.fault = () => null;
    writeFileSync(join(cwd, "ids.txt"), change(readFileSync(join(cwd, "ids.txt"), "utf8")));
    const { code, stderr } = await runHere(["warm", "--resume", "last"], options());
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain("not what it was");
    expect(api.jobs.size).toBe(2000);
  });

  it("says which run it means, and that nothing of it is left to send", async () => {
    const { stdout } = await runHere(["warm", "--label", "nightly"], { ...options(), stdin: ids(3) });
    const { code, stderr } = await runHere(["warm", "--resume", "last"], options());
    expect(code).toBe(EXIT.ok);
    const line = `Resuming ${stdout.trim()} \\(nightly\\), begun \\d+ s ago: 3 images accepted, all of it was sent, nothing is left`;
    expect(stderr).toMatch(new RegExp(line));
    expect(warmCalls()).toHaveLength(1);
  });

  it.each([
    ["other images", "other-1\n"],
    ["more images", `${ids(3)}one-more\n`],
  ])("refuses %s on stdin when all was sent", async (_, stdin) => {
    await runHere(["warm"], { ...options(), stdin: ids(3) });
    const { code, stderr } = await runHere(["warm", "--resume", "last"], { ...options(), stdin });
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining("not what it was")]);
    expect(warmCalls()).toHaveLength(1);
  });

  it("takes the same stdin again when all was sent", async () => {
    await runHere(["warm"], { ...options(), stdin: ids(1500) });
    expect((await runHere(["warm", "--resume", "last"], { ...options(), stdin: ids(1500) })).code).toBe(EXIT.ok);
    expect(warmCalls()).toHaveLength(2);
  });

  it("takes the same flags again, as a line that is written once says them", async () => {
    writeFileSync(join(cwd, "ids.txt"), ids(1));
    const line = ["--file", "ids.txt", "--label", "nightly", "--rate", "10/s"];
    await runHere(["warm", ...line], options());
    expect((await runHere(["warm", "--resume", "last", ...line], options())).code).toBe(EXIT.ok);
    const { code, stderr } = await runHere(["warm", "--resume", "last", "--file", "ids.txt"], options());
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining("Say all its flags as they were, or none")]);
  });

  it("finds the last run beside other files of the folder", async () => {
    await runHere(["warm", "a"], options());
    writeFileSync(join(cwd, ".prewarm/targets.json"), "{}");
    expect((await runHere(["warm", "--resume", "last"], options())).code).toBe(EXIT.ok);
  });

  it("has nothing to resume where nothing was sent, and says so by no hint and no file", async () => {
    const { code, stderr } = await runHere(["warm", "--file", "nope.txt"], options());
    expect([code, stderr]).toEqual([EXIT.usage, expect.not.stringContaining("--resume")]);
    expect(readdirSync(join(cwd, ".prewarm"))).toEqual([]);
  });

  it.each([["--force"], ["--label", "other"], ["--file", "x"]])(
    "cannot become another run by %s %s",
    async (...flags) => {
      writeFileSync(join(cwd, "ids.txt"), ids(1));
      await runHere(["warm", "--file", "ids.txt"], options());
      const { code, stderr } = await runHere(["warm", "--resume", "last", ...flags], options());
      expect(code).toBe(EXIT.usage);
      expect(stderr).toContain("cannot change");
    },
  );

  it("counts bad lines once, before and after the place", async () => {
    writeFileSync(join(cwd, "ids.txt"), `/bad-early\n${ids(1500)}/bad-late\n`);
    api.fault = (_, count) => (count === 2 ? 401 : null);
    await runHere(["warm", "--file", "ids.txt"], options());
    api.fault = () => null;
    const { code, stdout, stderr } = await runHere(["warm", "--resume", "last", "--json"], options());
    expect(code).toBe(EXIT.failed);
    expect(JSON.parse(stdout)).toMatchObject({ images: 1500, bad: 2 });
    expect(stderr).not.toContain("bad-early");
  });
});

describe("an unwilling server", () => {
  it("is waited for as long as Retry-After says, and told of in the progress", async () => {
    api.fault = (_, count) =>
      count === 1 ? new Response(null, { status: 429, headers: { "retry-after": "1" } }) : null;
    expect(await runHere(["warm", "a"], options())).toMatchObject({ code: EXIT.ok, slept: 1000 });
    expect(warmCalls()).toHaveLength(2);
  });

  it("whose answer is lost answers again under the same key", async () => {
    api.fault = (_, count) => (count === 1 ? "drop" : null);
    const { code, stdout } = await runHere(["warm", "a", "--json"], options());
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(new Set(warmCalls().map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expectExactlyOnce(1);
  });

  it("tries dead variants again with --retry-failed", async () => {
    let dead = true;
    api.stateOf = (key) => (dead && key.startsWith("a") ? "dead" : "stored");
    expect((await runHere(["warm", "a", "b", "--wait"], options())).code).toBe(EXIT.failed);
    api.fault = ({ path, body }) => {
      if (path === "/api/v1/actions" && !body.includes("dryRun")) dead = false;
      return null;
    };
    const { code, stderr } = await runHere(["warm", "--resume", "last", "--retry-failed", "--wait"], options());
    expect(stderr).toContain("are queued again");
    expect(code).toBe(EXIT.ok);
  });
});
