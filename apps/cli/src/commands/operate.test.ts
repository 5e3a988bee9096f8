import { Stats } from "@prewarm/control-schema/stats";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const GATE = {
  paused: { live: false, upload: false, bulk: true },
  breaker: { state: "open", reason: "402\u001b[2J", status: 402, since: 1, probeAt: 2 },
  rate: { perSecond: 20, burst: 20 },
  concurrency: 50,
  limits: {
    rate: { mode: "configured", value: 20, min: null, max: null, why: null, since: null },
    concurrency: { mode: "auto", value: 50, min: 1, max: 1000, why: "It grew while work waited.", since: 1 },
  },
  budget: { monthlyJobs: null, warmingShare: 0.8, liveShare: 0.5, liveDayShare: 0.1, month: "2026-11", used: 1234 },
  reasons: [{ lane: "bulk", code: "paused", message: "Paused by an operator.", until: null }],
};

async function* piped(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/**
 * Runs one command line against a server that answers everything with `answer`. `piped`: its input; `typed`: the answer of a person at a
 * terminal.
 */
async function run(line: string | readonly string[], answer: unknown, input: { piped?: string; typed?: string } = {}) {
  const asked: { call: string; body: unknown }[] = [];
  const world = createWorld({
    env: { ADMIN_TOKEN: "operator" },
    ...(input.typed === undefined ? { stdin: piped(input.piped ?? "") } : { typed: input.typed }),
    fetch: (url, { method, body }) => {
      const { pathname, search } = new URL(url);
      asked.push({
        call: `${method} ${pathname}${search}`,
        body: body === undefined ? null : JSON.parse(String(body)),
      });
      return Response.json(answer);
    },
  });
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return world.context.ask(question);
  };
  const words = typeof line === "string" ? line.split(" ") : [...line];
  const code = await runCli(words, { ...world.context, ask }, () => {});
  return { code, asked, questions, stdout: world.stdout(), stderr: world.stderr() };
}

describe("prewarm retry", () => {
  const ended = { action: "act_1", state: "done", total: 0, done: 3, skipped: 0, at: 0 };

  it.each([
    ["acts on what lies beyond what was counted", false, "at least 0 jobs match.\n", "retry: 3 jobs\n", 2],
    ["does nothing when nothing matches", true, "", "0 jobs match.\n", 1],
  ])("%s", async (_, exact, notes, said, calls) => {
    const { code, stdout, stderr, asked } = await run("retry --search error:x", { ...ended, exact });
    expect([code, stdout, asked.length]).toEqual([EXIT.ok, said, calls]);
    expect(stderr).toBe(notes);
  });
});

describe("what acts on every job", () => {
  const counted = { action: "act_1", state: "done", total: 2, exact: true, at: 7, done: 2, skipped: 0 };

  it.each([
    ["is meant with --all", ["retry", "--all"], { filter: {}, all: true }],
    ["is left to the API where no word says it", ["retry"], { filter: {} }],
    ["has nobody's agreement with --yes", ["cancel", "--yes"], { filter: {} }],
    ["is agreed to by a person who has read the number", ["cancel"], { filter: {}, agreed: { at: 7, total: 2 } }],
  ])("%s", async (_, line, body) => {
    const { code, asked } = await run(line, counted, { typed: "cancel" });
    expect([code, asked[1]]).toEqual([EXIT.ok, { call: "POST /api/v1/actions", body: { action: line[0], ...body } }]);
  });
});

describe("prewarm promote", () => {
  it.each([
    ["promote run_1", 7, true, "run_1 goes first in bulk\n"],
    ["promote run_1 --back", null, false, "run_1 takes turns in bulk\n"],
  ])("%s", async (line, since, first, said) => {
    const { stdout, asked } = await run(line, { run: "run_1", lane: "bulk", first: since });
    expect([stdout, asked]).toEqual([said, [{ call: "PATCH /api/v1/runs/run_1", body: { first } }]]);
  });
});

