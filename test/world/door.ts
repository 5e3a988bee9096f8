import "./sync-crypto.ts";
import type { Config } from "@prewarm/shared/config";
import type { Log } from "@prewarm/shared/log";
import { createUnknownPings, createWrongTokens } from "../../workers/consumer/src/api/access/wrong-tokens.ts";
import { createApi } from "../../workers/consumer/src/api/create-api.ts";
import { createStrangers } from "../../workers/consumer/src/hooks/note-delivery.ts";
import { createSenderKeys } from "../../workers/consumer/src/hooks/verifiers/verify.ts";
import type { LedgerCalls } from "../../workers/consumer/src/ledger/contract.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What the world's Ittybit signs with. */
export const WEBHOOK_SECRET = "the-webhook-secret";

interface House {
  config: Config;
  clock: VirtualClock;
  ledger: LedgerCalls;
  bucket: R2Bucket;
  log: Log;
}

/** The consumer's HTTP, as strangers and Ittybit reach it. */
export function doorOf({ config, clock, ledger, bucket, log }: House): (request: Request) => Promise<Response> {
  const none = () => Promise.reject(new Error("none"));
  const api = createApi({
    ...{ config, clock, ledger, bucket, log, configFaults: [], environmentFaults: [], queues: {}, signingKeys: [] },
    ...{
      adminTokens: [],
      viewerTokens: [],
      wrongTokens: createWrongTokens(),
      unknownPings: createUnknownPings(),
      strangers: createStrangers(),
      access: null,
      edgeUrl: "",
      analytics: null,
      mendNotes: async () => undefined,
    },
    ...{
      environment: "world",
      version: null,
      isLocal: false,
      sleep: (ms: number) => clock.sleep(ms),
      sizeOf: async () => null,
      fetch: none,
      senderKeys: createSenderKeys(none),
    },
    secret: (name) => (name === "ITTYBIT_WEBHOOK_SECRET" ? WEBHOOK_SECRET : undefined),
  });
  return async (request) => api.fetch(request);
}
