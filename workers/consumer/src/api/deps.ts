import type { CodeVersion } from "@prewarm/control-schema/words";
import type { Log } from "@prewarm/shared/log";
import type { WrongNote } from "../doctor/wrong-notes.ts";
import type { ReceiveDeps } from "../hooks/receive-hook.ts";
import type { DryRunDeps } from "../intake/dry-run.ts";
import type { Analytics } from "../serving/analytics.ts";
import type { WrongTokens } from "./access/wrong-tokens.ts";

/** Queue bindings by queue name; `metrics` is absent on platforms that have none. */
export type QueueBindings = Record<string, { metrics?: () => Promise<QueueNumbers> }>;

interface QueueNumbers {
  backlogCount: number;
  backlogBytes: number;
  oldestMessageTimestamp?: Date | undefined;
}

/** Cloudflare Access in front of the Worker: which application, and who in it may write. */
export interface AccessSettings {
  /** The application's AUD tag. */
  aud: string;
  /** `https://<team>.cloudflareaccess.com`; null: only `ctx.access` is believed. */
  team: string | null;
  /** E-mail addresses of operators; `*` is everybody, everyone else is a viewer. */
  operators: string[];
}

/** Everything `createApi` needs from outside; compose.ts makes it. */
export interface ApiDeps extends ReceiveDeps, DryRunDeps {
  /** Those of these that write log lines of their own, with another log. */
  logging(log: Log): Partial<Pick<ApiDeps, "ledger" | "mendNotes">>;
  queues: QueueBindings;
  /** Each as it is given: `anna:<token>` is Anna's. */
  adminTokens: string[];
  viewerTokens: string[];
  /** Of variants, and of what is known of images. */
  bucket: Pick<R2Bucket, "get" | "head" | "list" | "put" | "delete">;
  /** Mends what the doctor finds of notes; never throws. */
  mendNotes(wrong: readonly WrongNote[]): Promise<void>;
  /** Of what the edge counted; null: it cannot be read. */
  analytics: Analytics | null;
  /** First signs, all verify. */
  signingKeys: string[];
  /** Ed25519 keys as `RECEIPT_KEY` has them: the first signs receipts, all verify. Empty: none is signed. */
  receiptKeys: readonly string[];
  wrongTokens: WrongTokens;
  access: AccessSettings | null;
  /** The edge's origin without a trailing slash; empty when not configured. */
  edgeUrl: string;
  /** Why originals are not staged, as the end of a sentence; null: they are. */
  unstaged: string | null;
  /** It was told that it runs on a developer's machine. */
  isLocal: boolean;
  /** Shown as a badge: `local`, `production`, … */
  environment: string;
  /** The deployed version of this Worker; null where the platform tells none, as locally. */
  version: CodeVersion | null;
  fetch: typeof fetch;
  sleep(ms: number): Promise<void>;
}
