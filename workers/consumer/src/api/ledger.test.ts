import type { QueueHost } from "@prewarm/durable-queue/object/queue";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../ledger/ledger.ts";
import { LEDGER_TABLES } from "../ledger/tables/own-tables.ts";
import { clientOf } from "../ledger/testing/client-of.ts";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { type ApiWorld, createApiWorld, VIEWER, work } from "./testing/api-world.ts";

const key = (id: string) => `${id}/400-high.webp`;
const ids = Array.from({ length: 1_200 }, (_, n) => `i${n}`);

async function exported(world: ApiWorld): Promise<string> {
  const answer = await world.call("GET", "/api/v1/ledger/export");
  expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
  return answer.text();
}

const put = (world: ApiWorld, body: string, query = "?replace=true") =>
  world.json("POST", `/api/v1/ledger/import${query}`, { body, headers: { "Content-Type": "application/x-ndjson" } });

/** A ledger with rows in most of its tables. */
async function filled(): Promise<ApiWorld> {
  const world = createApiWorld();
  await world.json("POST", "/api/v1/warm", {
    body: { items: ids.map((id) => ({ id, transforms: ["w=400&f=webp"] })) },
  });
  work(world, [key("i0"), key("i1")], "stored");
  return world;
}

const tablesOf = ({ sql }: ApiWorld, ...but: string[]) =>
  Object.fromEntries(
    ["jobs", "orders", "runs", "inbox", "images", "recent", "hist", "actions", "joins", "attempts"]
      .filter((name) => !but.includes(name))
      .map((name) => [name, sql.exec(`SELECT * FROM ${name} ${OWN[name] ?? ""} ORDER BY 1, 2`)]),
  );
/** The ledger notes the calls of the import itself. */
const OWN: Record<string, string> = { inbox: "WHERE id NOT LIKE 'call:%'" };

describe("a copy of the ledger", () => {
  it("exported and imported elsewhere is the same ledger, and both are told by the audit log", async () => {
    const world = await filled();
    const copy = await exported(world);
    const lines = copy.trimEnd().split("\n");
    expect(lines[0]).toBe(`{"prewarm":"ledger/1","schema":${LEDGER_TABLES.length}}`);
    expect(lines.at(-1)).toBe(JSON.stringify({ end: lines.length - 2 }));
    const other = createApiWorld();
    other.advance(60_000);
    expect(await put(other, copy)).toEqual({ status: 200, body: { rows: lines.length - 2, done: true } });
    expect(tablesOf(other)).toEqual(tablesOf(world));
    expect((await other.json("GET", "/api/v1/stats")).body.states).toEqual(
      (await world.json("GET", "/api/v1/stats")).body.states,
    );
    const { entries } = (await other.json("GET", "/api/v1/audit")).body as { entries: { what: string }[] };
    expect(entries.slice(0, 2).map(({ what }) => what)).toEqual(["ledger.restored", "ledger.export"]);
  });

  it("comes in parts, and changes nothing before its last line", async () => {
    const world = await filled();
    const lines = (await exported(world)).trimEnd().split("\n");
    const other = createApiWorld();
    await other.json("POST", "/api/v1/warm", { body: { items: [{ id: "kept" }] } });
    for (let at = 0; at < lines.length - 1; at += 500)
      expect((await put(other, lines.slice(at, Math.min(at + 500, lines.length - 1)).join("\n"))).body).toMatchObject({
        done: false,
      });
    expect((await other.deps.ledger.imageRows("kept", [])).rows).toHaveLength(2);
    expect((await put(other, lines.at(-1) ?? "")).body).toEqual({ rows: 0, done: true });
    expect((await other.deps.ledger.imageRows("kept", [])).rows).toHaveLength(0);
    expect(tablesOf(other)).toEqual(tablesOf(world));
  });

  it.each<[string, (lines: string[]) => string[]]>([
    ["misses a row", (lines) => lines.toSpliced(5, 1)],
    ["has a row twice", (lines) => lines.toSpliced(5, 0, lines[5] ?? "")],
    ["is of a newer schema", (lines) => ['{"prewarm":"ledger/1","schema":99}', ...lines.slice(1)]],
    ["is of no schema", (lines) => ['{"prewarm":"ledger/1","schema":0}', ...lines.slice(1)]],
    ["has no first line", (lines) => lines.slice(1)],
    ["names a table that is none", (lines) => lines.toSpliced(5, 1, '{"table":"sqlite_master","row":{"x":1}}')],
    ["has a column that is none", (lines) => lines.toSpliced(5, 1, '{"table":"meta","row":{"id":1}}')],
    ["is no copy", () => ['{"items":[{"id":"a"}]}']],
    ["has no rows", (lines) => [lines[0] ?? "", '{"end":0}']],
  ])("that %s is refused, and the ledger is as it was", async (_, spoil) => {
    const world = await filled();
    const spoiled = spoil((await exported(world)).trimEnd().split("\n"));
    const before = tablesOf(world);
    expect(await put(world, spoiled.join("\n"))).toMatchObject({ status: 400, body: { code: "body_invalid" } });
    expect(tablesOf(world)).toEqual(before);
  });

  it("is for operators, and says that what is there is lost", async () => {
    const world = createApiWorld();
    expect((await world.call("GET", "/api/v1/ledger/export", { token: VIEWER })).status).toBe(403);
    expect((await world.call("POST", "/api/v1/ledger/import?replace=true", { token: VIEWER, body: "" })).status).toBe(
      403,
    );
    expect((await put(world, await exported(world), "")).body).toMatchObject({ code: "parameter_invalid" });
  });
});

