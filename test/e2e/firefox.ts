import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/*
 * A plain Firefox by WebDriver BiDi, which it speaks by itself: as much as a page of images needs. (Playwright drives builds of its own, and
 * of others only the newest.)
 */

/** Its program; undefined: none is named, and a whole `npm test` is long enough without. The nightly workflow names one. */
export const { FIREFOX } = process.env;

const START_MS = 60_000;

interface Heard {
  id?: number;
  method?: string;
  params?: { text?: string; context?: string };
  result?: Record<string, unknown>;
  error?: string;
  message?: string;
}

export class Firefox {
  /** What consoles said, and errors of pages. */
  readonly said: string[] = [];
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #profile: string;
  readonly #waiting = new Map<number, (heard: Heard) => void>();
  #id = 0;

  private constructor(process: ChildProcess, socket: WebSocket, profile: string) {
    this.#process = process;
    this.#socket = socket;
    this.#profile = profile;
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(String(data))));
  }

  static async launch(program: string): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), "prewarm-firefox-"));
    const args = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile, "about:blank"];
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: profile } });
    const socket = new WebSocket(`${await addressOf(child)}/session`);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("Firefox does not answer")));
    });
    const firefox = new Firefox(child, socket, profile);
    await firefox.#call("session.new", { capabilities: {} });
    await firefox.#call("session.subscribe", { events: ["log.entryAdded"] });
    return firefox;
  }

  /** A tab of somebody who was never here. */
  async open(url: string, viewport: { width: number; height: number }, devicePixelRatio: number): Promise<string> {
    const { userContext } = await this.#call("browser.createUserContext", {});
    const { context } = await this.#call("browsingContext.create", { type: "tab", userContext });
    await this.#call("browsingContext.setViewport", { context, viewport, devicePixelRatio });
    await this.#call("browsingContext.navigate", { context, url, wait: "complete" });
    return String(context);
  }

  /** The JSON that an expression of the page comes to, awaited. */
  async evaluate<T>(context: string, expression: string): Promise<T> {
    const answer = await this.#call("script.evaluate", {
      expression: `(async () => JSON.stringify(await (${expression})))()`,
      target: { context },
      awaitPromise: true,
    });
    const { type, result } = answer as { type: string; result?: { value?: string } };
    if (type !== "success") throw new Error(JSON.stringify(answer));
    return JSON.parse(result?.value ?? "null");
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#socket.close();
    this.#process.kill();
    await ended;
    await rm(this.#profile, { recursive: true, force: true });
  }

  #call(method: string, params: object): Promise<Record<string, unknown>> {
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error, message }) =>
        result === undefined ? reject(new Error(`${method}: ${error} ${message}`)) : resolve(result),
      );
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #hear(heard: Heard): void {
    if (heard.method === "log.entryAdded") this.said.push(heard.params?.text ?? "");
    if (heard.id === undefined) return;
    this.#waiting.get(heard.id)?.(heard);
    this.#waiting.delete(heard.id);
  }
}

/** It says on its standard error where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("Firefox did not start in time")), START_MS);
    child.once("exit", (code) => reject(new Error(`Firefox ended with ${code}`)));
    if (child.stderr === null) return;
    createInterface(child.stderr).on("line", (line) => {
      const [, address] = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line) ?? [];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    });
  });
}
