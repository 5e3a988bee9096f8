import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "packages/shared/src";
const EDGE = "workers/edge/src";
const CONSUMER = "workers/consumer/src";
const STAND_IN_TESTS = [`${EDGE}/hit/stand-in.test.ts`, `${EDGE}/hit/best-stored.test.ts`];

/** Rules that every Worker shares: URLs, settings, signatures, messages, and limits of foreign text. */
export const SHARED: readonly Mutation[] = [
  ...at({ file: `${SRC}/accept.ts`, tests: STAND_IN_TESTS }, [
    breaks("P18", "a format is shown that the client refuses", {
      find: 'if ((named ?? any) === 0) return "no";',
      replace: "",
    }),
    breaks("P18", "AVIF is shown to whoever takes anything", {
      find: ' && !namesImages && wildcard !== "no"',
      replace: " && !namesImages",
    }),
    breaks("P18", "a format newer than AVIF is shown to link previews", {
      find: ' && !namesImages && wildcard !== "no"',
      replace: ' && !namesImages && other !== "avif"',
      tests: [`${SRC}/accept.newer-format.test.ts`],
    }),
    breaks("P18", "WebP is shown to a browser that names other images only", {
      find: ' && !namesImages && wildcard !== "no"',
      replace: ' && wildcard !== "no"',
    }),
    breaks("P19", "a format that the client refuses is served", {
      find: 'others.filter((other) => shows(other, best, true, weights) === "proven")',
      replace: "others",
      tests: [`${SRC}/accept.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/acts.ts`, tests: [`${CONSUMER}/config.test.ts`] }, [
    breaks("N14", "an entry that does not parse is a token of all rights", {
      find: "return token === undefined ? null : {",
      replace: "return token === undefined ? { name: null, token: entry, acts: null } : {",
    }),
  ]),
  ...at({ file: `${SRC}/deploy-schema.ts`, tests: [`${SRC}/config-check.deploy.test.ts`] }, [
    breaks("D1", "two environments of an account may share a queue or a bucket", {
      find: "if (mine.account === theirs.account || !mine.account || !theirs.account) {",
      replace: "if (mine.account !== undefined && mine.account === theirs.account) {",
    }),
  ]),
  ...at({ file: `${SRC}/hook-schema.ts`, tests: [`${SRC}/config-check.hooks.test.ts`] }, [
    breaks("F18", "a time that is not signed passes the check", {
      find: 'timestampHeader !== undefined && !template.includes("{timestamp}")',
      replace: 'timestampHeader === "" && !template.includes("{timestamp}")',
    }),
    breaks("L5", "a topic may belong to two hooks", {
      find: 'if (verifier.kind === "sns") return verifier.topics.map((topic) => ["topics", topic, "a topic"]);',
      replace: "",
    }),
    breaks("N12", "an id may touch what is signed after it", {
      find: "if (touching !== undefined)",
      replace: 'if (touching === "")',
    }),
    breaks("N12", "two hooks may have one secret", {
      find: "else if (other !== hook)",
      replace: 'else if (other === "")',
    }),
  ]),
  ...at({ file: `${SRC}/config-schema.ts`, tests: [`${SRC}/config-check.events.test.ts`] }, [
    breaks("N11", "events may be sent to an address with a password, or of a private network", {
      find: "      .superRefine(rule(endpointFaults)),",
      replace: ",",
    }),
  ]),
  ...at({ file: `${SRC}/config.ts`, tests: STAND_IN_TESTS }, [
    breaks("P18", "the original comes first", {
      find: 'firstView: "stored",',
      replace: 'firstView: "original",',
    }),
    breaks("L4", "with access for pages only the standard widths and shapes are open", {
      find: 'const isOpen = access !== "signed";',
      replace: 'const isOpen = access !== "private";',
      tests: [`${SRC}/config.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/cost/outlook.ts`, tests: [`${SRC}/cost/outlook.test.ts`] }, [
    breaks("P12", "the outlook forgets what waits already", {
      find: "Math.max(0, left - ahead)",
      replace: "Math.max(0, left)",
    }),
  ]),
  ...at({ file: `${SRC}/environment-check.ts`, tests: [`${CONSUMER}/config.test.ts`] }, [
    breaks("N12", "two hooks may have one secret under two names", {
      find: "else if (known.hook !== hook)",
      replace: 'else if (known.hook === "")',
      tests: [`${SRC}/config-check.hooks.test.ts`],
    }),
    breaks("N14", "nobody is told of an entry that does not parse", {
      find: "if (namedToken(entry) !== null) return [];",
      replace: "if (entry !== null) return [];",
    }),
    breaks("S1", "a hint of /readyz sets production's secret", {
      find: 'prewarm provision --to ${environment || "<env>"}',
      replace: "prewarm provision --to production",
    }),
  ]),
  ...at({ file: `${SRC}/secrets.ts`, tests: ["scripts/mistakes.test.ts"] }, [
    breaks("D1", 'access: "private" is deployed without a key, so that every picture is refused', {
      find: "BOTH, signingNeed(config),",
      replace: "BOTH, null,",
    }),
  ]),
  ...at({ file: `${SRC}/environment.ts`, tests: [`${EDGE}/config.test.ts`] }, [
    breaks("N10", "the edge takes a key that can be guessed", {
      find: "isLocal || key.length >= TOKEN_MIN_CHARS",
      replace: "isLocal || key.length >= 1",
    }),
  ]),
  ...at({ file: `${SRC}/focal.ts`, tests: [`${SRC}/focal.property.test.ts`] }, [
    breaks("L2", "a crop keeps its centre wherever the point is", {
      find: "if (toCentre <= Math.min(toStart, toEnd)) return null;",
      replace: "if (toCentre <= Math.min(toStart, toEnd) || kept > 0) return null;",
    }),
    breaks("L2", "a crop keeps the other end", {
      find: 'return toStart < toEnd ? "left" : "right";',
      replace: 'return toStart > toEnd ? "left" : "right";',
    }),
    breaks("L2", "the point moves crops whose URL says what they keep", {
      find: 'return fit === "cover" && pos === null;',
      replace: 'return fit === "cover" && pos !== undefined;',
      tests: [`${CONSUMER}/images/focal.test.ts`, `${CONSUMER}/ittybit/job-order.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/foreign-json.ts`, tests: [`${CONSUMER}/api/warm.test.ts`] }, [
    breaks("F17", "JSON may be nested without end", {
      find: "if (depth > JSON_MAX_DEPTH) return true;",
      replace: "if (depth > 1e9 * JSON_MAX_DEPTH) return true;",
    }),
  ]),
  ...at({ file: `${SRC}/image-header-raster.ts`, tests: ["test/fuzz/bytes.test.ts"] }, [
    breaks("F17", "a WebP that is cut off within its size is read one byte too far", {
      find: "  if (bytes.length < 30) return null;",
      replace: "  if (bytes.length < 29) return null;",
    }),
  ]),
  ...at({ file: `${SRC}/image-id.ts`, tests: ["test/fuzz/hooks.test.ts", `${SRC}/image-id.test.ts`] }, [
    breaks("F17", "half of a surrogate pair reaches the ledger", {
      find: 'if (!id.isWellFormed()) refuse("It holds half of a surrogate pair, which is no text.");',
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/image-info.ts`, tests: [...STAND_IN_TESTS, `${SRC}/image-info.test.ts`] }, [
    breaks("P18", "another version stands in", {
      find: "parsed !== null && parsed.v === (isOwn ? null : v) ?",
      replace: "parsed !== null ?",
    }),
    breaks("P18", "a version that nobody announced has no stand-ins", {
      find: "(isOwn ? others : Object.keys(Object(elsewhere)))",
      replace: "others",
    }),
  ]),
  ...at({ file: `${SRC}/log.ts`, tests: [`${SRC}/log.test.ts`] }, [
    breaks("F13", "all of a foreign text is looked at", {
      find: ".slice(0, Math.max(0, clean.length - longest)) : clean).slice(0, LOOKED_AT_CHARS)",
      replace: ") : text)",
    }),
    breaks("P14", "a secret in Base64 is no secret", {
      find: ", ...base64Forms(secret)]",
      replace: "]",
      tests: ["workers/consumer/test/promises/nothing-signed-is-told.test.ts"],
    }),
    breaks("P14", "an apostrophe ends a URL", {
      find: String.raw`/https?:\\?\/\\?\/[^\s"<>]*/gi`,
      replace: String.raw`/https?:\\?\/\\?\/[^\s"'<>]*/gi`,
    }),
  ]),
  ...at(
    {
      file: `${SRC}/message-schema.ts`,
      tests: [`${SRC}/message-schema.test.ts`, `${CONSUMER}/making/consume-batch.test.ts`],
    },
    [
      breaks("P12", "a newer message is taken for rubbish", {
        find: "if (later.success) return",
        replace: "if (later.success && later.data.v < 0) return",
      }),
      breaks("P12", "a field is added without a version", {
        find: "at: z.int().nonnegative(),",
        replace: "at: z.int().nonnegative(), run: z.string(),",
        tests: [`${CONSUMER}/making/message-fixtures.test.ts`],
      }),
    ],
  ),
  ...at({ file: `${SRC}/mime.ts`, tests: [`${EDGE}/hit/serve-variant.test.ts`] }, [
    breaks("L3", "the edge calls the PNG under a JPEG's key a JPEG", {
      find: 'FORMAT_ROWS[format === "jpeg" && stored === FORMAT_ROWS.png.type ? "png" : format]',
      replace: 'FORMAT_ROWS[stored === null ? "png" : format]',
    }),
  ]),
  ...at({ file: `${SRC}/network.ts`, tests: [`${SRC}/network.test.ts`] }, [
    breaks("F16", "one IPv6 network has many names", {
      find: 'text.includes("::") ? [...left, ...zeros, ...right] : left',
      replace: 'text.split(":")',
    }),
  ]),
  ...at({ file: `${SRC}/parameter-values.ts`, tests: [`${EDGE}/request/image-signature.test.ts`] }, [
    breaks("L4", "every scope is taken", {
      find: 'if (text === "image") return text;',
      replace: "if (text) return text;",
    }),
  ]),
  ...at({ file: `${SRC}/printable.ts`, tests: [`${SRC}/printable.test.ts`] }, [
    breaks("N8", "format characters are taken for letters", { find: String.raw`\p{Cf}`, replace: "" }),
  ]),
  ...at({ file: `${SRC}/public-address.ts`, tests: [`${SRC}/public-address.test.ts`] }, [
    breaks("P15", "a result may lie at a private address", {
      find: 'return isPublicHost(host) ? null : "the host is not public";',
      replace: "return null;",
    }),
    breaks("F18", "a source may lie in a private network", {
      find: "if (!isLoopback(host) && !isPublicHost(host))",
      replace: 'if (!isLoopback(host) && host === "" && !isPublicHost(host))',
      tests: [`${SRC}/config-check.sources.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/backoff.ts`, tests: [`${CONSUMER}/ittybit/client.test.ts`] }, [
    breaks("P5", "Retry-After is cut short", {
      find: "return Math.min(Math.ceil(Number(text) * 1000), LONGEST_MS);",
      replace: "return Math.min(Math.ceil(Number(text) * 1000), 1000);",
    }),
  ]),
  ...at({ file: `${SRC}/signature.ts`, tests: [`${EDGE}/request/image-signature.test.ts`] }, [
    breaks("L4", "a URL's own signature is one of the image", { find: "/^(exp|sc|v)$/", replace: "/^(exp|v)$/" }),
    breaks("L4", "an image's signature is of every version", { find: "/^(exp|sc|v)$/", replace: "/^(exp|sc)$/" }),
    breaks("L4", "an image's signature has no end", { find: "/^(exp|sc|v)$/", replace: "/^(sc|v)$/" }),
  ]),
  ...at({ file: `${SRC}/source.ts`, tests: [`${SRC}/source.test.ts`] }, [
    breaks("P15", "a source's function can send viewers to an address that is no http", {
      find: "return url && /^https?:$/.test(url.protocol) ? url.href : null;",
      replace: "return url ? url.href : null;",
    }),
    breaks("P14", "the full size of a private original is open", {
      find: "return isFullSize || Math",
      replace: "return Math",
      tests: [`${EDGE}/private-originals.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/transparency.ts`, tests: [`${SRC}/transparency.test.ts`] }, [
    breaks("L3", "a PNG with a palette counts as opaque", {
      find: '    if (name === "tRNS") return true;\n',
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/upload-recipe.ts`, tests: ["packages/client/src/recipe.property.test.ts"] }, [
    breaks("L1", "an upload makes no preset", {
      find: "...Object.keys(settings.presets ?? {}).map(",
      replace: "...Object.keys({}).map(",
    }),
    breaks("L1", "an upload makes no preset", { find: "specs: [`p=${name}`]", replace: "specs: []" }),
  ]),
  ...at({ file: `${SRC}/clock.ts`, tests: [`${CONSUMER}/ittybit/client.test.ts`] }, [
    breaks("P17", "the timer of each call to Ittybit keeps the ledger awake", {
      find: "    clearTimeout(timer);",
      replace: "    void timer;",
    }),
  ]),
];
