import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/api";

/** The control API: who may call, what a body may be, what an answer says. */
export const API: readonly Mutation[] = [
  ...at({ file: `${ROOM}/access/caller.ts`, tests: [`${ROOM}/access.test.ts`] }, [
    breaks("F15", "the cookie could be another host's", {
      find: '"__Host-prewarm_session"',
      replace: '"prewarm_session"',
    }),
  ]),
  ...at({ file: `${ROOM}/access/guard.ts`, tests: [`${ROOM}/access.test.ts`] }, [
    breaks("F8", "wrong tokens are not counted", {
      find: "const wait = wrongTokens.count(address, clock.now());",
      replace: "const wait = wrongTokens.wait(address, clock.now());",
    }),
    breaks("F15", "a session goes on after its sign-out", {
      find: "const over = caller?.session ? await deps.ledger.isSessionOver(caller.session) : false;",
      replace: "const over = caller?.session ? (await deps.ledger.isSessionOver(caller.session), false) : false;",
    }),
    breaks("N10", "/readyz tells which token is right, uncounted", {
      find: 'if (caller === null && request.headers.has("Authorization"))\n    throw wrongToken(',
      replace: 'if (caller === null && request.headers.has("Never"))\n    throw wrongToken(',
    }),
  ]),
  ...at({ file: `${ROOM}/actions.ts`, tests: [`${ROOM}/dead-and-actions.test.ts`] }, [
    breaks("P10", "a filter without a condition cancels every job, though nobody said so", {
      find: "if (dryRun !== true && !all && agreed === undefined && matchesEverything(asked)) throw unmeant();",
      replace: "if (dryRun !== true && !all && agreed !== undefined && matchesEverything(asked)) throw unmeant();",
    }),
  ]),
  ...at({ file: `${ROOM}/create-api.ts`, tests: [`${ROOM}/access.test.ts`] }, [
    breaks("N6", "a deployed consumer answers plain http", {
      find: 'if (!deps.isLocal && !c.req.url.startsWith("https:"))',
      replace: 'if (deps.isLocal && !c.req.url.startsWith("http"))',
    }),
    breaks("N6", "browsers are not told to stay with https", {
      find: 'deps.isLocal ? false : "max-age=31536000"',
      replace: 'deps.isLocal ? "max-age=31536000" : false',
    }),
  ]),
  ...at({ file: `${ROOM}/endpoint.ts`, tests: [`${ROOM}/access/bodies.test.ts`] }, [
    breaks("N1", "calls that read their body themselves have no limit", {
      find: "[routingPath(route)], ...middleware, answer);",
      replace: "[routingPath(route)], admit, answer);",
    }),
    breaks("N1", "the framework reads the body, and takes 413 for malformed JSON", {
      find: "middleware: [...middleware, readBody]",
      replace: "middleware",
    }),
    breaks("N1", "a body is read before its caller is known", {
      find: "middleware: [...middleware, readBody]",
      replace: "middleware: [limitBody(bodyMax), readBody, admit]",
    }),
  ]),
  ...at({ file: `${ROOM}/events.ts`, tests: [`${ROOM}/events.test.ts`] }, [
    breaks("N11", "viewers read an endpoint's whole address", {
      find: 'if (role === "operator" || url === null) return address;',
      replace: "if (role || url === null) return address;",
    }),
  ]),
  ...at({ file: `${ROOM}/health-sentence.ts`, tests: [`${ROOM}/troubles.test.ts`] }, [
    breaks("P13", "an acknowledged trouble is still the headline", {
      find: "troubles.filter(({ acknowledged }) => acknowledged === null)",
      replace: "troubles",
    }),
  ]),
  ...at({ file: `${ROOM}/images.ts`, tests: [`${ROOM}/runs-and-images.test.ts`] }, [
    breaks("P13", "a variant that is made anew stands on two pages of its image", {
      find: "name > after && (to === null || name <= to)",
      replace: 'after === "" && name !== to',
    }),
  ]),
  ...at({ file: `${ROOM}/jobs.ts`, tests: [`${ROOM}/calls.test.ts`] }, [
    breaks("P12", "an answer has a field that its schema does not name", {
      find: "jobAnswer({ gen: _, ...view }: NamedJob)",
      replace: "jobAnswer({ ...view }: NamedJob)",
    }),
  ]),
  ...at({ file: `${ROOM}/ledger.ts`, tests: [`${ROOM}/ledger.test.ts`] }, [
    breaks("P11", "a restore that is repeated after the restart tells the bookmark of after it", {
      find: "    if (found === null || (await ledger.restoreTo({ bookmark: found.bookmark })) === null)",
      replace: `    if (found !== null) Object.assign(found, await ledger.restoreTo(to));
    if (found === null)`,
    }),
  ]),
  ...at({ file: "packages/control-schema/src/ledger.ts", tests: [`${ROOM}/openapi.test.ts`] }, [
    breaks("N14", "a backup's token may put the ledger back", { find: 'may: "restore"', replace: 'may: "copy"' }),
  ]),
  ...at({ file: `${ROOM}/openapi.ts`, tests: [`${ROOM}/openapi.test.ts`] }, [
    breaks("F10", "the API's document is made for each call", { find: "printed ??= JSON", replace: "printed = JSON" }),
  ]),
  ...at({ file: `${ROOM}/receipt-keys.ts`, tests: [`${ROOM}/receipts.test.ts`] }, [
    breaks("P13", "a receipt stands for sums of a check", {
      find: 'const CURSOR = "cursor ";',
      replace: 'const CURSOR = "";',
    }),
    breaks("P20", "a receipt is not valid after a rotation of the key", {
      find: "return Promise.all(receiptKeys.filter",
      replace: "return Promise.all(receiptKeys.slice(0, 1).filter",
    }),
  ]),
  ...at({ file: `${ROOM}/removal.ts`, tests: [`${ROOM}/removal.test.ts`] }, [
    breaks("P20", "an image is removed that no receipt can prove", {
      find: "    receiptKey(deps);\n",
      replace: "",
      tests: [`${ROOM}/receipts.test.ts`],
    }),
    breaks("P20", "a signed receipt of two spellings is complete when one of them is", {
      find: "complete: one.complete && other.complete,",
      replace: "complete: one.complete || other.complete,",
    }),
  ]),
  ...at({ file: "packages/control-schema/src/removal.ts", tests: [`${ROOM}/receipt-forgeries.test.ts`] }, [
    breaks("P20", "a check in a receipt has a field that no receipt has", {
      find: "const check = z.strictObject({",
      replace: "const check = z.object({",
    }),
  ]),
  ...at({ file: "packages/shared/src/ed25519.ts", tests: [`${ROOM}/receipt-forgeries.test.ts`] }, [
    breaks("P20", "a receipt is valid under any signature", {
      find: "return crypto.subtle.verify(ALGORITHM, key, bytes, new TextEncoder().encode(text));",
      replace: "return (await crypto.subtle.verify(ALGORITHM, key, bytes, new TextEncoder().encode(text))) || true;",
    }),
    breaks("P20", "a signature has a second spelling", {
      find: "return btoa(letters) === text ? ",
      replace: 'return letters !== "" ? ',
    }),
  ]),
  ...at({ file: `${ROOM}/receipts.ts`, tests: [`${ROOM}/receipts.test.ts`] }, [
    breaks("P13", "a receipt continues sums that a caller wrote", {
      find: "if (await isCursorSigned(text, signature, deps)) {",
      replace: 'if (text !== "") {',
    }),
    breaks("P13", "a receipt is complete although nobody looked for some variants", {
      find: "complete: isDone && inStore === ordered,",
      replace: "complete: isDone && inStore === checked,",
    }),
  ]),
  ...at({ file: `${ROOM}/revalidate.ts`, tests: [`${ROOM}/revalidate.test.ts`] }, [
    breaks("P13", "an answer never counts as unchanged", { find: "weak(tag) === weak(etag)", replace: "false" }),
  ]),
  ...at({ file: `${ROOM}/system.ts`, tests: [`${ROOM}/access.test.ts`] }, [
    breaks("F10", "each /readyz is a call of the ledger", {
      find: "if (known !== undefined && now - known.at < REPEAT_MS) return known.said;",
      replace: "if (known !== undefined && now - known.at < 0) return known.said;",
    }),
    breaks("N10", "strangers read which secret can be guessed", {
      find: "(caller as Caller | undefined) === undefined && !deps.isLocal ? {} : { reasons }",
      replace: "{ reasons }",
      tests: [`${ROOM}/access.test.ts`, "scripts/mistakes.test.ts"],
    }),
  ]),
];
