import { at, breaks, type Mutation } from "./mutation.ts";

const EMULATOR = "packages/ittybit-emulator/src";

/** The local stack: its settings, the platform's limits, the local cache and the local Ittybit. */
export const LOCAL_STACK: readonly Mutation[] = [
  ...at({ file: "dev/limits/caching-fault.ts", tests: ["dev/limits/caching-fault.test.ts"] }, [
    breaks("P3", "an answer without Cache-Control passes", {
      find: "found === null ? null : Number(found[1])",
      replace: "Number(found?.[1] ?? 0)",
    }),
    breaks("P3", "what is no variant may be kept", {
      find: "!isVariant(answer) && !isKeptBesides(answer, seconds)",
      replace: "!isVariant(answer) && seconds < 0",
    }),
    breaks("P3", "a signed answer may be kept for ever", { find: "seconds > end - now", replace: "seconds < 0" }),
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
      find: 'config.access === "private" ? secrets.SIGNING_KEYS',
      replace: 'config.access === "open" ? secrets.SIGNING_KEYS',
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
