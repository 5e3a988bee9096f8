import type { Facts } from "./expect.ts";
import type { MessageOrder } from "./worker/message.ts";
import type { SubjectCalls } from "./worker/subject.ts";

/** How a call of the Durable Object ended. */
export type Called<T> = { answer: T } | { error: CallError };

export interface CallError {
  message: string;
  retryable: boolean;
  overloaded: boolean;
  remote: boolean;
}

type Answer<K extends keyof SubjectCalls> = SubjectCalls[K] extends (...args: never[]) => infer A ? Awaited<A> : never;

/** The conformance Worker, as a check reaches it: over HTTP, wherever it runs. */
export interface Lab {
  /** Where it runs: a check waits longer on Cloudflare, where an idle object lives longer. */
  place: "local" | "cloudflare";
  /** A name that nothing else has used. */
  unique(): string;
  wait(ms: number): Promise<void>;
  /** Calls the Durable Object of that name once, by a new stub. */
  call<K extends keyof SubjectCalls>(
    subject: string,
    method: K,
    ...args: Parameters<SubjectCalls[K]>
  ): Promise<Called<Answer<K>>>;
  /** The same, where no error is expected. */
  ask<K extends keyof SubjectCalls>(
    subject: string,
    method: K,
    ...args: Parameters<SubjectCalls[K]>
  ): Promise<Answer<K>>;
  /** Runs one of the Worker's own probes. */
  probe(name: string): Promise<Facts>;
  /** Sends one batch to the queue. False: the queue refused it. */
  send(messages: readonly MessageOrder[]): Promise<boolean>;
  /** Posts a body of that many bytes: the status, and how many bytes reached the Worker. */
  post(bytes: number, chunked: boolean): Promise<{ status: number; arrived: number }>;
}

export interface LabSettings {
  url: string;
  place: Lab["place"];
  /** Proves to the Worker that the caller is this program. */
  key: string;
  fetch?: typeof fetch;
  /** The lie that a wrong platform tells (test/platform/wrong/). */
  lie?: string;
}

const PIECE = new Uint8Array(64 * 1024);

/** The Worker at `url`. */
export function createLab({ url, place, key, lie, fetch: send = fetch }: LabSettings): Lab {
  const headers = { authorization: `Bearer ${key}`, ...(lie === undefined ? {} : { "x-lie": lie }) };
  const run = crypto.randomUUID().slice(0, 8);
  let names = 0;
  async function post<T>(path: string, body: unknown): Promise<T> {
    const response = await send(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    return (await response.json()) as T;
  }
  const call: Lab["call"] = (subject, method, ...args) => post(`/subject/${subject}/${method}`, args);
  return {
    place,
    unique: () => `${lie === undefined ? "" : `${lie}!`}${run}-${++names}`,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    call,
    async ask(subject, method, ...args) {
      const called = await call(subject, method, ...args);
      if ("error" in called) throw new Error(`${method} threw: ${called.error.message}`);
      return called.answer;
    },
    probe: (name) => post(`/probe/${name}`, null),
    send: async (messages) => (await post<{ taken: boolean }>("/queue", messages)).taken,
    async post(bytes, chunked) {
      const body = chunked ? stream(bytes) : new Uint8Array(bytes);
      const response = await send(`${url}/body`, {
        method: "POST",
        headers,
        body,
        ...(chunked ? { duplex: "half" } : {}),
      });
      const arrived = response.ok ? ((await response.json()) as { bytes: number }).bytes : 0;
      return { status: response.status, arrived };
    },
  };
}

/** A body whose length no header declares. */
function stream(bytes: number): ReadableStream {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
      left -= piece.length;
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
}
