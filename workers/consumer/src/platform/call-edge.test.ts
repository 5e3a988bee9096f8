import { expect, it } from "vitest";
import { callEdge } from "./call-edge.ts";

const [A, B] = ["https://a.example/images/", "https://b.example/images/"];

function edges(answers: Record<string, number | Error>) {
  const asked: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push(`${init.method} ${url}`);
    const answer = answers[url] ?? 500;
    if (answer instanceof Error) throw answer;
    return new Response(null, { status: answer });
  };
  return { asked, fetch: fetch as unknown as typeof globalThis.fetch };
}

it("asks the first edge that answers as it should, because all of them are one Worker", async () => {
  const { asked, fetch } = edges({ [A]: 204, [B]: 204 });
  await callEdge([A, B], fetch);
  expect(asked).toEqual([`POST ${A}`]);
  const other = edges({ [A]: new Error("no route"), [B]: 204 });
  await callEdge([A, B], other.fetch);
  expect(other.asked).toEqual([`POST ${A}`, `POST ${B}`]);
});

it("says what is wrong: no address, no answer, an edge without the setting", async () => {
  expect(await callEdge([], edges({}).fetch)).toMatch(/EDGE_URL/);
  expect(await callEdge([A], edges({ [A]: new Error("no route") }).fetch)).toMatch(
    /^https:.* did not answer: .*no route/,
  );
  expect(await callEdge([A], edges({ [A]: 405 }).fetch)).toMatch(/answered 405.*edgeCache/);
});
