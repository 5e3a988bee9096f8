import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { useSharedStack } from "./local-stack.ts";
import { settled, visit } from "./visit.ts";

/* Who may do what, on the real stack: every route of the document as every role, by bearer token and by a browser's session. */

const document = JSON.parse(await readFile(new URL("../../../docs/openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, unknown>>;
};
/** To sign in, and what a code of a problem means. */
const PUBLIC = new Set(["/api/v1/session", "/api/v1/problems"]);
const ROUTES = Object.entries(document.paths)
  .filter(([path]) => path.startsWith("/api/"))
  .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const))
  .filter(([, path]) => !PUBLIC.has(path));
/** A question too long for an address is no write. */
const QUESTIONS = new Set(["/api/v1/info"]);
const WRITES = ROUTES.filter(([method, path]) => method !== "GET" && !QUESTIONS.has(path));
/** All that the ledger knows is no viewer's to take away. */
const SECRETS = new Set(["/api/v1/ledger/export"]);
const OPERATORS = [...WRITES, ...ROUTES.filter(([, path]) => SECRETS.has(path))];
const READS = ROUTES.filter(([method, path]) => method === "GET" && !SECRETS.has(path));

const stack = useSharedStack();
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

const filled = (path: string) => path.replace("{job}", "0123456789a").replace(/\{\w+\}/g, "none");

async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const body = method === "GET" ? null : "{}";
  const response = await fetch(stack().controlUrl + filled(path), {
    method,
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

const signIn = () =>
  fetch(`${stack().controlUrl}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" },
    body: JSON.stringify({ token: stack().adminToken }),
  });

describe("the control API", () => {
  it("knows at least the writes this page has", () => {
    expect(WRITES.length).toBeGreaterThanOrEqual(8);
  });

  it.each(ROUTES)("refuses %s %s without proof", async (method, path) => {
    expect(await statusOf(method, path, {})).toBe(401);
    // A sign-in makes the count of wrong tokens start anew: more than ten are told to wait (429).
    await signIn();
    expect(await statusOf(method, path, { authorization: "Bearer wrong" })).toBe(401);
  });

  it.each(OPERATORS)("refuses %s %s to a viewer", async (method, path) => {
    expect(await statusOf(method, path, { authorization: `Bearer ${stack().viewerToken}` })).toBe(403);
  });

  it.each(READS)("answers %s %s to a viewer", async (method, path) => {
    // 400: a list that must be told of what.
    const known = [200, 400, 404];
    expect(known).toContain(await statusOf(method, path, { authorization: `Bearer ${stack().viewerToken}` }));
  });

  it.each(WRITES)("lets an operator through to %s %s", async (method, path) => {
    expect([401, 403]).not.toContain(await statusOf(method, path, { authorization: `Bearer ${stack().adminToken}` }));
  });

  it.each(WRITES)("refuses %s %s from a foreign page, whatever cookie it rides on", async (method, path) => {
    const signedIn = await signIn();
    const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect([signedIn.status, cookie === ""]).toEqual([200, false]);
    expect(await statusOf(method, path, { cookie, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await statusOf(method, path, { cookie })).toBe(403);
  });
});

describe("a viewer in the browser", () => {
  it("sees no write, and is refused one by the server all the same", async () => {
    const { page, faults, close } = await visit(browser);
    await page.goto(`${stack().controlUrl}/steering`);
    await page.getByLabel("Token").fill(stack().viewerToken);
    await page.getByRole("button", { name: "Sign in" }).click();
    await settled(page);
    await page.getByText("You are signed in as a viewer").waitFor();
    expect(await page.getByRole("button", { name: /Pause|Apply|Purge|Reset/ }).count()).toBe(0);
    const statuses = await page.evaluate(
      (writes) =>
        Promise.all(
          writes.map(
            async ([method, path]) =>
              (await fetch(path, { method, headers: { "content-type": "application/json" }, body: "{}" })).status,
          ),
        ),
      WRITES.map(([method, path]) => [method, filled(path)] as const),
    );
    expect(statuses).toEqual(WRITES.map(() => 403));
    expect(await page.context().cookies()).toEqual([expect.objectContaining({ httpOnly: true, sameSite: "Strict" })]);
    expect(faults).toEqual([]);
    await page.getByText("viewer", { exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await close();
  });
});
