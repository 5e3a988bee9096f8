import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { Log } from "@prewarm/shared/log";
import type { Engine } from "../engine.ts";
import type { Ittybit } from "../ittybit/client.ts";
import { ittybitEngine } from "../ittybit/engine.ts";
import { countCalls, countFetch } from "../platform/count-calls.ts";
import type { FakeIttybit } from "./fake-ittybit.ts";

/** Who holds an engine: a handler, or an instance of the ledger. */
export interface EngineHost {
  clock: Pick<Clock, "now">;
  sleep(ms: number): Promise<void>;
  log: Log;
  fetch: typeof fetch;
  /** Wraps what the engine calls, so that nothing is called after the holder's life. */
  living<T extends object>(target: T): T;
}

/** The same holder, whose calls are counted. */
export function countedHost(host: EngineHost, called: () => void): EngineHost {
  return {
    ...host,
    fetch: countFetch(host.fetch, called),
    living: (target) => countCalls(host.living(target), called),
  };
}

export interface MadeJob {
  id: string;
  key: string;
  gen: number;
  /** The URL of its original. */
  input: string;
}

/** A service that makes variants in a test. All its engines share its jobs. */
export interface TestService {
  engine(host: EngineHost): Engine;
  /** Its jobs, the oldest first. */
  made(): MadeJob[];
}

/** More of a site than its engine needs elsewhere. */
interface Settings {
  qualities?: Config["ittybit"]["qualities"];
  /** Default false. */
  allowLoopbackHttp?: boolean;
}

/** Makes engines over a client of Ittybit, which is asked for anew by each. */
export function ittybitOver(
  client: () => Ittybit,
  { qualities = {}, allowLoopbackHttp = false }: Settings = {},
): TestService["engine"] {
  return ({ living, ...host }) => ittybitEngine({ ...host, ittybit: living(client()), qualities, allowLoopbackHttp });
}

export function madeAt({ jobs }: Pick<FakeIttybit, "jobs">): MadeJob[] {
  return jobs.map(({ id, order: { input, metadata } }) => ({
    id,
    input,
    key: metadata.key ?? "",
    gen: Number(metadata.gen),
  }));
}
