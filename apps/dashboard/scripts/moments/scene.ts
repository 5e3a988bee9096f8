import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Gate } from "@prewarm/control-schema/gate";
import type { Run } from "@prewarm/control-schema/runs";
import type { Stats } from "@prewarm/control-schema/stats";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "../../test/browser.ts";
import { operatorOf } from "../../test/operator.ts";

/*
 * The local stack with an Ittybit whose faults a script chooses, originals that exist unless their id begins with `missing/` or `pages/` and that may
 * be refused for a while, and a browser at its dashboard.
 */

/** The emulator's side channel (packages/ittybit-emulator/src/api/control.ts), as far as the scenes need it. */
export interface Emulator {
  addFault(rule: {
    on?: "create" | "get" | "list" | "any";
    fault: { type: string; [option: string]: unknown };
    match?: { input?: string; options?: Record<string, unknown> };
    probability?: number;
    times?: number;
  }): string;
  clearFaults(): void;
  jobs(): readonly { input: string }[];
  configure(patch: object): void;
  stats(): { createdJobs: number; openJobs: number };
}

interface Stack {
  edgeUrl: string;
  controlUrl: string;
  adminToken: string;
  viewerToken: string;
  hookSecret: string;
  emulator: { control: Emulator } | null;
  close(): Promise<void>;
}

interface StackModule {
  startTestStack(options: object): Promise<Stack>;
  until<T>(what: string, look: () => Promise<T>, done: (seen: T) => boolean, ms?: number): Promise<T>;
}

// The stack's types are the Workers' and this room's are the browser's, so the compiler does not follow the name.
const { startTestStack, until: asUntil } = (await import(
  new URL("../../../../test/e2e/stack.ts", import.meta.url).pathname
)) as StackModule;
export const until = asUntil;

/** How long a job takes at Ittybit, in ms. */
export const JOB_MS = { min: 300, max: 700 };

export interface Scene {
  stack: Stack;
  browser: Browser;
  emulator: Emulator;
  originals: Pick<Originals, "answer">;
  api<T = Record<string, unknown>>(path: string, init?: RequestInit): Promise<T>;
  stats(): Promise<Stats>;
  run(name: string): Promise<Run>;
  gate(change: object): Promise<Gate>;
  /** Orders the recipe `upload` for the ids; the run's name. */
  warm(ids: readonly string[], label: string): Promise<string>;
  signedIn(path: string): Promise<{ page: Page; faults: string[]; close(): Promise<void> }>;
  close(): Promise<void>;
}

export async function startScene(): Promise<Scene> {
  const originals = await startOriginals();
  const emulated = { pixels: "tiny", tinySource: { width: 2400, height: 1600 }, jobMs: JOB_MS };
  const stack = await startTestStack({ originalsUrl: originals.url, emulator: emulated, verbose: false });
  const browser = await launchBrowser();
  const operator = operatorOf(
    () => stack,
    () => browser,
  );
  const { api, signedIn } = operator;
  if (stack.emulator === null) throw new Error("The stack has no local Ittybit.");
  const send = (method: string, body: object) => ({ method, body: JSON.stringify(body) });
  return {
    stack,
    browser,
    emulator: stack.emulator.control,
    originals,
    api,
    signedIn,
    stats: () => api<Stats>("/stats"),
    run: (name) => api<Run>(`/runs/${name}`),
    gate: (change) => api<Gate>("/gate", send("PATCH", change)),
    warm: async (ids, label) => {
      const items = ids.map((id) => ({ id }));
      const { run, detail } = await api<{ run?: string; detail?: string }>("/warm", send("POST", { items, label }));
      if (run === undefined) throw new Error(`The order is refused: ${detail}`);
      return run;
    },
    close: async () => {
      await browser.close();
      await stack.close();
      await originals.close();
    },
  };
}

const PAGE = `<!doctype html><title>Sign in</title>${" ".repeat(2_000)}`;

interface Originals {
  url: string;
  /** From now on each is answered with this status; null: as it is. */
  answer(status: number | null): void;
  close(): Promise<void>;
}

/** One photograph for every id, except below `missing/`, and a web page below `pages/`. */
async function startOriginals(): Promise<Originals> {
  let answered: number | null = null;
  const create = { width: 2400, height: 1600, channels: 3 as const, background: "#345678" };
  const bytes = await sharp({ create }).jpeg().toBuffer();
  const server = createServer((request, response) => {
    const id = decodeURIComponent(request.url ?? "").slice(1);
    const isThere = !id.startsWith("missing/");
    if (answered !== null) return response.writeHead(answered).end();
    if (id.startsWith("pages/")) return response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    response.writeHead(isThere ? 200 : 404, { "content-type": "image/jpeg", etag: '"1"' });
    return response.end(isThere && request.method !== "HEAD" ? bytes : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/{id}`,
    answer: (status) => {
      answered = status;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
