import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const COPY = ['{"prewarm":"ledger/1","schema":1}', '{"table":"meta","row":{"id":1}}', '{"end":1}'].map(
  (line) => `${line}\n`,
);

async function run(words: string[], answer: (body: string) => Response, stdin = "") {
  const asked: string[] = [];
  const world = createWorld({
    env: { ADMIN_TOKEN: "operator" },
    stdin: (async function* () {
      yield new TextEncoder().encode(stdin);
    })(),
    fetch: (url, { method = "GET", body }) => {
      const { pathname, search } = new URL(url);
      asked.push(`${method} ${pathname}${search}`);
      return answer(String(body ?? ""));
    },
  });
  const code = await runCli(words, world.context, () => {});
  return { code, asked, stdout: world.stdout(), stderr: world.stderr() };
}

describe("prewarm ledger export", () => {
  it("writes what comes, line by line", async () => {
    const { code, stdout, asked } = await run(["ledger", "export"], () => new Response(COPY.join("")));
    expect([code, stdout, asked]).toEqual([EXIT.ok, COPY.join(""), ["GET /api/v1/ledger/export"]]);
  });

  it("says when it broke off, and what the server says", async () => {
    expect((await run(["ledger", "export"], () => new Response(COPY.slice(0, 2).join("")))).code).toBe(
      EXIT.unreachable,
    );
    const { code } = await run(["ledger", "export"], () => Response.json({ title: "no" }, { status: 403 }));
    expect(code).toBe(EXIT.auth);
  });
});

describe("prewarm ledger import", () => {
  it("sends a long copy in parts, and says how many rows there were", async () => {
    const row = `{"table":"hist","row":{"body":"${"x".repeat(900_000)}"}}\n`;
    const bodies: string[] = [];
    const copy = [COPY[0], ...Array<string>(6).fill(row), '{"end":6}\n'].join("");
    const { code, stdout } = await run(
      ["ledger", "import", "--yes"],
      (body) => {
        bodies.push(body);
        return Response.json({ rows: 1, done: body.includes('"end"') });
      },
      copy,
    );
    expect([code, stdout]).toEqual([EXIT.ok, "imported: 6 rows\n"]);
    expect(bodies).toHaveLength(2);
    expect(bodies.join("")).toBe(copy);
  });

  it.each([
    ["a copy without an end", () => Response.json({ rows: 1, done: false }), EXIT.usage],
    ["what the server refuses", () => Response.json({ detail: "it is none" }, { status: 400 }), EXIT.usage],
  ])("tells of %s", async (_, answer, code) => {
    expect((await run(["ledger", "import", "--yes"], answer, COPY.slice(0, 2).join(""))).code).toBe(code);
  });

  it("asks nobody where nobody is: --yes must be said", async () => {
    expect(await run(["ledger", "import"], () => Response.json({}), COPY.join(""))).toMatchObject({
      code: EXIT.usage,
      asked: [],
    });
  });
});

describe("prewarm ledger restore", () => {
  const answer = () => Response.json({ bookmark: "b-1", undo: "b-2" });

  it("says where it stands, and how to take it back", async () => {
    const { code, stdout, asked } = await run(["ledger", "restore", "--at", "2026-11-24T10:00:00Z", "--yes"], answer);
    expect([code, asked]).toEqual([EXIT.ok, ["POST /api/v1/ledger/restore"]]);
    expect(stdout).toBe("restored  b-1\nundo      prewarm ledger restore --bookmark b-2\n");
  });

  it.each([
    "ledger restore --yes",
    "ledger restore --at noon --yes",
    "ledger restore --at 2026-11-24T10:00:00Z --bookmark b --yes",
  ])("refuses %s", async (line) => {
    expect(await run(line.split(" "), answer)).toMatchObject({ code: EXIT.usage, asked: [] });
  });
});
