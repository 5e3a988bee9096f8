import { answer, consume } from "../worker/handlers.ts";
import type { MessageOrder } from "../worker/message.ts";
import type { Platform } from "../worker/platform.ts";
import { Subject as RightSubject } from "../worker/subject.ts";
import { BUCKET_LIES, overlay, QUEUE_LIES, STORAGE_LIES } from "./lies.ts";

const ABORT_MS = 3_000;
const SLOW_WRITE_MS = 500;

/** The lie is the first part of the object's name. */
const lieOf = (name: string | undefined): string => name?.split("!")[0] ?? "";

/** The conformance Worker on a platform that is wrong as the caller says. */
export class Subject extends RightSubject {
  readonly #lie: string;

  constructor(ctx: DurableObjectState, env: unknown) {
    const lie = lieOf(ctx.id.name);
    super(ctx, env, overlay(ctx.storage, STORAGE_LIES[lie]?.(ctx.storage) ?? {}));
    this.#lie = lie;
  }

  protected override blockWhile(load: () => Promise<void>): void {
    if (lieOf(this.ctx.id.name) === "loaded-first") void load();
    else super.blockWhile(load);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const run = super.alarm(info);
    await (this.#lie === "alarm-retries" ? run.catch(() => {}) : run);
  }

  override note(name: string, value: string): string | null {
    if (this.#lie !== "answered-is-written") return super.note(name, value);
    setTimeout(() => super.note(name, value), SLOW_WRITE_MS);
    return this.noted(name);
  }

  override async noteThenAbort(name: string, value: string): Promise<void> {
    if (this.#lie === "heard-and-thrown") this.abort();
    await super.noteThenAbort(name, value);
  }

  override limitFetch(by: "signal" | "cleared", ms: number): Promise<string> {
    if (this.#lie === "timeout-signals") setTimeout(() => {}, ms);
    return super.limitFetch(by, ms);
  }

  override tick(everyMs: number, times: number): void {
    super.tick(everyMs, times);
    if (this.#lie === "pending-timers") setTimeout(() => this.abort(), ABORT_MS);
  }
}

/** Stubs whose calls end, or are made, as the lie says. */
function lyingStubs(real: Platform["SUBJECT"], lie: string): Platform["SUBJECT"] {
  if (lie === "used-stub") {
    let kept: DurableObjectStub<RightSubject> | undefined;
    return overlay(real, { get: (id) => (kept ??= real.get(id)) } as Partial<Platform["SUBJECT"]>);
  }
  const lies: Record<string, (stub: DurableObjectStub<RightSubject>) => object> = {
    "thrown-by-our-code": (stub) => ({
      fail: () =>
        stub.fail().catch((error: unknown) => Promise.reject(Object.assign(error as Error, { retryable: true }))),
    }),
    "once-by-the-runtime": (stub) => ({
      countUp: async (name: string) => {
        await stub.countUp(name);
        await stub.countUp(name);
      },
    }),
  };
  const wrong = lies[lie];
  if (wrong === undefined) return real;
  return overlay(real, {
    getByName: (name: string) => {
      const stub = real.getByName(name);
      const calls = wrong(stub) as Record<string, unknown>;
      return new Proxy({}, { get: (_, call) => calls[String(call)] ?? Reflect.get(stub, call) });
    },
  } as unknown as Partial<Platform["SUBJECT"]>);
}

const CONNECTIONS = 6;
let connected = 0;
/** The fetches that the Worker makes of its own address carry no lie. */
let dropsConnections = false;

/** An answer that only a wrong platform gives. */
async function wrongAnswer(request: Request, lie: string): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  if (lie === "bodies" && pathname === "/body") {
    await request.body?.pipeTo(new WritableStream());
    return Response.json({ bytes: 1 });
  }
  if (lie === "six-connections") dropsConnections = true;
  if (!dropsConnections || !pathname.startsWith("/slow/")) return null;
  connected += 1;
  return connected > CONNECTIONS ? new Response(null, { status: 503 }) : null;
}

export default {
  async fetch(request: Request, platform: Platform): Promise<Response> {
    const lie = request.headers.get("x-lie") ?? "";
    return (
      (await wrongAnswer(request, lie)) ??
      answer(request, {
        RUN_KEY: platform.RUN_KEY,
        SUBJECT: lyingStubs(platform.SUBJECT, lie),
        BUCKET: overlay(platform.BUCKET, BUCKET_LIES[lie]?.(platform.BUCKET) ?? {}),
        QUEUE: overlay(platform.QUEUE, QUEUE_LIES[lie]?.(platform.QUEUE) ?? {}),
      })
    );
  },
  /** Lies about messages: `retry()` does nothing. */
  queue(batch: MessageBatch<MessageOrder & { sentAt: number }>, platform: Platform): Promise<void> {
    const messages = batch.messages.map((message) =>
      lieOf(message.body.test) === "retried" ? overlay(message, { retry: () => message.ack() }) : message,
    );
    return consume({ ...batch, messages } as typeof batch, platform);
  },
};
