import type { Mutation } from "./promises.ts";

const HOOKS = "workers/consumer/src/hooks";
const LEDGER = "workers/consumer/src/ledger";
const SNS = `${HOOKS}/verifiers/sns.ts`;
const CERTIFICATES = `${HOOKS}/verifiers/sns-certificates.ts`;
const GOOGLE = `${HOOKS}/verifiers/google-oidc.ts`;
const LIST = "workers/consumer/src/api/hooks.test.ts";

const sns = (breaks: string, file: string, find: string, replace: string): Mutation => {
  return { promise: "L5", breaks, file, find, replace, tests: [`${HOOKS}/verifiers/sns.test.ts`] };
};
const google = (breaks: string, file: string, find: string, replace: string): Mutation => {
  return { promise: "L5", breaks, file, find, replace, tests: [`${HOOKS}/verifiers/google-oidc.test.ts`] };
};
const list = (breaks: string, file: string, find: string, replace: string, tests = [LIST]): Mutation => {
  return { promise: "L6", breaks, file, find, replace, tests };
};

/** Proofs of senders that publish their keys, and the list of deliveries: each check switched off. */
export const HOOK_PROOFS: readonly Mutation[] = [
  sns("any topic may send", SNS, " || !topics.includes(message.TopicArn)", ""),
  sns("a message is valid for ever", SNS, "age <= MAX_AGE_MS && ", ""),
  sns("a message of the future is valid", SNS, " && age >= -TOLERANCE_MS", ""),
  sns("a certificate comes from anywhere", SNS, "url.startsWith(base) && ", ""),
  sns(
    "a certificate's address may have any path",
    SNS,
    " && /^[A-Za-z0-9._-]{1,200}\\.pem$/.test(url.slice(base.length))",
    "",
  ),
  sns("a subject may have line breaks", SNS, "  Subject: line.nullish(),", "  Subject: z.string().nullish(),"),
  sns("the subject is not signed", SNS, '"MessageId", "Subject", "Timestamp"', '"MessageId", "Timestamp"'),
  sns(
    "the mapper reads what is not signed",
    SNS,
    "return { id: message.MessageId, body: message.Message };",
    "return { id: message.MessageId };",
  ),
  sns("any address confirms", SNS, "return isRight ? ", "return isRight || base !== '' ? "),
  sns("a second action may follow the first", SNS, "given.length === 3 && ", ""),
  sns("a redirect to a certificate is followed", CERTIFICATES, 'redirect: "manual", ', ""),
  sns(
    "a certificate may have any length",
    CERTIFICATES,
    "text.length > CERTIFICATE_MAX_BYTES ? null : keysOf(text)",
    "keysOf(text)",
  ),
  sns("both versions hash alike", CERTIFICATES, '"1": "SHA-1"', '"1": "SHA-256"'),
  sns("an unreachable certificate is no proof", CERTIFICATES, "if (answer.status >= 500) throw unreachable();", ""),
  sns("a certificate is asked for by every message", CERTIFICATES, "now - known.at < LIFE_MS", "now - known.at < 0"),
  sns("a certificate is believed for ever", CERTIFICATES, " && now - known.at < LIFE_MS", ""),
  sns(
    "strangers read any number of certificates",
    CERTIFICATES,
    "if (this.#reading.size >= READS_MAX) throw unreachable();",
    "",
  ),
  sns(
    "SNS drops what a full backlog refuses",
    `${HOOKS}/receive-hook.ts`,
    'verifier.kind === "sns" && ',
    "verifier === null && ",
  ),
  sns("confirm: false confirms", `${HOOKS}/subscription.ts`, " && verifier.confirm !== false", ""),
  sns(
    "a failed confirmation is a success",
    `${HOOKS}/subscription.ts`,
    "if (answer.status === 200) return;",
    "return;",
  ),
  google("any service account may push", GOOGLE, "return isListed && ", "return isListed !== null && "),
  google("an address need not be verified", GOOGLE, " && payload.email_verified === true", ""),
  google("any audience is right", GOOGLE, "      audience,\n", ""),
  google("any issuer is right", GOOGLE, "      issuer: ISSUERS,\n", ""),
  google("a token may be of any age", GOOGLE, "      maxTokenAge: LIFE_SECONDS,\n", ""),
  google("a token may never expire", GOOGLE, '["exp", "iat"]', '["iat"]'),
  google("a token of any length is read", GOOGLE, " || jwt.length > TOKEN_MAX_CHARS", ""),
  google(
    "unreachable keys are no proof",
    "workers/consumer/src/platform/remote-keys.ts",
    'throw new AppError("unavailable");',
    "throw new errors.JWKSNoMatchingKey();",
  ),
  {
    promise: "L5",
    breaks: "a topic may belong to two hooks",
    file: "packages/shared/src/config-hook-rules.ts",
    find: 'if (verifier.kind === "sns") return verifier.topics.map((topic) => ["topics", topic, "a topic"]);',
    replace: "",
    tests: ["packages/shared/src/config-check.hooks.test.ts"],
  },
  list("a delivery is listed by the next minute", `${LEDGER}/deliveries.ts`, "  deliveries.save(tx.sql);\n", ""),
  list(
    "a delivery of one chunk is not listed",
    `${LEDGER}/ledger.ts`,
    'if (note !== undefined && answer.status === "done")',
    'if (note !== undefined && answer.status === "full")',
  ),
  list(
    "a delivery of several chunks is not listed",
    `${LEDGER}/ledger.ts`,
    'if (note !== undefined && end === "done")',
    'if (note !== undefined && end === "repeat")',
  ),
  list(
    "the line has no numbers of the ledger",
    `${LEDGER}/deliveries.ts`,
    "accepted: note.accepted + accepted,",
    "accepted: note.accepted,",
  ),
  list("older lines are lost with the newest", `${LEDGER}/deliveries.ts`, "[...newest, ...older]", "[...newest]"),
  list(
    "a line that moves is stored twice",
    `${LEDGER}/deliveries.ts`,
    "(place < this.#newest ? this.#newest : KEEP)",
    "this.#newest",
  ),
  list(
    "an overload writes rows",
    `${HOOKS}/note-delivery.ts`,
    "if (error instanceof AppError && isLater(error))",
    "if (error === null)",
  ),
  list(
    "a delivery of one chunk leaves the edge's markers",
    "workers/consumer/src/intake/accept-stream.ts",
    "    isFinished = finished === true;\n",
    "    isFinished = finished === true;\n    if (isFinished) break;\n",
    [`${HOOKS}/receive-hook.test.ts`],
  ),
  list(
    "a delivery of one chunk is not finished by it",
    "packages/durable-queue/src/intake/accept-chunk.ts",
    'hash: finish?.hash ?? "",',
    'hash: "",',
    [`${HOOKS}/receive-hook.test.ts`],
  ),
  list(
    "a lost answer makes a delivery a repeat",
    "packages/durable-queue/src/intake/accept-chunk.ts",
    "finish.hash === known.hash ? { ...told, finished: true } : told;",
    'finish.hash === "" ? { ...told, finished: true } : told;',
  ),
  list(
    "a fruitless delivery is silent",
    `${HOOKS}/enqueue-events.ts`,
    "if (isFruitless(answer))",
    "if (answer === null)",
  ),
  {
    promise: "L5",
    breaks: "a verifier's function that returns true lets everybody in",
    file: "workers/consumer/src/hooks/verifiers/verify.ts",
    find: "(result) => ownProof.parse(result)",
    replace: "(result) => (result === true ? { id: null } : ownProof.parse(result))",
    tests: ["workers/consumer/src/hooks/own-functions.test.ts"],
  },
  {
    promise: "L5",
    breaks: "a mapper's function that fails is answered 400, and its sender drops the event",
    file: "workers/consumer/src/hooks/site-function.ts",
    find: 'throw new ApiError("not_configured",',
    replace: 'throw new ApiError("body_invalid",',
    tests: ["workers/consumer/src/hooks/own-functions.test.ts"],
  },
  {
    promise: "P13",
    breaks: "a handler's function that fails counts as delivered",
    file: "workers/consumer/src/platform/deliver-event.ts",
    find: "return { status: 0, said: errorText(error, secrets) };",
    replace: "return { status: 200, said: errorText(error, secrets) };",
    tests: ["workers/consumer/src/platform/handle-event.test.ts"],
  },
  {
    promise: "P14",
    breaks: "the reason why a handler's function failed shows operators its secret",
    file: "workers/consumer/src/platform/deliver-event.ts",
    find: "return { status: 0, said: errorText(error, secrets) };",
    replace: "return { status: 0, said: errorText(error) };",
    tests: ["workers/consumer/src/platform/handle-event.test.ts"],
  },
  {
    promise: "P15",
    breaks: "a source's function can send viewers to an address that is no http",
    file: "packages/shared/src/source.ts",
    find: "return url && /^https?:$/.test(url.protocol) ? url.href : null;",
    replace: "return url ? url.href : null;",
    tests: ["packages/shared/src/source.test.ts"],
  },
];