describe("prewarm gate", () => {
  it.each([
    ["--monthly-jobs 800000", "raise", "Jobs a month: 60,000 → 800,000, at most 1,110.00 more. Type raise to go on"],
    ["--monthly-jobs none", "raise", "Jobs a month: 60,000 → unlimited, at any cost. Type raise to go on"],
    ["--monthly-jobs 800000", "no", "Not confirmed; nothing was done."],
    ["--monthly-jobs 800000", undefined, "Nobody can be asked here: add --yes."],
    ["--monthly-jobs 800000 --yes", undefined, ""],
    ["--monthly-jobs 0", undefined, ""],
  ])("asks with the price before it raises the budget: %s, typed %s", async (flags, typed, said) => {
    const spent = { per1000Jobs: 1.5 };
    const answer = { ...GATE, budget: { ...GATE.budget, monthlyJobs: 60_000 }, spent };
    const { code, stderr, asked, questions } = await run(`gate ${flags}`, answer, typed === undefined ? {} : { typed });
    expect(`${stderr}${questions}`).toContain(said);
    const isDone = typed === "raise" || said === "";
    expect(code).toBe(isDone ? EXIT.ok : EXIT.usage);
    expect(asked.map(({ call }) => call)).toEqual(["GET /api/v1/stats", ...(isDone ? ["PATCH /api/v1/gate"] : [])]);
  });

  it("shows what is let through, and why something waits", async () => {
    const { code, stdout, asked } = await run("gate", GATE);
    expect(code).toBe(EXIT.ok);
    expect(asked).toEqual([{ call: "GET /api/v1/gate", body: null }]);
    expect(stdout).toBe(
      [
        "lanes        live open, upload open, bulk paused",
        "breaker      open: 402\\x1b[2J",
        "rate         20/s, bursts of 20",
        "concurrency  50 (auto: It grew while work waited.)",
        "budget       1,234 of no limit jobs in 2026-11; warming may take 80 %, viewers 50 % (10 % of it a day)",
        "waits        bulk: Paused by an operator.",
        "",
      ].join("\n"),
    );
  });

  it.each([
    ["gate --rate 600/m", { rate: 10 }],
    ["gate --rate auto --concurrency auto", { rate: "auto", concurrency: "auto" }],
    ["gate --concurrency 5 --reset-breaker", { concurrency: 5, breaker: { state: "closed" } }],
    ["gate --live-share 0.2", { budget: { liveShare: 0.2 } }],
    ["gate --live-day-share 0.3", { budget: { liveDayShare: 0.3 } }],
  ])("%s changes just that", async (line, body) => {
    expect((await run(line, GATE)).asked).toEqual([{ call: "PATCH /api/v1/gate", body }]);
  });

  // The world's time is 2023-11-14T22:13:20Z.
  it.each([
    ["22:14", Date.UTC(2023, 10, 14, 22, 14)],
    ["22:13", Date.UTC(2023, 10, 15, 22, 13)],
    ["2023-12-01T06:00Z", Date.UTC(2023, 11, 1, 6)],
  ])("pause --until %s ends at the next such time", async (text, until) => {
    const { asked } = await run(`pause bulk --until ${text}`, GATE);
    expect(asked[0]?.body).toEqual({ paused: { bulk: { reason: null, until } } });
  });

  it.each(["--until 2023-11-14T22:13", "--until noon", "--until 25:00", "--until 23:00 --for 1h"])(
    "pause %s is refused",
    async (flags) => expect(await run(`pause ${flags}`, GATE)).toMatchObject({ code: EXIT.usage, asked: [] }),
  );

  it.each([
    "gate --rate 0",
    "gate --concurrency 0",
    "gate --monthly-jobs some",
    "gate --warming-share 80",
    "gate --live-day-share 2",
    "gate live",
  ])("%s is wrong usage and changes nothing", async (line) => {
    expect(await run(line, GATE)).toMatchObject({ code: EXIT.usage, asked: [] });
  });
});

