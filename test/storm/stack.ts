import { createHmac, randomBytes } from "node:crypto";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { stateRoot } from "../../dev/settings.ts";
import { type StackProcess, startStackProcess, withBucket } from "../e2e/stack-process.ts";

const ADMIN_TOKEN = "an-admin-token-of-the-storm-0001";
const HOOK_KEY = randomBytes(32);
/** How long a call is made again while the stack is down. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 250;

/** The local stack, killed and started again on the same state. */
export class StormStack {
  readonly #settings: { stateDir: string; ittybitUrl: string; originalsUrl: string };
  #process: StackProcess | null = null;
  /** The platform's limits that the stack broke. */
  readonly broken: string[] = [];

  constructor(settings: { stateDir: string; ittybitUrl: string; originalsUrl: string }) {
    this.#settings = settings;
  }

  get edgeUrl(): string | null {
    return this.#process?.edgeUrl ?? null;
  }

  /** The process group; null: it does not run. */
  get group(): number | null {
    return this.#process?.pid ?? null;
  }

  async start(): Promise<void> {
    this.#process = await startStackProcess({
      stateDir: this.#settings.stateDir,
      env: {
        ITTYBIT_API_URL: this.#settings.ittybitUrl,
        ORIGINALS_URL: this.#settings.originalsUrl,
        ADMIN_TOKEN,
        HOOK_SECRET: `whsec_${HOOK_KEY.toString("base64")}`,
      },
    });
  }

  /** SIGKILL to the whole process group: nothing is flushed. */
  async kill(): Promise<void> {
    await this.#end((running) => running.kill());
  }

  async stop(): Promise<void> {
    await this.#end((running) => running.stop());
  }

  async #end(how: (running: StackProcess) => Promise<void>): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running === null) return;
    await how(running).catch((error: unknown) => void this.broken.push(String(error)));
  }

  /** Deletes objects by hand, while the stack does not run. Resolves with the keys. */
  async deleteByHand(count: number): Promise<string[]> {
    let keys: string[] = [];
    await withBucket(this.#settings.stateDir, async (bucket) => {
      const { objects } = await bucket.list({ prefix: "variants/" });
      keys = objects.slice(0, count).map(({ key }) => key);
      if (keys.length > 0) await bucket.delete(keys);
    });
    return keys.map((key) => key.slice("variants/".length));
  }

  /** A call of the control API as an operator. While the stack is down it is made again, so it must be harmless to repeat. */
  async api<T>(method: string, path: string, body?: string, type = "application/json"): Promise<T> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": type };
    return (await this.#persist(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) })) as T;
  }

  async pauseAll(isPaused: boolean): Promise<void> {
    const paused = { live: isPaused, upload: isPaused, bulk: isPaused };
    await this.api("PATCH", "/gate", JSON.stringify({ paused }));
  }

  /** Copies the ledger's database, while the stack does not run. */
  async copyLedger(): Promise<void> {
    await cp(this.#databases, this.#copy, { recursive: true });
  }

  /** Puts the copy in the database's place, while the stack does not run. */
  async putLedgerBack(): Promise<void> {
    await rm(this.#databases, { recursive: true });
    await cp(this.#copy, this.#databases, { recursive: true });
  }

  get #databases(): string {
    return join(stateRoot(this.#settings.stateDir), "do");
  }

  get #copy(): string {
    return join(this.#settings.stateDir, "copy");
  }

  /** A delivery of the hook, signed as Standard Webhooks asks. The status, or null: the stack did not answer. */
  async hook(id: string, body: string): Promise<number | null> {
    const at = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", HOOK_KEY).update(`${id}.${at}.${body}`).digest("base64");
    const headers = { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
    const url = `${this.#process?.controlUrl}/hooks/uploads`;
    const answer = await fetch(url, { method: "POST", headers, body }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.status ?? null;
  }

  async #persist(path: string, init: RequestInit): Promise<unknown> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await fetch(`${this.#process?.controlUrl}${path}`, init).catch(() => null);
      if (answer?.ok) return answer.json();
      const said = answer === null ? "no answer" : `${answer.status} ${(await answer.text()).slice(0, 300)}`;
      const isFinal = answer !== null && answer.status < 500 && answer.status !== 429;
      if (isFinal || Date.now() > until) throw new Error(`${init.method ?? "GET"} ${path}: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
