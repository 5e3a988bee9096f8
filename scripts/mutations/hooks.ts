import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/hooks";
const SRC = "workers/consumer/src";

/** Upload hooks: proofs of senders, mappers, and the list of deliveries. */
export const HOOKS: readonly Mutation[] = [
  ...at({ file: `${ROOM}/enqueue-events.ts`, tests: [`${SRC}/api/hooks.test.ts`] }, [
    breaks("L6", "a fruitless delivery is silent", {
      find: "if (isFruitless(answer))",
      replace: "if (answer === null)",
    }),
  ]),
  ...at({ file: `${ROOM}/hook-event.ts`, tests: [`${ROOM}/receive-hook.test.ts`] }, [
    breaks("F12", "ids of deletions are not judged", {
      find: 'if (fault !== null) return rejected("id_invalid", fault);',
      replace: 'if (fault !== null && kind !== "delete") return rejected("id_invalid", fault);',
    }),
    breaks("L2", "a hook's item may have any point", {
      find: "  if (focal === null && change.focal !== null) return rejected",
      replace: "  if (focal === null && change.focal === undefined) return rejected",
      tests: [`${ROOM}/mappers.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/mappers/map-body.ts`, tests: [`${ROOM}/receive-hook.test.ts`] }, [
    breaks("F11", "a hook's body may hold any number of events", {
      find: "if (events.length > EVENTS_MAX)",
      replace: "if (events.length < 0 * EVENTS_MAX)",
    }),
  ]),
  ...at({ file: `${ROOM}/note-delivery.ts`, tests: [`${SRC}/api/hooks.test.ts`] }, [
    breaks("L6", "an overload writes rows", {
      find: "if (error instanceof AppError && isLater(error))",
      replace: "if (error === null)",
    }),
  ]),
  ...at({ file: `${ROOM}/receive-hook.ts`, tests: [`${ROOM}/receive-hook.test.ts`] }, [
    breaks("F5", "a deletion told again is a repeat", {
      find: 'if (unordered.some(({ kind }) => kind === "delete")) return',
      replace: "if (unordered.length < 0) return",
    }),
    breaks("L5", "SNS drops what a full backlog refuses", {
      find: 'verifier.kind === "sns" && ',
      replace: "verifier === null && ",
      tests: [`${ROOM}/verifiers/sns.test.ts`],
    }),
    breaks("L13", "whoever has a hook's secret spends the month", {
      find: "    most: jobsPerDay(hook),\n",
      replace: "",
      tests: [`${SRC}/api/hook-day.test.ts`],
    }),
    breaks("F5", "the repeat of a deletion deletes what was uploaded since", {
      find: "if (await isRepeat(delivery, hash, deps)) {",
      replace: "if (false) {",
    }),
  ]),
  ...at({ file: `${ROOM}/site-function.ts`, tests: [`${ROOM}/own-functions.test.ts`] }, [
    breaks("L5", "a mapper's function that fails is answered 400, and its sender drops the event", {
      find: 'throw new ApiError("not_configured",',
      replace: 'throw new ApiError("body_invalid",',
    }),
  ]),
  ...at({ file: `${ROOM}/subscription.ts`, tests: [`${ROOM}/verifiers/sns.test.ts`] }, [
    breaks("N14", "a viewer reads the address that confirms a subscription", {
      find: "return at === -1 ? why",
      replace: "return at < 0 || at >= 0 ? why",
    }),
    breaks("L5", "confirm: false confirms", { find: " && verifier.confirm !== false", replace: "" }),
    breaks("L5", "a failed confirmation is a success", {
      find: "if (answer.status === 200) return;",
      replace: "return;",
    }),
  ]),
  ...at({ file: `${ROOM}/verifiers/google-oidc.ts`, tests: [`${ROOM}/verifiers/google-oidc.test.ts`] }, [
    breaks("L5", "any service account may push", {
      find: "return isListed && ",
      replace: "return isListed !== null && ",
    }),
    breaks("L5", "an address need not be verified", { find: " && payload.email_verified === true", replace: "" }),
    breaks("L5", "any audience is right", { find: "      audience,\n", replace: "" }),
    breaks("L5", "any issuer is right", { find: "      issuer: ISSUERS,\n", replace: "" }),
    breaks("L5", "a token may be of any age", { find: "      maxTokenAge: LIFE_SECONDS,\n", replace: "" }),
    breaks("L5", "a token may never expire", { find: '["exp", "iat"]', replace: '["iat"]' }),
    breaks("L5", "a token of any length is read", { find: " || jwt.length > TOKEN_MAX_CHARS", replace: "" }),
  ]),
  ...at({ file: `${ROOM}/verifiers/sns-certificates.ts`, tests: [`${ROOM}/verifiers/sns.test.ts`] }, [
    breaks("L5", "a redirect to a certificate is followed", { find: 'redirect: "manual", ', replace: "" }),
    breaks("L5", "a certificate may have any length", {
      find: "text.length > CERTIFICATE_MAX_BYTES ? null : keysOf(text)",
      replace: "keysOf(text)",
    }),
    breaks("L5", "both versions hash alike", { find: '"1": "SHA-1"', replace: '"1": "SHA-256"' }),
    breaks("L5", "an unreachable certificate is no proof", {
      find: "if (answer.status >= 500) throw unreachable();",
      replace: "",
    }),
    breaks("L5", "a certificate is asked for by every message", {
      find: "now - known.at < LIFE_MS",
      replace: "now - known.at < 0",
    }),
    breaks("L5", "a certificate is believed for ever", { find: " && now - known.at < LIFE_MS", replace: "" }),
    breaks("L5", "strangers read any number of certificates", {
      find: "if (this.#reading.size >= READS_MAX) throw unreachable();",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/verifiers/sns.ts`, tests: [`${ROOM}/verifiers/sns.test.ts`] }, [
    breaks("L5", "any topic may send", { find: " || !topics.includes(message.TopicArn)", replace: "" }),
    breaks("L5", "a message is valid for ever", { find: "age <= MAX_AGE_MS && ", replace: "" }),
    breaks("L5", "a message of the future is valid", { find: " && age >= -TOLERANCE_MS", replace: "" }),
    breaks("L5", "a certificate comes from anywhere", { find: "url.startsWith(base) && ", replace: "" }),
    breaks("L5", "a certificate's address may have any path", {
      find: String.raw` && /^[A-Za-z0-9._-]{1,200}\.pem$/.test(url.slice(base.length))`,
      replace: "",
    }),
    breaks("L5", "a subject may have line breaks", {
      find: "  Subject: line.nullish(),",
      replace: "  Subject: z.string().nullish(),",
    }),
    breaks("L5", "the subject is not signed", {
      find: '"MessageId", "Subject", "Timestamp"',
      replace: '"MessageId", "Timestamp"',
    }),
    breaks("L5", "the mapper reads what is not signed", {
      find: "return { id: message.MessageId, body: message.Message };",
      replace: "return { id: message.MessageId };",
    }),
    breaks("L5", "any address confirms", { find: "return isRight ? ", replace: "return isRight || base !== '' ? " }),
    breaks("L5", "a second action may follow the first", { find: "given.length === 3 && ", replace: "" }),
  ]),
  ...at({ file: `${ROOM}/verifiers/verify.ts`, tests: [`${ROOM}/own-functions.test.ts`] }, [
    breaks("L5", "a verifier's function that returns true lets everybody in", {
      find: "(result) => ownProof.parse(result)",
      replace: "(result) => (result === true ? { id: null } : ownProof.parse(result))",
    }),
    breaks("N12", "a time may begin with zeros, which are an id's end", {
      find: String.raw`/^[1-9]\d{0,13}$/`,
      replace: String.raw`/^\d{1,14}$/`,
      tests: [`${ROOM}/receive-hook.test.ts`],
    }),
  ]),
];
