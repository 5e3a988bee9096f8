import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createPrewarm } from "@prewarm/client";
import { Gate } from "@prewarm/control-schema/gate";
import { HookAnswer } from "@prewarm/control-schema/hooks";
import { ImageAction } from "@prewarm/control-schema/image-actions";
import { RemovalReceipt } from "@prewarm/control-schema/removal";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { ApiError } from "@prewarm/shared/api-errors";
import { verify } from "@prewarm/shared/signature";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { emptyDirectory, runHere } from "./testing/run-prewarm.ts";

let api: FakeLedger;
let cwd: string;

beforeEach(async () => {
  api = await startFakeLedger();
  cwd = emptyDirectory();
});
afterEach(() => api.close());

const run = (args: readonly string[], more: { stdin?: string; env?: Record<string, string> } = {}) =>
  runHere(args, { cwd, url: api.url, ...more });
/** When each command of the fake world begins. */
const BEGUN_AT = 1_700_000_000_000;
const lastBody = () => JSON.parse(api.received.at(-1)?.body ?? "null");

describe("warm", () => {
  it("takes arguments, files, gzip, CSV and a sitemap together, as one run", async () => {
    writeFileSync(join(cwd, "a.csv.gz"), gzipSync("id,transforms\ncsv-1,w=400 w=800\n"));
    writeFileSync(join(cwd, "b.jsonl"), '{"id":"json-1","recipe":"social"}\n');
    const url = `${api.url}/images/map-1?w=320&f=avif`;
    writeFileSync(join(cwd, "map.xml"), `<urlset><url><loc>${url.replace("&", "&amp;")}</loc></url></urlset>`);
    const args = ["warm", "arg-1", "--file", "a.csv.gz", "--file", "b.jsonl", "--sitemap", "map.xml"];
    const { code } = await run([
      ...args,
      "--preset",
      "card",
      "--label",
      "mixed",
      "--only-missing",
      "--edge-url",
      api.url,
    ]);
    expect(code).toBe(EXIT.ok);
    expect(api.received).toHaveLength(1);
    expect(lastBody()).toEqual({
      items: [
        { id: "arg-1", presets: ["card"] },
        { id: "csv-1", transforms: ["w=400", "w=800"] },
        { id: "json-1", recipe: "social" },
        { id: "map-1", transforms: ["w=320&f=avif"] },
      ],
      label: "mixed",
      onlyMissing: true,
    });
  });

  it("sends what is owed to the runs that an export names, and waits for all of them", async () => {
    const lines = [
      { call: "PATCH /api/v1/gate", body: { spent: {} } },
      { id: "a", transforms: ["w=1"], lane: "bulk", run: "run_1", label: "spring" },
      { id: "b", transforms: ["w=1"], lane: "upload", force: true },
      { id: "c", transforms: ["w=1"], lane: "upload", force: true },
      { end: 4 },
    ];
    writeFileSync(join(cwd, "ledger.ndjson"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const { code, stdout, stderr } = await run(["warm", "--file", "ledger.ndjson", "--only-missing", "--wait"]);
    expect(code).toBe(EXIT.ok);
    const [first = "", second = ""] = stdout.trimEnd().split("\n");
    expect(first).toBe("run_1");
    expect(stderr).toContain("3 stored");
    const sent = api.received.filter(({ method }) => method === "POST");
    expect(sent.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      [
        "/api/v1/warm?run=run_1",
        { items: [{ id: "a", transforms: ["w=1"] }], lane: "bulk", label: "spring", onlyMissing: true },
      ],
      [
        `/api/v1/warm?run=${second}`,
        { items: ["b", "c"].map((id) => ({ id, transforms: ["w=1"] })), lane: "upload", force: true },
      ],
    ]);
  });

  it("guesses NDJSON on stdin by its first character", async () => {
    await run(["warm"], { stdin: '{"id":"a"}\n{"id":"b"}\n' });
    expect(lastBody().items).toEqual([{ id: "a" }, { id: "b" }]);
  });

  it("prints what a dry run counts and enqueues nothing", async () => {
    const { code, stdout } = await run(["warm", "a", "b", "--dry-run"]);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/variants +4\n.*Ittybit jobs +4\n.*Ittybit +unknown: set budget.per1000Jobs/s);
    expect(stdout).toMatch(/^origins send +2,000 bytes$/m);
    expect(stdout).toMatch(/^time +0 s at 20\/s, if the budget allowed it$/m);
    expect(stdout).toMatch(/^budget +3 jobs .* this month: 3 of 4 jobs, and the last is sent in month 2$/m);
    expect(stdout).toMatch(/^change it by +formats and pages .*budget\.month .*gate\.ratePerSecond/m);
    expect(api.jobs.size).toBe(0);
  });

  it("names the version of --v where an item names none, and takes no other word for one", async () => {
    expect((await run(["warm", "--v", "2"], { stdin: '{"id":"a"}\n{"id":"b","v":"1"}\n' })).code).toBe(EXIT.ok);
    expect(api.received.flatMap(({ body }) => JSON.parse(body).items)).toEqual([
      { id: "a", v: "2" },
      { id: "b", v: "1" },
    ]);
    const refused = await run(["warm", "a", "--v", "2.0"]);
    expect([refused.code, refused.stderr]).toEqual([EXIT.usage, expect.stringContaining("--v takes")]);
  });

  it("sends slowly when asked to, in chunks of a second", async () => {
    expect(await run(["warm", "--rate", "2/s"], { stdin: "a\nb\nc\nd\n" })).toMatchObject({ slept: 1000 });
    expect(api.received.map(({ body }) => JSON.parse(body).items.length)).toEqual([2, 2]);
  });

  it("writes no colours and no control characters where nobody looks", async () => {
    const { stdout, stderr } = await run(["warm", "a", "--wait"]);
    expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe("status and jobs", () => {
  it("shows lanes and runs", async () => {
    await run(["warm", "a", "--label", "first\u001b[2J"]);
    const { code, stdout } = await run(["status"]);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain("Healthy: nothing waits.");
    expect(stdout).toMatch(/run_\w+ +done +bulk +2\/2 +0 +0 +first\\x1b\[2J/);
  });

  it("counts what was cancelled apart from what failed, and tells no speed of a run that has ended", async () => {
    const { stdout: id } = await run(["warm", "a"]);
    api.stateOf = (key) => (key.includes("w=400") ? "cancelled" : "dead");
    expect((await run(["status"])).stdout).toMatch(/ +2\/2 +1 +1 *$/m);
    const { code, stdout } = await run(["status", id.trim()]);
    expect([code, stdout]).toEqual([EXIT.failed, expect.not.stringMatching(/^rate /m)]);
  });

  it("follows a run to its end, and says 1 when something of it failed", async () => {
    const { stdout: id } = await run(["warm", "a"]);
    let looks = 0;
    api.fault = ({ path }) => {
      if (path.startsWith("/api/v1/runs/")) looks += 1;
      return null;
    };
    api.stateOf = (key) => (looks < 3 ? "processing" : key.includes("w=400") ? "dead" : "stored");
    const { code, stdout } = await run(["status", id.trim(), "--watch", "--json"]);
    expect(code).toBe(EXIT.failed);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ schema: "prewarm.run/1", done: 2, states: { stored: 1, dead: 1 } });
    const fields = "run label lane state total done states existing pace paid createdAt readyMs";
    expect(Object.keys(document).toSorted()).toEqual(["schema", ...fields.split(" ")].toSorted());
    expect(Object.keys(document.readyMs)).toEqual(["p50", "p95"]);
    expect(looks).toBe(3);
  });

  it("knows no jobs of a run that is not there, rather than none", async () => {
    expect(await run(["jobs", "--run", "run_nope"])).toMatchObject({ code: EXIT.usage, stdout: "" });
  });

  it("reads as many pages of jobs as it is asked for", async () => {
    await run(["warm"], { stdin: Array.from({ length: 150 }, (_, n) => `i${n}\n`).join("") });
    const { stdout } = await run(["jobs", "--limit", "250", "--state", "stored", "--state", "dead", "--json"]);
    expect(JSON.parse(stdout).jobs).toHaveLength(250);
    const asked = api.received.filter(({ path }) => path.startsWith("/api/v1/jobs")).map(({ path }) => path);
    expect(asked).toEqual([
      "/api/v1/jobs?state=stored&state=dead&limit=200",
      "/api/v1/jobs?state=stored&state=dead&limit=50&cursor=0-200---",
    ]);
  });
});

describe("steering", () => {
  it("retries all dead letters that match, and says how many", async () => {
    await run(["warm", "a"]);
    api.stateOf = () => "dead";
    const { code, stdout } = await run(["retry", "--search", "format:webp", "--rate", "20/s"]);
    expect([code, stdout]).toEqual([EXIT.ok, "retry: 2 jobs\n"]);
    const posts = api.received.filter(({ method, path }) => method === "POST" && path === "/api/v1/actions");
    expect(posts.map(({ body }) => JSON.parse(body))).toEqual([
      { action: "retry", filter: { search: "format:webp" }, dryRun: true },
      { action: "retry", filter: { search: "format:webp" }, rate: 20 },
    ]);
  });

  it("cancels what matches only with --yes where nobody can be asked", async () => {
    await run(["warm", "a"]);
    api.stateOf = () => "dead";
    expect((await run(["cancel", "--lane", "bulk"])).code).toBe(EXIT.usage);
    expect(api.received.filter(({ body }) => body.includes("dryRun"))).toHaveLength(1);
    expect((await run(["cancel", "--lane", "bulk", "--yes"])).code).toBe(EXIT.ok);
  });

  it("cancels a run and a job by name", async () => {
    const { stdout } = await run(["warm", "a"]);
    expect((await run(["cancel", stdout.trim()])).stdout).toContain("cancelled");
    await run(["cancel", "0123456789a"]);
    expect(api.received.at(-1)).toMatchObject({ method: "POST", path: "/api/v1/jobs/0123456789a/cancel" });
  });

  it("purges an image whose id has slashes as one segment", async () => {
    const { stdout, stderr } = await run(["purge", "summer/1 a", "--yes"]);
    expect([stdout, stderr]).toEqual(["summer/1 a purging\n", expect.stringContaining("within 60 s")]);
    expect(api.received.at(-1)).toMatchObject({ method: "DELETE", path: "/api/v1/images/summer%2F1%20a" });
  });

  it("purges many images as one action, whatever names them, and waits until R2 has nothing of them", async () => {
    const ids = Array.from({ length: 450 }, (_, n) => `user/${n}.jpg`);
    writeFileSync(join(cwd, "ids.txt"), `${ids.slice(0, 100).join("\r\n")}\n\n`);
    const pages = [ids.slice(50, 300), [], ids.slice(300)];
    api.answers["GET /api/v1/image-ids"] = ({ query: { cursor = "0" } }) => {
      const at = Number(cursor);
      return { ids: pages[at] ?? [], nextCursor: at + 1 < pages.length ? String(at + 1) : null };
    };
    api.answers["POST /api/v1/image-actions"] = ({ body }) => {
      const images = (body.from ?? 0) + body.ids.length;
      return { ...leastValue(ImageAction), action: body.action, images, left: images };
    };
    let left = 2;
    api.answers["GET /api/v1/image-actions/{action}"] = ({ params }) => {
      left -= 1;
      return { ...leastValue(ImageAction), ...params, images: 450, left };
    };
    const named = ["--file", "ids.txt", "--folder", "user/", "--run", "run_1"];
    const counted = await run(["purge", ...named, "--dry-run"]);
    expect(counted.stdout).toBe(`450 images\n${ids.slice(0, 10).join("\n")}\n`);
    const posts = () => api.received.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body));
    expect(posts()).toEqual([]);
    const { code, stdout } = await run(["purge", ...named, "--yes", "--wait"]);
    expect([code, stdout]).toEqual([EXIT.ok, "purge: 450 images, and R2 has nothing of them\n"]);
    expect(posts().map(({ from, ids: { length } }) => [from, length])).toEqual([
      [0, 200],
      [200, 200],
      [400, 50],
    ]);
    expect(posts().flatMap((body) => body.ids)).toEqual(ids);
    expect(new Set(posts().map(({ action, kind, label }) => `${kind} ${label} ${action}`)).size).toBe(1);
    expect(posts()[0].label).toBe("file ids.txt, folder user/, run run_1");
    expect(left).toBe(0);
  });

  it("says how many images it has removed when one call of many is refused", async () => {
    api.answers["POST /api/v1/image-actions"] = ({ body: { from = 0, ids, action } }) => {
      if (from > 0) throw new ApiError("ledger_full");
      return { ...leastValue(ImageAction), action, images: ids.length };
    };
    const stdin = Array.from({ length: 201 }, (_, n) => `${n}\n`).join("");
    const removed = await run(["remove", "--file", "-", "--reason", "case 812", "--yes"], { stdin });
    expect(removed).toMatchObject({ code: EXIT.unreachable, stdout: "" });
    expect(removed.stderr).toContain("200 of 201 images are done");
    expect(lastBody()).toMatchObject({ kind: "remove", reason: "case 812", ids: ["200"], from: 200 });
  });

  it("does nothing of many images where one line is no id, and names that line", async () => {
    const stdin = "a\nb\n\na//b\nc\n";
    const { code, stderr } = await run(["purge", "x", "--file", "-", "--yes"], { stdin });
    expect([code, stderr]).toEqual([
      EXIT.usage,
      expect.stringMatching(/-:4: a\/\/b: .*empty segment.*Nothing was done/),
    ]);
    expect((await run(["purge", "--file", "-", "--yes"], { stdin: "\n" })).stderr).toContain("name no image");
    expect((await run(["purge", "--folder", "user", "--yes"])).stderr).toContain("ends with a slash");
    expect(api.received).toEqual([]);
  });

  it("removes an image for a reason, prints its receipt until it is complete, and lifts the block", async () => {
    expect((await run(["remove", "summer/1 a", "--yes"])).code).toBe(EXIT.usage);
    const objects = [{ name: "variants/a/400-high.webp", bytes: 1_234, uploadedAt: 0, deletedAt: 1_000 }];
    const receipt = { ...leastValue(RemovalReceipt), jobs: 2, focal: true, objects };
    api.answers["GET /api/v1/images/{id}/removal"] = { receipt, signature: "s" };
    const removed = await run(["remove", "summer/1 a", "--reason", "case 812", "--yes"]);
    expect(removed).toMatchObject({ code: EXIT.ok, stdout: "summer/1 a is removed and blocked\n" });
    expect(api.received.at(-1)).toMatchObject({ method: "POST", path: "/api/v1/images/summer%2F1%20a/remove" });
    expect(lastBody()).toEqual({ reason: "case 812" });
    const { code, stdout } = await run(["receipt", "--removed", "summer/1 a"]);
    expect([code, stdout]).toEqual([EXIT.failed, expect.stringMatching(/1,234 +variants\/a\/400-high.webp\n$/)]);
    expect(stdout).toMatch(/^deleted +1 objects, 2 jobs, focal point$/m);
    expect(JSON.parse((await run(["receipt", "--removed", "a", "--json"])).stdout)).toMatchObject({ signature: "s" });
    expect((await run(["remove", "a", "--undo"])).stderr).toContain(
      "forgets the receipt of its removal. Nobody can be asked here",
    );
    expect((await run(["remove", "a", "--undo", "--yes"])).stdout).toBe("a may be made again\n");
    expect(api.received.at(-1)).toMatchObject({ method: "POST", path: "/api/v1/images/a/unblock" });
    const asked = api.received.length;
    for (const stray of [["b"], ["--reason", "x"], ["--folder", "a/"], ["--dry-run"]])
      expect((await run(["remove", "a", "--undo", "--yes", ...stray])).code).toBe(EXIT.usage);
    expect(api.received).toHaveLength(asked);
  });

  it("sets an image's focal point and takes it back, and refuses what is no point before it asks", async () => {
    api.answers["PUT /api/v1/images/{id}/focal"] = ({ params, body }) => ({ ...params, ...body, changed: true });
    expect((await run(["focal", "summer/1 a", "0.25,1"])).stdout).toBe("summer/1 a crops are made again\n");
    expect(api.received.at(-1)).toMatchObject({ method: "PUT", path: "/api/v1/images/summer%2F1%20a/focal" });
    expect(lastBody()).toEqual({ focal: [0.25, 1] });
    await run(["focal", "a", "none"]);
    expect(lastBody()).toEqual({ focal: null });
    const asked = api.received.length;
    for (const point of ["0.5", "0.5,", "2,0", "0.1,0.2,0.3", "left"])
      expect((await run(["focal", "a", point])).code).toBe(EXIT.usage);
    expect(api.received).toHaveLength(asked);
  });

  it("pauses one lane, with a reason and an end, and resumes all", async () => {
    const paused = { live: false, upload: false, bulk: true };
    const bulk = { who: "anna", since: 0, reason: "sale\u001b", until: null as number | null };
    const pauses = { live: null, upload: null, bulk };
    api.answers["PATCH /api/v1/gate"] = () => ({ ...leastValue(Gate), paused, pauses });
    const { stdout } = await run(["pause", "bulk"]);
    expect(stdout).toBe("live    open\nupload  open\nbulk    paused until resumed: sale\\x1b\n");
    expect(lastBody()).toEqual({ paused: { bulk: { reason: null, until: null } } });
    bulk.until = BEGUN_AT;
    const paged = await run(["pause", "live", "--reason", "a migration", "--for", "30m"]);
    expect(paged.stdout).toContain("bulk    paused until 22:13 UTC: sale");
    expect(lastBody()).toEqual({ paused: { live: { reason: "a migration", until: BEGUN_AT + 1_800_000 } } });
    await run(["resume"]);
    expect(lastBody()).toEqual({ paused: { live: false, upload: false, bulk: false } });
  });

  it("doctor --progress says how far the cron's pass has come and when it ends, and mends nothing", async () => {
    const last = { objects: 22_000_000, tookMs: 219_600_000, endedAt: Date.UTC(2026, 10, 20, 8) };
    const under = { looked: 1_500_000, expected: 22_000_000, endsAt: Date.UTC(2026, 10, 29, 21, 30) };
    api.answers["GET /api/v1/doctor"] = { walking: true, startedAt: 0, ...under, restsUntil: null, last };
    expect(await run(["doctor", "--progress"])).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringMatching(
        /^Walking: 1,500,000 of about 22,000,000 objects, ends about .*21:30 UTC\nLast pass: 22,000,000 objects in 3,660 min, ended 2026-11-20 08:00 UTC\n$/,
      ),
    });
    expect(api.received.map(({ method }) => method)).not.toContain("POST");
    expect((await run(["doctor", "--progress", "--fix"])).code).toBe(EXIT.usage);
  });

  it("doctor says 1 while something is left to mend", async () => {
    const leaked = { code: "slot_leaked", message: "Slots of jobs that are over", fixed: false } as const;
    // It looks at the store in two parts, and finds the same in each.
    api.answers["POST /api/v1/doctor"] = ({ body: { cursor, fix } }) => ({
      findings: [{ ...leaked, count: 2, fixed: fix, examples: [] }],
      nextCursor: cursor === "" ? "after:second" : null,
    });
    const { code, stdout } = await run(["doctor", "--json"]);
    expect(code).toBe(EXIT.failed);
    expect(JSON.parse(stdout).findings).toEqual([{ ...leaked, count: 4 }]);
    expect((await run(["doctor", "--fix"])).code).toBe(EXIT.ok);
    expect(lastBody()).toEqual({ fix: true, cursor: "after:second" });
  });
});

