import { prewarmStorage } from "@prewarm/client/emdash";
import { createStorage as createLocal } from "emdash/storage/local";

const { PREWARM_URL: baseUrl, PREWARM_HOOK: url, PREWARM_SECRET: secret } = process.env;

/** EmDash calls it with `storage.config` of astro.config.mjs. */
export function createStorage(config) {
  const local = createLocal({ ...config, baseUrl: "/_emdash/api/media/file" });
  return prewarmStorage(local, { client: { baseUrl }, hook: { url, secret } });
}