describe("prewarm causes", () => {
  const states = { retrying: 3, dead: 1200, refused: 0 };
  const cause = { cause: "f1", code: "timeout", text: "It took\u001b too long.", count: 1203, states, lastSeen: 0 };
  const answer = { exact: true, causes: [{ ...cause, cure: "Wait." }], unreadable: [] };

  it("lists why jobs fail, over all three states, with the cure, and says how to try one again", async () => {
    const { stdout, stderr, asked } = await run("causes --window 5m --run r1", answer);
    expect(asked[0]?.call).toBe("GET /api/v1/causes?window=5m&run=r1");
    expect(stdout).toMatch(/^f1 +1,203 +3 +1,200 +0 +1970-01-01T00:00 +It took\\x1b too long\. {2}Wait\.$/m);
    expect(stderr).toContain("prewarm retry --search cause:");
  });

  it("lists messages that nobody could read", async () => {
    const unreadable = [{ queue: "prewarm-live", reason: "no JSON", at: 0 }];
    expect((await run("causes", { exact: true, causes: [], unreadable })).stdout).toBe(
      "Nothing has failed in this time.\n\nQueue messages that could not be read: 1\n1970-01-01T00:00  prewarm-live  no JSON\n",
    );
  });

  it("says when nothing has failed, and when not all is counted", async () => {
    const { stdout, stderr, asked } = await run("causes", { exact: false, causes: [], unreadable: [] });
    expect(asked[0]?.call).toBe("GET /api/v1/causes?window=1h");
    expect(stdout).toBe("Nothing has failed in this time.\n");
    expect(stderr).toContain("not all of them are counted");
  });

  it("takes no other span", async () => {
    expect(await run("causes --window 2h", answer)).toMatchObject({ code: EXIT.usage, asked: [] });
  });
});

