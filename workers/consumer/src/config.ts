import type { Config } from "@prewarm/shared/config";
import site from "../../../prewarm.config.ts";

/** Secrets (`wrangler secret put NAME -c wrangler.consumer.toml`) and the local stack's variables; all may be unset. */
export interface Secrets {
  ITTYBIT_API_KEY?: string;
  /** Operators' bearer tokens, comma-separated for rotation. Unset: the control API answers 503. */
  ADMIN_TOKEN?: string;
  /** Viewers' bearer tokens, comma-separated. */
  VIEWER_TOKEN?: string;
  /** Keys of signed URLs, comma-separated: the first signs, all verify. */
  SIGNING_KEYS?: string;
  HOOK_SECRET?: string;
  /** Replaces the url of the source with prefix "" (the local stack's originals). */
  ORIGINALS_URL?: string;
  /** Where the edge answers, for links and for signed originals. */
  EDGE_URL?: string;
  /** `true` only in the local stack. */
  LOCAL?: string;
  /** `true` only in the local stack: outputs and originals may be fetched from loopback by http. */
  ALLOW_LOOPBACK?: string;
}

export type Env = Omit<ConsumerEnv, "ITTYBIT_API_URL"> & Secrets & { ITTYBIT_API_URL: string };

/** prewarm.config.ts as it holds in this environment. */
export function siteConfig(env: Pick<Secrets, "ORIGINALS_URL" | "LOCAL">): Config {
  const url = env.ORIGINALS_URL;
  const sources = url ? site.sources.map((source) => (source.prefix === "" ? { prefix: "", url } : source)) : site.sources;
  // The local budget is unlimited: nothing here costs anything.
  const gate = env.LOCAL === "true" ? { ...site.gate, monthlyJobs: null } : site.gate;
  return { ...site, sources, gate };
}

/** A comma-separated secret as a list, without empty parts. */
export function listOf(secret: string | undefined): string[] {
  return (secret ?? "").split(",").map((part) => part.trim()).filter(Boolean);
}
