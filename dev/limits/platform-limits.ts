import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { createSemaphore } from "../../workers/consumer/src/platform/semaphore.ts";
import { cachingFault } from "./caching-fault.ts";
import { BROKEN, type Limits, type Message, PLATFORM, tooLargeFor } from "./limits.ts";

/*
 * The platform's limits, which local simulation lets pass. Every local run of the Workers is held to them, the stack's and the workerd tests':
 * what is tested is what runs. A binding's methods are wrapped where they stand, on its prototype, and ask which invocation calls them.
 */

/** What was broken so far, in this isolate: an error may have been caught and tried again. */
export const broken: string[] = [];

function report(sentence: string): void {
  broken.push(sentence);
  console.error(`${BROKEN}${sentence}`);
}

function refuse(sentence: string, abort?: (reason: string) => void): never {
  report(sentence);
  abort?.(sentence);
  throw new Error(sentence);
}

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

/** What one invocation has used. */
class Invocation {
  readonly #connections;
  #subrequests = 0;
  #rows = 0;
  #last: Cursor | null = null;

  readonly limits: Limits;
  /** Ends an object that used up its CPU. */
  readonly #abort: ((reason: string) => void) | undefined;

  constructor(limits: Limits, abort?: (reason: string) => void) {
    this.limits = limits;
    this.#abort = abort;
    this.#connections = createSemaphore(limits.connections);
  }

  call<T>(work: () => T): T {
    this.#subrequests += 1;
    if (this.#subrequests > this.limits.subrequests) refuse("Too many subrequests by single Worker invocation.");
    return work();
  }

  connect<T>(work: () => Promise<T>): Promise<T> {
    return this.call(() => this.#connections.run(async () => await work()));
  }

  /** A cursor counts while it is read: its rows are added when the next one begins, or at the end. */
  read(cursor: Cursor | null): void {
    if (this.#last !== null) this.#rows += this.#last.rowsRead + this.#last.rowsWritten;
    this.#last = cursor;
    if (this.#rows <= this.limits.rows) return;
    refuse("Durable Object exceeded its CPU time limit and was reset.", this.#abort);
  }
}

const current = new AsyncLocalStorage<Invocation>();

/** Runs `work` as one invocation. */
export function invoke<T>(work: () => T, limits: Limits = PLATFORM, abort?: (reason: string) => void): T {
  const invocation = new Invocation(limits, abort);
  return current.run(invocation, () => {
    const result = work();
    if (!(result instanceof Promise)) {
      invocation.read(null);
      return result;
    }
    return result.then((value) => {
      invocation.read(null);
      return value;
    }) as T;
  });
}

/** A call that opens a connection. Outside of an invocation, as from a test, it is let pass. */
function connected<T>(work: () => Promise<T>): Promise<T> {
  return current.getStore()?.connect(work) ?? work();
}

function limits(): Limits {
  return current.getStore()?.limits ?? PLATFORM;
}

export function limitedFetch(fetcher: typeof fetch): typeof fetch {
  return ((...args: Parameters<typeof fetch>) => connected(() => fetcher(...args))) as typeof fetch;
}

type Method = (...args: never[]) => unknown;
type Around = (call: () => unknown, args: unknown[]) => unknown;
const wrapped = new WeakSet<object>();

/** Puts something about methods of all objects of this one's kind, once. It may change the arguments before the call. */
function wrap(one: object, methods: Record<string, Around>): void {
  const prototype = Object.getPrototypeOf(one) as Record<string, Method>;
  if (wrapped.has(prototype)) return;
  wrapped.add(prototype);
  for (const [name, around] of Object.entries(methods)) {
    const method = prototype[name];
    if (method === undefined) throw new Error(`no ${name} to be limited`);
    prototype[name] = function limited(this: unknown, ...args: unknown[]) {
      return around(() => Reflect.apply(method, this, args), args);
    };
  }
}

const opens: Around = (call) => connected(async () => await call());

/** R2 lists at most this many objects at once. */
const LIST_MAX = 1_000;
let listed = 0;

/** R2 may list fewer objects than it is asked for when metadata is included, and local R2 never does: here it does, as chance has it. */
const lists: Around = (call, args) => {
  const options = (args[0] ?? {}) as R2ListOptions & { include?: string[] };
  if ((options.include ?? []).length > 0) {
    listed += 1;
    args[0] = { ...options, limit: shortened(options.limit ?? LIST_MAX, listed) };
  }
  return opens(call, args);
};

/** The length of the nth page: each in eight is whole, and half of the others have three objects at most. */
export function shortened(limit: number, nth: number): number {
  const mixed = Math.imul(nth, 2_654_435_761) >>> 0;
  if (mixed % 8 === 0) return limit;
  return 1 + (Math.floor(mixed / 16) % Math.min(limit, mixed & 8 ? 3 : limit));
}

const sends: Around = (call, args) => {
  const [first, options] = args;
  const messages = Array.isArray(first) ? (first as Message[]) : [{ body: first, ...(options as object) }];
  const fault = tooLargeFor(messages, limits());
  return fault === null ? opens(call, args) : refuse(fault);
};

function exec(call: () => unknown, [query, ...values]: unknown[]): unknown {
  const { parameters, valueBytes } = limits();
  if (values.length > parameters) refuse(`too many SQL variables: ${values.length} in ${String(query).slice(0, 80)}`);
  // A character takes three bytes at most.
  const long = values.find((value) => typeof value === "string" && value.length > valueBytes / 3);
  const bytes = typeof long === "string" ? new TextEncoder().encode(long).length : 0;
  if (bytes > valueBytes) refuse(`string or blob too big: ${bytes} bytes in ${String(query).slice(0, 80)}`);
  const cursor = call();
  current.getStore()?.read(cursor as Cursor);
  return cursor;
}

/** A stub whose calls are counted. */
function counted(stub: object): object {
  return new Proxy(stub, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function" || name === "constructor") return value;
      return (...args: unknown[]) => {
        const call = () => Reflect.apply(value, target, args) as unknown;
        return current.getStore()?.call(call) ?? call();
      };
    },
  });
}

const KINDS: Record<string, (binding: object) => void> = {
  R2Bucket: (bucket) =>
    wrap(bucket, { head: opens, get: opens, put: opens, delete: opens, list: lists, createMultipartUpload: opens }),
  WorkerQueue: (queue) => wrap(queue, { send: sends, sendBatch: sends }),
  DurableObjectNamespace: (namespace) =>
    wrap(namespace, { get: (call) => (current.getStore() ? counted(call() as object) : call()) }),
};

function limitBindings(env: object): void {
  for (const binding of Object.values(env)) {
    if (typeof binding === "object" && binding !== null) KINDS[binding.constructor.name]?.(binding);
  }
}

let global = false;
function limitGlobals(): void {
  if (global) return;
  global = true;
  globalThis.fetch = limitedFetch(globalThis.fetch.bind(globalThis));
  wrap(caches.default, { match: opens, put: opens, delete: opens });
}

/** A Worker's handlers, each call of them an invocation. */
export function limitedHandlers<H extends object>(handlers: H, of: Limits = PLATFORM): H {
  const limit = (handler: unknown) => (first: unknown, env: object, context: unknown) => {
    limitGlobals();
    limitBindings(env);
    return invoke(() => (handler as (...args: unknown[]) => unknown)(first, env, context), of);
  };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, limit(handler)])) as H;
}