describe("prewarm serving", () => {
  const views = { cache: 1200, store: 100, original: 20, failed: 0 };
  const missed = [{ id: "a\u001b.jpg", transform: "w=800&f=webp", views: 9, stored: false }];
  const sums = { hitRatio: 0.985, savedBytes: 4_000, originalBytes: 5_000, missed };

  it("prints how many views had their variant, what that saved, and what was missed", async () => {
    const { stdout, asked } = await run("serving --window 30d", { state: "counted", text: null, views, ...sums });
    expect(asked[0]?.call).toBe("GET /api/v1/serving?window=30d");
    expect(stdout).toMatch(/^98\.5 % of views had their variant\.\n4,000 bytes saved, 80 % of the originals'\.$/m);
    expect(stdout).toMatch(/^cache +1,200$/m);
    expect(stdout).toMatch(/^9 +no +a\\x1b\.jpg +w=800&f=webp$/m);
  });

  it("says how to switch the counting on, and takes no other span", async () => {
    const off = { state: "off", text: "Enable it.", views, ...sums, hitRatio: null, missed: [] };
    expect(await run("serving", off)).toMatchObject({ stdout: "", stderr: expect.stringContaining("Enable it.") });
    expect(await run("serving --window 2h", off)).toMatchObject({ code: EXIT.usage, asked: [] });
  });
});

describe("prewarm log hooks", () => {
  const none = { duplicates: 0, existing: 0, purged: 0, ignored: 0 };
  const delivery = { hook: "uploads", at: 0, verdict: "accepted", why: "id_invalid: \u001b", n: 1, run: "r", ...none };
  const refusal = { ...delivery, verdict: "refused", why: "unauthorized: no", n: 51, run: null };
  const deliveries = [
    { ...delivery, accepted: 6, rejected: 1, images: [{ id: "a", states: { dead: 4, queued: 1 }, error: null }] },
    { ...refusal, accepted: 0, rejected: 0, images: [] },
  ];

  it("lists deliveries with their verdicts, and says which hook takes nothing", async () => {
    const hooks = [{ name: "uploads", fault: "HOOK_SECRET: it is not set" }];
    const { stdout, stderr, asked } = await run(["log", "hooks"], { hooks, deliveries });
    expect(asked[0]?.call).toBe("GET /api/v1/hooks");
    expect(stdout).toMatch(/uploads +accepted +6 accepted, 1 rejected, 4 failed +id_invalid: \\x1b$/m);
    expect(stdout).toMatch(/uploads +refused × 51 +unauthorized: no$/m);
    expect(stderr).toContain("uploads takes nothing: HOOK_SECRET");
  });

  it("says how many new pictures of a hook this month's budget still allows", async () => {
    const hooks = [{ name: "uploads", fault: null, jobsPerImage: 22 }];
    const stats = {
      pace: { all: { perSecond: null, jobsLeft: 0 } },
      gate: { rate: { perSecond: 20, burst: 20 } },
      budget: { monthlyJobs: 100_000, warmingShare: 0.8, left: { live: 50_000, warming: 80_000 } },
      spent: { per1000Jobs: null },
    };
    const { stderr } = await run("log hooks", { hooks, deliveries: [], ...stats });
    expect(stderr).toContain("makes 22 jobs of a new picture; the 80,000 jobs left this month are 3,636 pictures.");
  });

  it("says that nothing was delivered", async () => {
    expect(await run("log hooks", { hooks: [], deliveries: [] })).toMatchObject({ stdout: "Nothing was delivered.\n" });
  });
});

describe("prewarm log events", () => {
  const event = { at: 0, type: "run.finished", state: "waiting", tries: 2, status: 0, said: "refused\u001b" };
  const endpoints = [{ url: "https://a.example" }];
  const answer = { endpoints, events: [{ ...event, endpoint: "https://a.example/in" }] };

  it("lists what was told whom and what came back", async () => {
    const { stdout, asked } = await run("log events --limit 5000", answer);
    expect(asked[0]?.call).toBe("GET /api/v1/events?limit=1000");
    expect(stdout).toMatch(
      /^1970-01-01T00:00:00 +run\.finished +waiting +2 +0 +https:\/\/a\.example\/in +refused\\x1b$/m,
    );
  });

  it("says that no event is sent", async () => {
    const { stdout, stderr } = await run("log events", { endpoints: [], events: [] });
    expect(stdout).toBe("No event was sent.\n");
    expect(stderr).toContain("names no endpoint");
  });
});

describe("prewarm info", () => {
  const known = {
    id: "a",
    width: 2400,
    height: 1600,
    type: "image/jpeg",
    bytes: 350_000,
    frames: 1,
    widths: [320, 640],
  };
  const answer = { images: [{ ...known, version: null, lqip: "data:image/webp;base64,AA" }], unknown: ["b\u001b"] };

  it("asks for each image once, and says which are not known", async () => {
    const { stdout, stderr, asked } = await run("info a b a", answer);
    expect(asked).toEqual([{ call: "POST /api/v1/info", body: { ids: ["a", "b"] } }]);
    expect(stdout).toMatch(/^2400×1600 +image\/jpeg +350000 +320,640 +a$/m);
    expect(stderr).toContain("Not known yet: b\\x1b");
  });

  it("prints what a build can read, also of a list that is piped in", async () => {
    const ids = Array.from({ length: 1001 }, (_, n) => `${n}`);
    const { stdout, asked } = await run("info - --json", answer, { piped: `${ids.join("\n")}\n` });
    expect(asked.map(({ body }) => (body as { ids: string[] }).ids.length)).toEqual([1000, 1]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "prewarm.info/1",
      images: [{ lqip: answer.images[0]?.lqip }, {}],
    });
  });

  it("refuses what is no id, and asks nothing", async () => {
    expect(await run("info a//b", answer)).toMatchObject({ code: EXIT.usage, asked: [] });
    expect(await run("info", answer)).toMatchObject({ code: EXIT.usage, asked: [] });
  });
});

