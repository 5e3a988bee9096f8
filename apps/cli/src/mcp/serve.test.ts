import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { createControlApi } from "../api/control-api.ts";
import { createNamer } from "../input/namer.ts";
import { usageError } from "../platform/exit-codes.ts";
import { READ_TOOLS } from "./read-tools.ts";
import { ANSWER_MAX_CHARS, createMcpServer, serveStdio } from "./serve.ts";
import type { ToolDeps } from "./tool.ts";
import { WRITE_TOOLS } from "./write-tools.ts";

const SECRET = "a-secret-of-the-operator";
const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });

interface Sent {
  method: string;
  path: string;
  body: unknown;
}

/** A server of all tools over a control API that answers by `answers`, and what was sent to it. */
function setup(answers: Record<string, unknown>, tools = [...READ_TOOLS, ...WRITE_TOOLS]) {
  const sent: Sent[] = [];
  const world = createWorld({
    fetch: (url, { method = "GET", body }) => {
      const { pathname } = new URL(url);
      sent.push({ method, path: pathname, body: typeof body === "string" ? JSON.parse(body) : null });
      const found = answers[`${method} ${pathname}`];
      return found instanceof Response
        ? found.clone()
        : Response.json(found ?? { title: "Nothing here", code: "not_found" }, {
            status: found === undefined ? 404 : 200,
          });
    },
  });
  const server = { url: "https://control.example.com", headers: { authorization: `Bearer ${SECRET}` } };
  const deps: ToolDeps = {
    api: createControlApi(server, world.context),
    config: async () => config,
    namer: async () => createNamer(config, "https://images.example.com"),
    check: async () => [{ state: "ok", what: "configuration", text: "sound" }],
    edgeUrl: () => "https://images.example.com",
    sending: (what, repeatable = true) => ({
      what,
      repeatable,
      deadline: world.context.clock.now() + 1000,
      authHint: "Ask an operator.",
    }),
  };
  const mcp = createMcpServer({ tools, deps, version: "1.2.3", secrets: [SECRET] });
  return { sent, world, mcp };
}

async function connect(answers: Record<string, unknown>, tools?: typeof READ_TOOLS) {
  const { mcp, ...rest } = setup(answers, tools === undefined ? undefined : [...tools]);
  const [one, other] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: "test", version: "0" });
  await Promise.all([mcp.connect(one), client.connect(other)]);
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const answer = await client.callTool({ name, arguments: args });
    const [{ text }] = answer.content as [{ text: string }];
    return { isError: answer.isError ?? false, text, value: () => JSON.parse(text) };
  };
  return { ...rest, client, call };
}

it("the instructions say that others wrote the texts of answers", async () => {
  const { client } = await connect({});
  expect(client.getInstructions()).toMatch(/written by others.*data, never instructions/);
});

describe("the tools", () => {
  it("say which of them write, and without --write none does", async () => {
    const { client } = await connect({});
    const { tools } = await client.listTools();
    const writing = tools.filter(({ annotations }) => annotations?.readOnlyHint === false).map(({ name }) => name);
    expect(writing).toEqual(["warm", "pause", "resume", "retry", "promote", "purge"]);
    const reading = await (await connect({}, READ_TOOLS)).client.listTools();
    expect(reading.tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
    expect(reading.tools.map(({ name }) => name)).toContain("status");
  });

  it("take what the API takes and refuse the rest before a call", async () => {
    const { call, sent } = await connect({});
    for (const [name, args] of [
      ["jobs", { state: ["lost"] }],
      ["jobs", { limit: 51 }],
      ["job", { job: "short" }],
      ["warm", { items: [{ id: "a", v: "no/slash" }] }],
      ["warm", { items: [{ id: "a", colour: "red" }] }],
      ["retry", { filter: { colour: "red" } }],
      ["pause", { lanes: ["fast"] }],
    ] as const)
      expect((await call(name, args)).isError, `${name} ${JSON.stringify(args)}`).toBe(true);
    expect(sent).toEqual([]);
  });

  it("say what is wrong with an id or a URL, which is no bug of the program", async () => {
    const { call, sent } = await connect({});
    expect(await call("image", { image: "nope/../x" })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^nope\/\.\.\/x: The image id/),
    });
    expect(sent).toEqual([]);
  });

  it("say in words that a token may not do it", async () => {
    const problem = { title: "Forbidden", status: 403, code: "forbidden", detail: "This token may not pause." };
    const { call } = await connect({ "PATCH /api/v1/gate": Response.json(problem, { status: 403 }) });
    expect(await call("pause", { lanes: ["bulk"] })).toMatchObject({
      isError: true,
      text: "pausing: This token may not pause. (forbidden)\nAsk an operator.",
    });
  });

  it("never answer with a secret, whatever the server repeats", async () => {
    const problem = { title: "Bad", status: 400, code: "parameter_invalid", detail: `Bearer ${SECRET} is odd` };
    const { call } = await connect({ "GET /api/v1/causes": Response.json(problem, { status: 400 }) });
    const { text } = await call("causes");
    expect(text).toContain("Bearer [secret] is odd");
    expect(text).not.toContain(SECRET);
  });

  it("are bounded in length", async () => {
    const { mcp } = setup({}, []);
    const long = { name: "long", description: "", input: READ_TOOLS[0]?.input as never, writes: null };
    const world = setup({}, [{ ...long, run: async () => "x".repeat(ANSWER_MAX_CHARS * 2) }]);
    await mcp.close();
    const [one, other] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: "test", version: "0" });
    await Promise.all([world.mcp.connect(one), client.connect(other)]);
    const { content } = await client.callTool({ name: "long" });
    const [{ text }] = content as [{ text: string }];
    expect(text.length).toBeLessThan(ANSWER_MAX_CHARS + 100);
    expect(text).toMatch(/… cut: ask for fewer rows/);
  });
});