describe("the platform's bookmarks", () => {
  /** A platform that keeps bookmarks: what an object of it is asked. `drops`: the first call is heard, and its connection drops with the restart. */
  function platform({ keeps = true, drops = false } = {}) {
    const asked: string[] = [];
    const world = createApiWorld();
    const { engine, host } = testEngine(world.sql, world.deps, { sleep: async () => undefined });
    let now = "b-now";
    const bookmarks: QueueHost["bookmarks"] = {
      now: async () => now,
      at: async (time) => `b-${time}`,
      restoreNext: async (bookmark) => {
        asked.push(`to ${bookmark}`);
        return now;
      },
      restart: () => {
        now = "b-restarted";
      },
    };
    if (keeps) host.bookmarks = bookmarks;
    const isDropped = () => drops && asked.length === 1;
    world.deps.ledger = {
      ...clientOf(dropping(engine, isDropped)),
      restored: async (who, how, before) => void asked.push(`${who} ${JSON.stringify(how)} ${before?.purges.length}`),
    };
    return { ...world, asked };
  }

  /** Its calls are heard, and their connections drop after an answer for which this holds. */
  function dropping(engine: Ledger, isDropped: () => boolean): Ledger {
    return new Proxy(engine, {
      get:
        (target, name) =>
        async (...args: unknown[]) => {
          const answer: unknown = await (Reflect.get(target, name) as (...args: unknown[]) => unknown).apply(
            target,
            args,
          );
          if (isDropped()) throw Object.assign(new Error("Network connection lost."), { retryable: true });
          return answer;
        },
    });
  }

  it("put it back to a time or a bookmark, after which it is told that it was restored", async () => {
    const world = platform();
    const at = "2026-11-24T11:00:00Z";
    expect(await world.json("POST", "/api/v1/ledger/restore", { body: { at } })).toMatchObject({
      status: 200,
      body: { bookmark: `b-${Date.parse(at)}`, undo: "b-now" },
    });
    await world.json("POST", "/api/v1/ledger/restore", { body: { bookmark: "b-7" } });
    expect(world.asked).toEqual([
      `to b-${Date.parse(at)}`,
      `operator token 1 {"bookmark":"b-${Date.parse(at)}","undo":"b-now"} 0`,
      "to b-7",
      'operator token 1 {"bookmark":"b-7","undo":"b-restarted"} 0',
    ]);
  });

  it("are told as of before the restart, though the call was made again after it", async () => {
    const world = platform({ drops: true });
    const { body } = await world.json("POST", "/api/v1/ledger/restore", { body: { at: "2026-11-24T11:00:00Z" } });
    expect(world.asked.slice(0, 2)).toEqual([`to ${String(body.bookmark)}`, `to ${String(body.bookmark)}`]);
    expect(body.undo).toBe("b-now");
  });

  it.each([{ at: "2026-11-24T13:00:00Z" }, { at: "yesterday" }, {}, { bookmark: "" }])(
    "are not asked for %j",
    async (body) => {
      const world = platform();
      expect((await world.call("POST", "/api/v1/ledger/restore", { body })).status).toBe(400);
      expect(world.asked).toEqual([]);
    },
  );

  it("are said to be missing where the platform keeps none", async () => {
    const answer = await platform({ keeps: false }).call("POST", "/api/v1/ledger/restore", { body: { bookmark: "b" } });
    expect(answer.status).toBe(503);
  });
});
