import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiError } from "@prewarm/shared/api-errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { emptyDirectory, runHere, runPrewarm } from "./testing/run-prewarm.ts";

let api: FakeLedger;
let cwd: string;

beforeEach(async () => {
  api = await startFakeLedger();
  cwd = emptyDirectory();
});
afterEach(() => api.close());

interface More {
  stdin?: string;
  env?: Record<string, string>;
  url?: string;
}
const run = (args: readonly string[], more: More = {}) => runHere(args, { cwd, url: api.url, ...more });

describe("the program's own exit code", () => {
  it.each<[number, string[], More]>([
    [EXIT.ok, ["warm", "a"], {}],
    [EXIT.failed, ["warm"], { stdin: "good\n../bad\n" }],
    [EXIT.usage, ["wram"], {}],
    [EXIT.auth, ["warm", "a"], { env: { ADMIN_TOKEN: "wrong" } }],
    [EXIT.unreachable, ["warm", "a", "--timeout", "1s"], { url: "http://127.0.0.1:1" }],
    [EXIT.limit, ["warm", "--max-errors", "1"], { stdin: "/a\n/b\n/c\ngood\n" }],
  ])("is %i where the command says so: prewarm %j", async (code, args, more) => {
    expect((await runPrewarm(args, { cwd, url: api.url, ...more })).code).toBe(code);
  });
});

describe("0: all fine", () => {
  it("is said when everything is accepted, with the run's id alone on stdout", async () => {
    const { code, stdout } = await run(["warm", "a", "b"]);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^run_[0-9a-f]{18}\n$/);
    expect([...api.jobs.values()]).toEqual([1, 1, 1, 1]);
  });

  it("is said with --wait when every variant is stored", async () => {
    const { code, stdout } = await run(["warm", "a", "--wait", "--json"]);
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "prewarm.warm/1",
      accepted: 2,
      outcome: { states: { stored: 2 } },
    });
  });

  it("is said of a page with an image that passes through, and of that image alone", async () => {
    const image = (name: string) => `<img src="https://images.example.com/images/${name}">`;
    writeFileSync(join(cwd, "index.html"), image("a?w=400&amp;f=webp") + image("logo.svg"));
    writeFileSync(join(cwd, "logo.html"), image("logo.svg"));
    const page = (name: string, ...more: string[]) =>
      run(["warm", "--html", name, "--edge-url", "https://images.example.com", ...more]);
    const { code, stderr } = await page("index.html", "--wait", "--max-errors", "0");
    expect({ code, stderr }).toMatchObject({ code: EXIT.ok, stderr: expect.stringContaining("1 passed through") });
    expect(stderr).not.toContain("were refused");
    const { code: again, stdout } = await page("index.html", "--json");
    expect(again).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({ images: 2, rejected: 0, passedThrough: 1 });
    expect(await page("logo.html", "--wait")).toMatchObject({ code: EXIT.ok });
    const dry = await page("index.html", "--dry-run", "--json");
    expect(dry.code).toBe(EXIT.ok);
    expect(JSON.parse(dry.stdout)).toMatchObject({ images: 2, variants: 1, refused: 0, passedThrough: 1 });
  });

  it("is said with the number of variants that were stored already", async () => {
    api.existing = 1;
    const { stderr } = await run(["warm", "a", "--wait"]);
    expect(stderr).toContain("1 item: 2 variants accepted, 0 under way already\n");
    expect(stderr).toContain("2 stored: 1 made now, 1 before");
    const { stdout } = await run(["warm", "a", "--wait", "--json"]);
    expect(JSON.parse(stdout).outcome).toMatchObject({ existing: 1 });
    expect((await run(["warm", "b"])).stderr).toContain("what is stored already costs no job");
  });

  it("is said of an empty input that is allowed, which sends nothing", async () => {
    expect(await run(["warm", "--allow-empty"], { stdin: "\n\n" })).toMatchObject({ code: EXIT.ok, stdout: "" });
    expect(await run(["warm", "--dry-run", "--allow-empty"], { stdin: "" })).toMatchObject({ code: EXIT.ok });
    expect(api.received).toEqual([]);
  });
});

describe("1: finished with failed items", () => {
  it("is said when a line is no image; the others are sent", async () => {
    const { code, stderr } = await run(["warm"], { stdin: "good\n../bad\nalso-good\n" });
    expect(code).toBe(EXIT.failed);
    expect(stderr).toContain("stdin:2: ");
    expect(api.jobs.size).toBe(4);
  });

  it("is said when the server refuses an image, with the line it stood on", async () => {
    writeFileSync(join(cwd, "ids.txt"), "good\n\nrefused-1\n");
    const { code, stderr } = await run(["warm", "--file", "ids.txt"]);
    expect(code).toBe(EXIT.failed);
    expect(stderr).toContain("ids.txt:3: No configured source holds this image. (source_unknown)");
  });

  it("is said with --wait when a variant is dead", async () => {
    api.stateOf = (key) => (key === "b?w=400&f=webp" ? "dead" : "stored");
    const { code, stderr } = await run(["warm", "a", "b", "--wait"]);
    expect(code).toBe(EXIT.failed);
    expect(stderr).toMatch(/3 stored.*1 dead/);
  });
});