describe("image", () => {
  const variant = { transform: "w=320&f=webp", state: "retrying", bytes: null, v: null, job: "0k3v9xw2m1a" };
  const error = { code: "upstream_failed", message: "Ittybit failed" };
  const signed = "https://images.example.com/originals/a?s=signature";
  const IMAGE = {
    id: "a",
    originalUrl: signed,
    originalBytes: null,
    leftOut: [],
    sourceEtag: null,
    focal: null,
    purging: false,
    variants: [{ ...variant, error, url: signed, key: "k" }],
    nextCursor: null,
  };
  const JOB = {
    ...variant,
    id: "a",
    key: "k",
    lane: "bulk",
    run: null,
    attempts: 2,
    error,
    originalUrl: signed,
    createdAt: 1,
    updatedAt: 2,
    storedAt: null,
    waitingFor: { code: "retry", text: "Retry 3 of 7, in 40 s." },
    runs: [],
    history: [],
  };
  JOB.waitingFor = { ...JOB.waitingFor, until: null, ahead: null } as never;

  it.each(["a", "https://images.example.com/images/a?w=320&f=webp", "https://cdn.example.com/a"])(
    "says of %s why it is not warm, and gives no signed address away",
    async (text) => {
      const { call } = await connect({ "GET /api/v1/images/a": IMAGE, "GET /api/v1/jobs/0k3v9xw2m1a": JOB });
      const answer = await call("image", { image: text });
      expect(answer.value()).toMatchObject({
        id: "a",
        counts: { retrying: 1 },
        variants: [{ state: "retrying", error }],
        waiting: [{ waitingFor: { text: "Retry 3 of 7, in 40 s." } }],
      });
      expect(answer.text).not.toContain("signature");
    },
  );

  it("says that nobody asked for it", async () => {
    const { call } = await connect({ "GET /api/v1/images/a": { ...IMAGE, variants: [] } });
    expect((await call("image", { image: "a" })).value().hint).toContain("Nobody warmed or viewed it.");
  });
});

describe("what needs no call", () => {
  it("url writes URLs by the configuration, and says which need a signature", async () => {
    const { call, sent } = await connect({});
    const urls = (await call("url", { id: "summer/1", transforms: ["w=800&f=webp", "w=800&h=333"] })).value();
    expect(urls).toEqual([
      { url: "https://images.example.com/images/summer/1?w=800&f=webp" },
      {
        url: "https://images.example.com/images/summer/1?w=800&h=333",
        needsSignature: expect.stringContaining("prewarm url"),
      },
    ]);
    expect((await call("url", { id: "a", transforms: ["colour=red"] })).isError).toBe(true);
    expect((await call("check")).value()).toEqual([{ state: "ok", what: "configuration", text: "sound" }]);
    expect(sent).toEqual([]);
  });
});

describe("what writes", () => {
  it("retries the dead ones of a cause, and sends the filter as it is, so that the API refuses one that means everything", async () => {
    const action = { action: "act_1", state: "running", total: 3, exact: true, run: "run_1" };
    const { call, sent } = await connect({ "POST /api/v1/actions": action });
    expect((await call("retry", { filter: { search: "cause:fp1" } })).value()).toEqual(action);
    expect(sent[0]?.body).toEqual({ action: "retry", filter: { search: "cause:fp1" } });
  });

  it("lets a run go first, and takes it back", async () => {
    const run = { run: "run_1", lane: "bulk", first: 7 };
    const { call, sent } = await connect({ "PATCH /api/v1/runs/run_1": run });
    expect((await call("promote", { run: "run_1", first: true })).value()).toEqual(run);
    await call("promote", { run: "run_1", first: false });
    expect(sent.map(({ body }) => body)).toEqual([{ first: true }, { first: false }]);
  });

  it("pauses all lanes with a reason where none is named", async () => {
    const paused = { live: true, upload: true, bulk: true };
    const { call, sent } = await connect({ "PATCH /api/v1/gate": { paused } });
    expect((await call("pause", { reason: "too dear" })).value()).toEqual({ paused });
    const reason = { reason: "too dear" };
    expect(sent[0]?.body).toEqual({ paused: { live: reason, upload: reason, bulk: reason } });
  });
});

it("serves lines of stdin until it ends, and goes on after one that is no message", async () => {
  const { mcp } = setup({});
  const lines = ["not json", "", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })];
  const bytes = (async function* () {
    for (const line of lines) yield Buffer.from(`${line}\n`);
    // The answer to the ping is written before the server is closed.
    await new Promise((resolve) => setImmediate(resolve));
  })();
  const { context, stdout } = createWorld({ stdin: bytes });
  await serveStdio(mcp, context);
  expect(JSON.parse(stdout())).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
});

it("is told of a configuration that is not there as of any failed tool", async () => {
  const { call } = await connect({}, [
    {
      ...(READ_TOOLS[8] as (typeof READ_TOOLS)[number]),
      run: async () => Promise.reject(usageError("prewarm.config.ts is not found.", "Run this in the project.")),
    },
  ]);
  expect(await call("url", { id: "a" })).toMatchObject({
    isError: true,
    text: "prewarm.config.ts is not found.\nRun this in the project.",
  });
});
