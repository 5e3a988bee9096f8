import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { deliverEvent } from "../platform/deliver-event.ts";
import { runEvents } from "./follow-ups.ts";
import { PERMANENT, STORED, setup } from "./testing/setup.ts";

const SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const OLD = "whsec_MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const key = (id: string) => `${id}/400-high.webp`;

interface Got {
  url: string;
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** A ledger with endpoints, each a receiver that checks what comes with the reference library. */
function world(
  endpoints: { url: string; types?: ("run.finished" | "breaker.opened")[] }[] = [{ url: "https://a.example/in" }],
) {
  const got: Got[] = [];
  const down = new Set<string>();
  const calls: string[] = [];
  const receive: typeof fetch = async (input, init) => {
    const url = String(input);
    calls.push(url);
    if (down.has(url)) throw new Error("connection refused");
    const headers = Object.fromEntries(new Headers(init?.headers));
    for (const secret of [SECRET, OLD]) new Webhook(secret).verify(String(init?.body), headers);
    const { type, data } = JSON.parse(String(init?.body)) as { type: string; data: Record<string, unknown> };
    got.push({ url, id: headers["webhook-id"] ?? "", type, data });
    return new Response("thanks");
  };
  const events = endpoints.map((endpoint) => ({ ...endpoint, secrets: ["EVENTS_SECRET"] }));
  const made = setup(
    { events, budget: { month: 10, shares: { warming: 1, live: 1, liveDay: 1 } } },
    { deliver: (event) => deliverEvent(event, [SECRET, OLD], receive) },
  );
  const { transactions, deps, clock } = made;
  made.ledger.patchGate({ budget: { alertLevels: [0.4, 1] } }, "ops");
  const look = () => runEvents(transactions, deps);
  /** Looks as the alarm does, every ten seconds. */
  const pass = async (seconds: number) => {
    for (let left = seconds; left > 0; left -= 10) {
      clock.advance(10);
      await look();
    }
  };
  const types = () => got.map(({ type }) => type);
  return { ...made, got, down, calls, look, pass, types };
}

describe("an event is signed for the reference library, told once, and says what happened:", () => {
  it("a run that is finished, how it came out, and dead letters by cause", async () => {
    const { look, pass, got, granted, settle, leave, types, clock } = world();
    // The library's own tolerance is five minutes around the machine's clock.
    clock.ms = Date.now();
    await look();
    settle("o", granted("o", key("a")), PERMANENT);
    leave("o");
    await pass(120);
    expect(types()).toEqual(["run.finished", "variant.dead"]);
    expect(got[0]?.data).toMatchObject({ run: "test", who: "test", states: { dead: 1, stored: 0 } });
    expect(got[1]?.data).toMatchObject({ code: "upstream_failed", message: "it failed", count: 1 });
  });

  it("an image of which an upload's variants are all stored, from the first look on", async () => {
    const { look, pass, order, call, ready, submit, settle, leave, got, clock } = world();
    clock.ms = Date.now();
    const upload = (id: string) => {
      order({ run: `upload of ${id}`, lane: "upload", keys: [`${id}/400-high.webp`, `${id}/800-high.webp`] });
      const go = ready(id, call(id).give);
      expect(go).toHaveLength(2);
      for (const given of go) {
        submit(id, given);
        settle(id, given, STORED);
      }
      leave(id);
    };
    upload("before");
    await look();
    upload("a");
    await pass(30);
    const images = got.filter(({ type }) => type === "image.ready");
    expect(images.map(({ data }) => data)).toEqual([{ id: "a", stored: 2, failed: 0 }]);
  });

  it("an image whose variants are stored in several calls is told once, with all of them, and again when it is made anew", async () => {
    const { look, pass, order, call, ready, submit, settle, got, clock } = world();
    clock.ms = Date.now();
    await look();
    for (const force of [false, true]) {
      order({ run: "u", lane: "upload", keys: ["a/400-high.webp", "a/800-high.webp"], force });
      for (const given of ready("o", call("o").give)) {
        submit("o", given);
        settle("o", given, STORED);
        // The looks see one variant each.
        await pass(10);
      }
    }
    const isReady = ["image.ready", { id: "a", stored: 2, failed: 0 }];
    const images = got.filter(({ type }) => type === "image.ready");
    expect(images.map(({ type, data }) => [type, data])).toEqual([isReady, isReady]);
  });

  it("the breaker, opened and closed again, and a budget's level", async () => {
    const { look, pass, granted, settle, ledger, types, got, clock } = world();
    clock.ms = Date.now();
    await look();
    for (const id of ["a", "b", "c", "d"]) settle("o", granted("o", key(id)), STORED);
    settle("o", granted("o", key("e")), { kind: "account", status: 402, message: "Payment required" });
    await pass(20);
    ledger.patchGate({ breaker: { state: "closed" } }, "ops");
    await pass(20);
    expect(types().filter((type) => type !== "run.finished")).toEqual([
      "breaker.opened",
      "budget.level",
      "breaker.closed",
    ]);
    expect(got.find(({ type }) => type === "budget.level")?.data).toMatchObject({
      level: 0.4,
      used: 4,
      monthlyJobs: 10,
    });
  });

  it("a budget that is exhausted once all of it is used, and not when viewers have had their part of it", async () => {
    const { look, pass, view, granted, settle, ledger, got, clock } = world();
    clock.ms = Date.now();
    ledger.patchGate({ budget: { liveShare: 0.1 } }, "ops");
    await look();
    const [viewed] = view("v", key("viewed")).give;
    expect(viewed?.phase).toBe("go");
    settle("v", viewed!, STORED);
    for (let n = 0; n < 9; n += 1) {
      settle("o", granted("o", key(`made-${n}`)), STORED);
      await pass(10);
    }
    const told = got.filter(({ type }) => type === "budget.level");
    expect(told.map(({ data }) => [data.used, data.exhausted])).toEqual([
      [4, false],
      [10, true],
    ]);
  });

  it("viewers who wait", async () => {
    const { look, pass, view, types, clock } = world();
    clock.ms = Date.now();
    await look();
    view("v", key("a"));
    await pass(50);
    expect(types()).toEqual([]);
    await pass(100);
    expect(types()).toEqual(["live.stalled"]);
    await pass(100);
    expect(types()).toEqual(["live.stalled"]);
  });

  it("work that nobody does", async () => {
    const { look, pass, order, types, got, clock } = world();
    clock.ms = Date.now() - 330_000;
    await look();
    order({ keys: [key("b")] });
    await pass(330);
    expect(types()).toEqual(["nothing.consumed"]);
    expect(got[0]?.data).toMatchObject({ open: 1 });
  });
});

describe("a receiver", () => {
  it("that is down for an hour gets each event once, and keeps no other from its own", async () => {
    const { down, pass, ledger, got, calls, look, clock } = world([
      { url: "https://a.example/in" },
      { url: "https://b.example/in", types: ["breaker.opened"] },
    ]);
    await look();
    down.add("https://a.example/in");
    const begun = Date.now() - 3_700_000;
    clock.ms = begun;
    expect(ledger.testEvent("ops")).toBe(2);
    await pass(3_600);
    expect(got.map(({ url }) => url)).toEqual([]);
    expect(calls.filter((url) => url.includes("a.example")).length).toBeGreaterThan(5);
    expect(calls.filter((url) => url.includes("a.example")).length).toBeLessThan(20);
    down.clear();
    clock.ms = Date.now();
    await pass(10);
    await pass(250);
    expect(got.filter(({ url }) => url.includes("a.example")).map(({ type }) => type)).toEqual(["test"]);
    const { events } = ledger.listEvents({ limit: 10, cursor: null });
    expect(events.map(({ endpoint, state, status }) => [endpoint.slice(8, 9), state, status])).toContainEqual([
      "a",
      "delivered",
      200,
    ]);
  });

  it("that wants one type gets no other; without endpoints nothing is written", async () => {
    const { look, pass, granted, settle, leave, got, clock } = world([
      { url: "https://a.example/in", types: ["breaker.opened"] },
    ]);
    clock.ms = Date.now();
    await look();
    settle("o", granted("o", key("a")), PERMANENT);
    leave("o");
    await pass(120);
    expect(got).toEqual([]);
    const none = setup();
    const written = none.sql.exec("SELECT count(*) AS n FROM docs")[0]?.n;
    await runEvents(none.transactions, none.deps);
    expect(none.sql.exec("SELECT count(*) AS n FROM docs")[0]?.n).toBe(written);
  });
});