describe("hooks", () => {
  const env = { HOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };

  it("signs as the Standard Webhooks specification's own example does", async () => {
    const args = ["hook", "test", "uploads", "--body", "-", "--dry-run", "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek"];
    const { stdout } = await run([...args, "--timestamp", "1614265330"], { env, stdin: '{"test": 2432232314}' });
    expect(stdout).toContain("webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n");
    expect(api.received).toEqual([]);
  });

  it("sends a signed event and prints the answer, without the admin token", async () => {
    api.answers["POST /hooks/{name}"] = { ...leastValue(HookAnswer), run: "run_hook" };
    const { code, stdout } = await run(["hook", "test", "uploads", "a"], { env });
    expect([code, JSON.parse(stdout)]).toMatchObject([EXIT.ok, { run: "run_hook" }]);
    expect(lastBody()).toMatchObject({ type: "image.uploaded", data: { items: [{ id: "a" }] } });
    const headers = api.received.at(-1)?.headers;
    expect(headers).toMatchObject({
      "webhook-id": expect.stringMatching(/^msg_/),
      "webhook-signature": expect.stringMatching(/^v1,/),
    });
    expect(headers).not.toHaveProperty("authorization");
  });

  it("names the hook's secret when that is refused, not the token, and ends with 1 when an event was rejected", async () => {
    api.fault = () => 401;
    const refused = await run(["hook", "test", "uploads", "a"], { env });
    expect([refused.code, refused.stderr]).toEqual([EXIT.auth, expect.stringContaining("Set HOOK_SECRET")]);
    expect(refused.stderr).not.toContain("ADMIN_TOKEN");
    api.fault = () => null;
    const rejected = [{ index: 0, id: "a", code: "source_unknown", message: "No configured source holds this image." }];
    api.answers["POST /hooks/{name}"] = { ...leastValue(HookAnswer), rejected };
    expect((await run(["hook", "test", "uploads", "a"], { env })).code).toBe(EXIT.failed);
  });

  it("does not sign an empty body, which a broken pipe leaves", async () => {
    const { code, stderr } = await run(["hook", "test", "uploads", "--body", "-"], { env, stdin: "" });
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining("The body is empty")]);
  });
});