describe("prewarm log and prewarm log actions", () => {
  it("says who did what", async () => {
    const entries = [
      { seq: 1, at: 0, who: "operator token 1", what: "gate.patch", target: null, details: { rate: 5 } },
    ];
    const { stdout, asked } = await run("log --limit 3", { entries, nextCursor: null });
    expect(asked[0]?.call).toBe("GET /api/v1/audit?limit=3");
    expect(stdout).toMatch(/^1970-01-01T00:00:00 +operator token 1 +gate\.patch +\{"rate":5\}$/m);
  });

  it("reads no more pages than it shows", async () => {
    const entries = Array.from({ length: 50 }, (_, seq) => ({
      seq,
      at: 0,
      who: "a",
      what: "b",
      target: null,
      details: {},
    }));
    expect((await run("log audit", { entries, nextCursor: "more" })).asked).toHaveLength(1);
  });

  it("lists actions, and stops one", async () => {
    const action = {
      action: "act_1",
      kind: "retry",
      state: "running",
      total: 9,
      done: 3,
      skipped: 0,
      who: "me",
      filter: {},
    };
    expect((await run("log actions", { actions: [action], nextCursor: null })).stdout).toMatch(
      /^act_1 +retry +running +3\/9 +me/m,
    );
    const stopped = await run("cancel act_1", { ...action, state: "stopped" });
    expect([stopped.asked[0]?.call, stopped.stdout]).toEqual(["DELETE /api/v1/actions/act_1", "act_1 stopped\n"]);
  });

  it.each(["log hooks --at 14:05", "log actions --search me", "log acts"])(
    "refuses %s and asks nothing",
    async (line) => {
      expect(await run(line, {})).toMatchObject({ code: EXIT.usage, asked: [] });
    },
  );
});

describe("prewarm status", () => {
  const counts = { queued: 3, processing: 0, retrying: 0, stored: 1200, dead: 2, refused: 0, cancelled: 0 };
  const stats = {
    ...leastValue(Stats),
    lanes: { live: counts, upload: counts, bulk: counts },
    deadLetters: 6,
    ledger: { rows: 3615, bytes: 5_250_000_000, limitBytes: 10_000_000_000 },
    metricErrors: 0,
    runs: [],
  };

  it("says what the ledger holds, how full it is, and which metrics were lost", async () => {
    const { code, stdout } = await run("status", stats);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^live +3 +0 +0 +1,200 +2/m);
    expect(stdout).toMatch(/^ledger {8}3,615 rows, 5\.3 GB of 10\.0 GB, 52\.5 %\ndead letters {2}6\n\n/m);
    expect((await run("status", { ...stats, metricErrors: 4 })).stdout).toMatch(/^metrics lost {2}4$/m);
    expect(JSON.parse((await run("status --json", stats)).stdout)).toMatchObject({
      schema: "prewarm.status/1",
      ledger: { rows: 3615 },
      deadLetters: 6,
    });
  });
});

describe("prewarm log --at", () => {
  const page = { entries: [], nextCursor: null };

  it.each([["2026-11-24T14:05", Date.UTC(2026, 10, 24, 14, 0), Date.UTC(2026, 10, 24, 14, 10)]])(
    "%s shows the ten minutes around it",
    async (at, from, to) => {
      const { code, asked } = await run(`log --at ${at}`, page);
      expect([code, asked[0]?.call]).toEqual([EXIT.ok, `GET /api/v1/audit?limit=50&from=${from}&to=${to}`]);
    },
  );

  it("asks nothing of a text that is no time", async () => {
    const { code, asked } = await run("log --at noon", page);
    expect([code, asked]).toEqual([EXIT.usage, []]);
  });
});
