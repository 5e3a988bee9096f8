import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { buildDashboard } from "../../../dev/dashboard.ts";
import { launchBrowser } from "./browser.ts";
import { type FakeServer, reset, startFakeServer } from "./fake-server.ts";
import { settled, visit } from "./visit.ts";

/** A browser at a fake API for a file's tests; each begins with a busy server and an operator who has signed in. */
export function atFakeApi() {
  const at = {} as { browser: Browser; api: FakeServer };
  beforeAll(async () => {
    await buildDashboard();
    [at.browser, at.api] = await Promise.all([launchBrowser(), startFakeServer()]);
  });
  beforeEach(() => void reset(at.api));
  afterAll(async () => {
    await at.browser?.close();
    await at.api?.close();
  });

  /** A page of a new visitor, once nothing on it loads. */
  async function open(path: string, options: Parameters<typeof visit>[1] = {}) {
    const one = await visit(at.browser, options);
    await one.page.goto(at.api.url + path);
    await settled(one.page);
    return one;
  }
  /** Every call of the test so far: `GET /api/v1/stats`. */
  const calls = () => at.api.received.map(({ method, path }) => `${method} ${path}`);
  return { at, open, calls };
}
