import type { EventType } from "@prewarm/shared/events";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { deliverEvent } from "../platform/deliver-event.ts";
import { noteTroubles, runEvents } from "./follow-ups.ts";
import { PERMANENT, STORED, setup } from "./testing/setup.ts";

const SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const OLD = "whsec_MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const key = (id: string) => `${id}/400-high.webp`;

interface Got {
  url: string;
  id: string;
  type: string;
  text: string;
  data: Record<string, unknown>;
}

/** A ledger with endpoints, each a receiver that checks what comes with the reference library. */
function world(endpoints: { url: string; types?: EventType[] }[] = [{ url: "https://a.example/in" }]) {
  const got: Got[] = [];
  const down = new Set<string>();
  const calls: string[] = [];
  const receive: typeof fetch = async (input, init) => {
    const url = String(input);
    calls.push(url);
    if (down.has(url)) throw new Error("connection refused");
    const headers = Object.fromEntries(new Headers(init?.headers));
    for (const secret of [SECRET, OLD]) new Webhook(secret).verify(String(init?.body), headers);
    got.push({ url, id: headers["webhook-id"] ?? "", ...(JSON.parse(String(init?.body)) as Omit<Got, "url" | "id">) });
    return new Response("thanks");
  };
  const events = endpoints.map((endpoint) => ({ ...endpoint, secrets: ["EVENTS_SECRET"] }));
  const made = setup(
    { events, budget: { month: 10, shares: { warming: 1, live: 1, liveDay: 1 } } },
    { deliver: (event) => deliverEvent(event, [SECRET, OLD], receive) },
  );
  const { transactions, deps, clock } = made;
  made.ledger.patchGate({ budget: { alertLevels: [0.4, 1] } }, "ops");
  const look = () => {
    noteTroubles(transactions, deps);
    return runEvents(transactions, deps);
  };
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
  it("a run that is finished, how it came out, and jobs that died, once for their part", async () => {
    const { look, pass, got, granted, settle, leave, clock } = world();
    // The library's own tolerance is five minutes around the machine's clock.
    clock.ms = Date.now();
    await look();
    settle("o", granted("o", key("a")), PERMANENT);
    leave("o");
    await pass(120);
    const troubles = got.filter(({ type }) => type === "trouble.opened");
    expect(got.map(({ type }) => type)).toEqual(["run.finished", "trouble.opened"]);
    expect(got[0]).toMatchObject({
      text: "The run test has ended: 1 dead.",
      data: { run: "test", who: "test", states: { dead: 1, stored: 0 } },
    });
    expect(troubles.map(({ data }) => data)).toMatchObject([
      { key: "died.ittybit", part: "ittybit", level: "warning", affects: { count: 1 } },
    ]);
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

  it("a trouble at once, with sentence, cure and link, and that it is over, with how long and how many", async () => {
    const { look, pass, granted, settle, ledger, got, clock, evict } = world();
    clock.ms = Date.now();
    await look();
    settle("o", granted("o", key("e")), { kind: "account", status: 402, message: "Payment <required>" });
    await pass(10);
    const isTrouble = ({ type }: { type: string }) => type.startsWith("trouble.");
    const begun = clock.ms - 10_000;
    expect(got.filter(isTrouble)).toMatchObject([
      {
        type: "trouble.opened",
        data: {
          key: "breaker.account",
          part: "ittybit",
          level: "problem",
          since: begun,
          affects: { lanes: ["bulk"] },
          sentence: expect.stringMatching(/^Ittybit answers 402: billing\. Everything waits/),
          cure: expect.stringMatching(/account/),
          url: `https://control.example/?at=${begun}`,
        },
        text: expect.stringMatching(
          /^\*Ittybit, problem\* Ittybit answers 402: billing\..* since \d\d:\d\d UTC; .*\nhttps:\/\/control\.example\/\?at=\d+$/s,
        ),
      },
    ]);
    // The breaker opens and closes again: the same trouble.
    for (let n = 0; n < 3; n += 1) {
      ledger.patchGate({ breaker: { state: "closed" } }, "ops");
      await pass(20);
      settle("o", granted("o", key(`more-${n}`)), { kind: "account", status: 402, message: "Payment required" });
      await pass(20);
    }
    evict();
    ledger.patchGate({ breaker: { state: "closed" } }, "ops");
    await pass(240);
    const told = got.filter((one) => isTrouble(one) && one.data.key === "breaker.account");
    expect(told.map(({ type }) => type)).toEqual(["trouble.opened", "trouble.closed"]);
    expect(told[1]).toMatchObject({
      text: expect.stringMatching(/^\*Ittybit, over after 2 min\*/),
      data: { forMs: 130_000, url: told[0]?.data.url },
    });
  });

  it("a budget's levels and its end, each once as the level of the one trouble or as one of its own", async () => {
    const { look, pass, granted, settle, got, clock } = world();
    clock.ms = Date.now();
    await look();
    for (let n = 0; n < 10; n += 1) {
      settle("o", granted("o", key(`made-${n}`)), STORED);
      await pass(20);
    }
    await pass(240);
    const told = got.filter(({ data }) => data.part === "budget");
    expect(told.map(({ type, data }) => [type, data.key, data.level])).toEqual([
      ["trouble.opened", "budget.level", "note"],
      ["trouble.opened", "budget", "problem"],
      ["trouble.closed", "budget.level", "note"],
    ]);
  });

  it("viewers who wait, and work that nobody does", async () => {
    const { look, pass, view, order, got, clock } = world();
    clock.ms = Date.now() - 500_000;
    await look();
    view("v", key("a"));
    order({ keys: [key("b")] });
    await pass(50);
    expect(got).toEqual([]);
    await pass(450);
    expect(got.map(({ type, data }) => [type, data.key, data.part])).toEqual([["trouble.opened", "stuck", "queue"]]);
  });
});

describe("a receiver", () => {
  it("that is down for an hour gets each event once, and keeps no other from its own", async () => {
    const { down, pass, ledger, got, calls, look, clock } = world([
      { url: "https://a.example/in" },
      { url: "https://b.example/in", types: ["trouble.opened"] },
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
      { url: "https://a.example/in", types: ["trouble.opened"] },
    ]);
    clock.ms = Date.now();
    await look();
    settle("o", granted("o", key("a")), STORED);
    leave("o");
    await pass(120);
    expect(got).toEqual([]);
    const none = setup();
    const written = none.sql.exec("SELECT count(*) AS n FROM docs")[0]?.n;
    await runEvents(none.transactions, none.deps);
    expect(none.sql.exec("SELECT count(*) AS n FROM docs")[0]?.n).toBe(written);
  });
});