interface Fetching {
  fetch(request: Request, env: object, context: unknown): Promise<Response>;
}

/** Handlers whose every answer is judged by how caches may keep it: locally no cache shows what is wrong with one. */
export function judgedAnswers<H extends Fetching>(handlers: H): H {
  const fetch: Fetching["fetch"] = async (request, env, context) => {
    const answer = await handlers.fetch(request, env, context);
    const fault = cachingFault(request, answer, Math.floor(Date.now() / 1_000));
    if (fault !== null) report(fault);
    return answer;
  };
  return { ...handlers, fetch };
}

type State = Pick<DurableObjectState, "storage" | "abort"> | ExecutionContext;
// biome-ignore lint/suspicious/noExplicitAny: Durable Objects and entrypoints take different first arguments
type Class = new (state: any, env: never) => object;

/** A class of Durable Objects, or an entrypoint for other Workers: each call is an invocation, and so is the constructor. */
export function limitedClass<C extends Class>(Inner: C, of: Limits = PLATFORM): C {
  const states = new WeakMap<object, State>();
  class Limited extends (Inner as Class) {}
  for (const name of methodsOf(Inner)) {
    Object.defineProperty(Limited.prototype, name, {
      value(this: object, ...args: unknown[]) {
        const method = (Inner.prototype as Record<string, Method>)[name] as Method;
        const state = states.get(this);
        const abort = (reason: string) => state !== undefined && "abort" in state && state.abort(reason);
        return invoke(() => Reflect.apply(method, this, args), of, abort);
      },
    });
  }
  return new Proxy(Limited, {
    construct(target, [state, env]: [State, object], newTarget) {
      limitGlobals();
      limitBindings(env);
      if ("storage" in state) wrap(state.storage.sql, { exec });
      const made = invoke(() => Reflect.construct(target, [state, env], newTarget), of) as object;
      states.set(made, state);
      return made;
    },
  }) as unknown as C;
}

const BASES: readonly object[] = [DurableObject.prototype, WorkerEntrypoint.prototype];

function methodsOf(Inner: Class): string[] {
  const names = new Set<string>();
  for (let level = Inner.prototype; !BASES.includes(level); level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level)) if (name !== "constructor") names.add(name);
  return [...names];
}
