import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const LINES = ['{"call":"PUT /api/v1/images/a/focal","body":{"focal":[0.3,0.2]}}', '{"id":"a"}', '{"end":2}'].map(
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
    const { code, stdout, asked } = await run(["ledger", "export"], () => new Response(LINES.join("")));
    expect([code, stdout, asked]).toEqual([EXIT.ok, LINES.join(""), ["GET /api/v1/ledger/export"]]);
  });

  it("says when it broke off, and what the server says", async () => {
    expect((await run(["ledger", "export"], () => new Response(LINES.slice(0, 2).join("")))).code).toBe(
      EXIT.unreachable,
    );
    const { code } = await run(["ledger", "export"], () => Response.json({ title: "no" }, { status: 403 }));
    expect(code).toBe(EXIT.auth);
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
