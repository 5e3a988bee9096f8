import type { Browser } from "playwright-core";
import { type LocalStack, until } from "./local-stack.ts";
import { settled, visit } from "./visit.ts";

/** An operator at a local stack: by the API, and by the page. */
export function operatorOf(stack: () => LocalStack, browser: () => Browser) {
  async function api<T = Record<string, unknown>>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(`${stack().controlUrl}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${stack().adminToken}`, "content-type": "application/json" },
    });
    return (await response.json()) as T;
  }

  /** A page of a new visitor who has signed in. */
  async function signedIn(path: string, token = stack().adminToken, options: Parameters<typeof visit>[1] = {}) {
    const one = await visit(browser(), options);
    await one.page.goto(stack().controlUrl + path);
    await one.page.getByLabel("Token").fill(token);
    await one.page.getByRole("button", { name: "Sign in" }).click();
    await settled(one.page);
    return one;
  }

  async function warm(items: object[]): Promise<string> {
    const { run } = await api<{ run: string }>("/warm", { method: "POST", body: JSON.stringify({ items }) });
    return run;
  }

  const ended = (run: string) =>
    until(
      "the run has ended",
      () => api<{ state: string; states: { refused: number; stored: number } }>(`/runs/${run}`),
      ({ state }) => state === "done",
    );

  return { api, signedIn, warm, ended };
}