describe("2: wrong usage or configuration", () => {
  it.each([
    [["warm", "a", "--recpie", "x"], "Did you mean --recipe?"],
    [["wram"], "Did you mean warm?"],
    [["warm", "a", "--wait", "--detach"], "contradict"],
    [["warm", "a", "--rate", "fast"], "--rate takes a rate"],
    [["warm", "a", "--label", "x", "--label", "y"], "given twice"],
    [["warm", "--file", "nowhere.txt"], "nowhere.txt is not found"],
    [["warm", "--r2-prefix", "x/"], "--bucket belong together"],
    [["warm", "--resume", "run_1"], "no state of run run_1"],
    [["warm", "--site", "https://a.example"], "--site belongs to --html"],
    [["warm", "--html", "x", "--site", "a.example"], "--site is no http(s) URL"],
    [["warm", "--html", "nowhere"], "nowhere is not found"],
    [["warm", "a", "--retry-failed"], "needs --resume"],
    [["cancel", "run_1", "--all"], "Cancel what?"],
    [["pause", "everything"], "no lane"],
    [["purge", "a"], "add --yes"],
    [["status", "--watch"], "need a run"],
    [["jobs", "--state", "lost"], "--state takes queued"],
    [["url", "a"], "prewarm.config.ts is not found"],
  ])("is said of %j", async (args, message) => {
    const { code, stderr, stdout } = await run(args);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(api.received).toEqual([]);
  });

  it.each([[["warm", "--wait"]], [["warm", "--dry-run"]], [["warm", "--json"]]])(
    "is said of %j with an empty input: a pattern no longer matches",
    async (args) => {
      const { code, stderr } = await run(args, { stdin: "\n" });
      expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining("--allow-empty")]);
      expect(api.received).toEqual([]);
    },
  );

  it("is said of pages that ask the edge for nothing, and of pages whose edge is not known", async () => {
    writeFileSync(join(cwd, "index.html"), '<img src="https://images.example.com/images/a">');
    const none = await run(["warm", "--html", "index.html"]);
    expect([none.code, none.stderr]).toEqual([EXIT.usage, expect.stringContaining("--edge-url (or PREWARM_EDGE_URL)")]);
    const elsewhere = await run(["warm", "--html", "index.html"], { url: "https://prewarm.example.com" });
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining("PREWARM_EDGE_URL is not set"),
    ]);
    expect(api.received).toEqual([]);
  });

  it("is said before a token travels unencrypted to another machine", async () => {
    const { code, stderr } = await run(["status"], { url: "http://prewarm.example.com" });
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain("in the clear");
  });

  it("is said when the server has no ADMIN_TOKEN, at once and not after many tries", async () => {
    api.guard = () => {
      throw new ApiError("not_configured");
    };
    expect((await run(["status"])).code).toBe(EXIT.usage);
    expect(api.received).toHaveLength(1);
  });

  it("is said when a recipe is unknown to the server", async () => {
    api.guard = () => {
      throw new ApiError("transform_invalid");
    };
    expect((await run(["warm", "a", "--recipe", "nope"])).code).toBe(EXIT.usage);
  });
});

describe("3, 4 and 5", () => {
  it("3: the token is refused", async () => {
    const { code, stderr } = await run(["warm", "a"], { env: { ADMIN_TOKEN: "wrong" } });
    expect(code).toBe(EXIT.auth);
    expect(stderr).not.toContain("wrong");
    expect(api.received).toHaveLength(1);
  });

  it("4: nobody answers, and --timeout bounds the tries", async () => {
    const { code, stderr } = await run(["warm", "a", "--timeout", "1s"], { url: "http://127.0.0.1:1" });
    expect(code).toBe(EXIT.unreachable);
    expect(stderr).toMatch(/prewarm warm --resume run_\w+/);
  });

  it("4: --timeout runs out while waiting; the run goes on", async () => {
    api.stateOf = () => "queued";
    const { code, stderr } = await run(["warm", "a", "--wait", "--timeout", "1s"]);
    expect(code).toBe(EXIT.unreachable);
    expect(stderr).toContain("The run goes on without us");
    expect([...api.runs.values()].map(({ cancelled }) => cancelled)).toEqual([false]);
  });

  it.each([
    ["a proxy's page", "<h1>Sign in</h1>", "the answer is no JSON. Is PREWARM_URL the consumer Worker?"],
    ["nothing", "", "the answer is no object"],
    [
      "another program's JSON",
      '{"runs":7,"health":{}}',
      "the answer is not this API's: the answer.health.sentence is no text",
    ],
  ])("4: the answer is %s", async (_, body, message) => {
    api.fault = () => new Response(body);
    const { code, stdout, stderr } = await run(["status"]);
    expect([code, stdout]).toEqual([EXIT.unreachable, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("bug");
  });

  it("4: a proxy refuses with a page of its own", async () => {
    api.fault = () =>
      new Response("<h1>Moved</h1>", { status: 302, headers: { location: "https://login.example.com" } });
    const { code, stderr } = await run(["status"]);
    expect([code, stderr]).toEqual([EXIT.unreachable, "prewarm: status: The server answered 302.\n"]);
    expect(api.received).toHaveLength(1);
  });

  it("5: more lines are bad than --max-errors allows; what follows is not read", async () => {
    const { code } = await run(["warm", "--max-errors", "1"], { stdin: "/a\n/b\n/c\ngood\n" });
    expect(code).toBe(EXIT.limit);
    expect(api.received).toEqual([]);
  });

  it("5: more variants are dead than --max-errors allows", async () => {
    api.stateOf = (key) => (key.startsWith("bad") ? "dead" : "queued");
    const { code } = await run(["warm", "bad", "good", "--wait", "--max-errors", "1"]);
    expect(code).toBe(EXIT.limit);
  });
});