describe("url", () => {
  const config = `export default { sources: [], noise: ["utm_*"], access: "signed", pages: { widths: [400, 800] }, formats: ["webp", "jpeg"], presets: { card: "w=400&h=300&f=auto" }, recipes: { upload: ["w=400", "w=800"] } };`;
  const env = { SIGNING_KEYS: "first, second", PREWARM_EDGE_URL: "https://images.example.com/" };

  it("prints plain URLs inside the closed set and signed ones outside it", async () => {
    writeFileSync(join(cwd, "prewarm.config.ts"), config);
    const { stdout } = await run(["url", "a b/c", "--preset", "card", "--transform", "w=800&h=450", "--v", "7"], {
      env,
    });
    const [free = "", preset] = stdout.trim().split("\n");
    expect(free).toMatch(/^https:\/\/images\.example\.com\/images\/a%20b\/c\?w=800&h=450&v=7&s=[\w-]{43}$/);
    const { pathname, search } = new URL(free);
    expect(await verify(pathname, search, ["first"], { noise: [] }, 0)).toBe("ok");
    expect(preset).toBe("https://images.example.com/images/a%20b/c?p=card&v=7");
  });

  it("signs the full size of a private original", async () => {
    const sources = `sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}", maxUnsignedPx: 400 }]`;
    writeFileSync(join(cwd, "prewarm.config.ts"), config.replace("sources: []", sources));
    const { stdout } = await run(
      ["url", "a", "--transform", "f=webp", "--transform", "w=800", "--transform", "w=400"],
      { env },
    );
    expect(
      stdout
        .trim()
        .split("\n")
        .map((url) => new URL(url).searchParams.has("s")),
    ).toEqual([true, true, false]);
  });

  it("prints every variant of a recipe", async () => {
    writeFileSync(join(cwd, "prewarm.config.ts"), config);
    const { stdout } = await run(["url", "a", "--recipe", "upload", "--json"], { env });
    expect(JSON.parse(stdout).urls).toEqual([
      "https://images.example.com/images/a?w=400&q=high&f=webp",
      "https://images.example.com/images/a?w=800&q=high&f=webp",
    ]);
  });

  it("signs anew a URL that was signed before, and refuses what the edge would refuse", async () => {
    writeFileSync(join(cwd, "prewarm.config.ts"), config);
    const once = await run(["url", "/images/a?w=777", "--expires", "1900000000"], { env });
    const twice = await run(["url", once.stdout.trim(), "--expires", "1900000000"], { env });
    expect(once.stdout).toMatch(/\?w=777&exp=1900000000&s=[\w-]{43}\n$/);
    expect(twice.stdout).toBe(once.stdout);
    for (const stray of [
      ["/images/a?width=1"],
      ["https://images.example.com/a"],
      ["/images/a?w=400", "--preset", "card"],
    ])
      expect(await run(["url", ...stray], { env })).toMatchObject({ code: EXIT.usage, stdout: "" });
  });

  it("signs all open URLs of an image at once, and refuses a URL that such a signature does not open", async () => {
    const sources = `sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}", maxUnsignedPx: 400 }]`;
    writeFileSync(join(cwd, "prewarm.config.ts"), config.replace("sources: []", sources));
    const args = ["url", "/images/a?w=400", "--scope", "image", "--expires", "1900000000"];
    const { stdout } = await run(args, { env });
    expect(stdout).toMatch(/\?w=400&sc=image&exp=1900000000&s=[\w-]{43}\n$/);
    const { pathname, search } = new URL(stdout.trim());
    for (const query of [search, search.replace("w=400", "p=card")])
      expect(await verify(pathname, query, ["first"], { noise: [] }, 0)).toBe("ok");
    expect((await run(["url", stdout.trim(), "--expires", "1900000000"], { env })).stdout).toBe(stdout);
    const ofId = await run(["url", "a", "--transform", "w=400", "--scope", "image", "--expires", "1900000000"], {
      env,
    });
    expect(ofId.stdout).toBe(stdout);
    for (const query of ["w=400&h=320", "w=800", "f=webp"]) {
      const refused = await run(["url", `/images/a?${query}`, "--scope", "image"], { env });
      expect([refused.code, refused.stdout]).toEqual([EXIT.usage, ""]);
      expect(refused.stderr).toContain("not open");
    }
    expect((await run(["url", "/images/a", "--scope", "site"], { env })).code).toBe(EXIT.usage);
  });
});

