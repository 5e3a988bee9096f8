import { at, breaks, type Mutation } from "./mutation.ts";

const EMULATOR = "packages/ittybit-emulator/src";

/** The local stack: its settings, the platform's limits, the local cache and the local Ittybit. */
export const LOCAL_STACK: readonly Mutation[] = [
  ...at({ file: "dev/limits/caching-fault.ts", tests: ["dev/limits/caching-fault.test.ts"] }, [
    breaks("P21", "an answer without Cache-Control passes", { find: "!saysCaching(headers)", replace: "false" }),
    breaks("P21", "what is no variant may be kept", {
      find: "if (!isVariant(answer))\n",
      replace: "if (false as boolean)\n",
    }),
    breaks("P21", "a signed answer may be kept for ever", { find: "caching.seconds > end - now", replace: "false" }),
    breaks("P21", "a copy that no purge finds passes", {
      find: '!TAGS.test(headers.get("Cache-Tag") ?? "")',
      replace: "false",
    }),
    breaks("P21", "a purged copy may come back in place of an error", {
      find: "caching.ifError === 0 ? null",
      replace: "caching.ifError >= 0 ? null",
    }),
  ]),
  ...at({ file: "dev/limits/caching.ts", tests: ["dev/limits/caching.test.ts"] }, [
    breaks("P21", "the cache's own field does not speak first", {
      find: '["Cloudflare-CDN-Cache-Control", "CDN-Cache-Control", "Cache-Control"]',
      replace: '["Cache-Control", "CDN-Cache-Control", "Cloudflare-CDN-Cache-Control"]',
    }),
    breaks("P21", "a private answer is kept", { find: ' || said?.has("private")', replace: "" }),
    breaks("P21", "an answer that says no-store is kept", { find: 'said?.has("no-store") || ', replace: "" }),
    breaks("P21", "max-age is taken before s-maxage", {
      find: 'numberOf(said, "s-maxage") ?? numberOf(said, "max-age")',
      replace: 'numberOf(said, "max-age") ?? numberOf(said, "s-maxage")',
    }),
    breaks("P21", "an answer that gives no time is not kept", {
      find: " ?? DEFAULT_SECONDS[status] ?? null",
      replace: " ?? null",
    }),
    breaks("P21", "a stale answer stands in for no error by itself", {
      find: " ?? Number.POSITIVE_INFINITY",
      replace: " ?? 0",
    }),
    breaks("P21", "must-revalidate forbids nothing", {
      find: '["must-revalidate", "proxy-revalidate"',
      replace: '["proxy-revalidate"',
    }),
    breaks("P21", "no-cache is as fresh as its max-age says", {
      find: 'if (said?.has("no-cache")) return 0;',
      replace: "",
    }),
    breaks("P21", "the answer to an authorized request is kept", {
      find: 'asked.has("Authorization") && !opensAuthorized(said)',
      replace: "false",
    }),
    breaks("P21", "an answer that sets a cookie is kept", { find: 'headers.has("Set-Cookie")', replace: "false" }),
    breaks("P21", "a part is kept", { find: "status === 206 || ", replace: "" }),
  ]),
  ...at({ file: "dev/settings.ts", tests: ["dev/settings.test.ts"] }, [
    breaks("F7", "the local token is known to everybody", {
      find: 'keptSecret(stateDir, "ADMIN_TOKEN", "token")',
      replace: '"local-admin"',
    }),
  ]),
  ...at({ file: "dev/announce.ts", tests: ["dev/announce.test.ts"] }, [
    breaks("F7", "the start prints a secret of the environment", {
      find: "secret?.isMade === false",
      replace: "secret === undefined",
    }),
    breaks("L8", "the start of a signed site prints URLs that are refused", {
      find: 'config.signing === "all" ? secrets.SIGNING_KEYS',
      replace: 'config.signing === "off" ? secrets.SIGNING_KEYS',
    }),
  ]),
  ...at({ file: "dev/follow-originals.ts", tests: ["dev/follow-originals.test.ts"] }, [
    breaks("F7", "the folder's watcher orders again what an upload has just announced", {
      find: "if (!wasAsked && !variants.some(isOlder)) return null;",
      replace: "",
    }),
    breaks("F7", "a replaced file keeps the picture that it had", { find: "force: true,", replace: "force: false," }),
  ]),
  ...at({ file: "dev/state-lock.ts", tests: ["dev/state-lock.test.ts"] }, [
    breaks("S4", "two stacks work on one state folder", {
      find: 'database.exec("BEGIN EXCLUSIVE");',
      replace: 'database.exec("BEGIN");',
    }),
  ]),
  ...at({ file: `${EMULATOR}/api/http-io.ts`, tests: [`${EMULATOR}/api/hostile.test.ts`] }, [
    breaks("F6", "a target that is no URL ends the process", {
      find: 'URL.parse(request.url ?? "/", "http://emulator")',
      replace: 'new URL(request.url ?? "/", "http://emulator") as URL | null',
    }),
    breaks("F7", "the emulator answers under any name", {
      find: "if (LOOPBACK.test(host) || host === new URL(boundTo).host) {",
      replace: "if (LOOPBACK.test(host) || host !== boundTo) {",
    }),
  ]),
];