describe("print client", () => {
  const config = join(import.meta.dirname, "../../../packages/shared/src/config.ts");
  const write = () =>
    writeFileSync(
      join(cwd, "prewarm.config.ts"),
      `import { defineConfig } from ${JSON.stringify(config)};
      export default defineConfig({
        sources: [{ prefix: "PRIVATE-prefix", bucket: "PRIVATE_BUCKET", key: "PRIVATE/{id}" }, { prefix: "", url: "https://PRIVATE.example/{id}" }],
        presets: { card: "w=640&h=480&f=auto" },
        pages: { ratios: ["2:1"] },
        recipes: { "PRIVATE-recipe": ["w=800"] },
        hooks: { "PRIVATE-hook": { verifier: { kind: "hmac", secrets: ["PRIVATE_SECRET"], header: "x-private" }, mapper: { kind: "native" } } },
        deploy: { production: { edge: "private.example.com" } },
        noise: ["private_noise"],
        budget: { per1000Jobs: 424242, month: 434343 },
        limits: { originalMaxBytes: 444444 },
      });`,
    );

  it("prints a module that the client takes, and nothing that is private", async () => {
    write();
    const { code, stdout } = await run(["print", "client"]);
    expect(code).toBe(EXIT.ok);
    writeFileSync(join(cwd, "prewarm.public.ts"), stdout);
    const { publicConfig } = await import(join(cwd, "prewarm.public.ts"));
    expect(publicConfig).toMatchObject({ presets: { card: "w=640&h=480&f=auto" }, access: "open" });
    expect(publicConfig.ratios).toEqual(["1:1", "4:3", "3:2", "16:9", "1.91:1", "2:1"]);
    const client = createPrewarm({ baseUrl: "https://a.example", ...publicConfig });
    expect(client.imageUrl("x", { preset: "card" } as never)).toBe("https://a.example/images/x?p=card");
    expect(stdout).not.toMatch(/private/i);
    expect(stdout).not.toMatch(/4[234]{5}/);
  });

  it("prints what examples/plain shows of this repository's configuration", async () => {
    const root = join(import.meta.dirname, "../../..");
    const { stdout } = await run(["print", "client", "--json", "--config", join(root, "prewarm.config.ts")]);
    const { schema, ...settings } = JSON.parse(stdout);
    expect(JSON.parse(readFileSync(join(root, "examples/plain/prewarm.public.json"), "utf8"))).toEqual({
      schema,
      ...settings,
    });
    const { publicConfig } = await import(join(root, "examples/plain/prewarm.public.ts"));
    expect(publicConfig).toEqual(settings);
  });

  it("prints no setting but those of pages, however many there are", async () => {
    write();
    const { stdout } = await run(["print", "client", "--json"]);
    const { schema, ...settings } = JSON.parse(stdout);
    expect(schema).toBe("prewarm.client/1");
    const pages = ["maxPx", "formats", "ratios", "presets", "pages", "passThrough", "access"];
    expect(Object.keys(settings).filter((setting) => !pages.includes(setting))).toEqual([]);
    for (const secret of [
      "sources",
      "hooks",
      "recipes",
      "limits",
      "gate",
      "budget",
      "deploy",
      "written",
      "secrets",
      "verifier",
      "bucket",
    ])
      expect(stdout).not.toContain(`"${secret}"`);
  });
});
