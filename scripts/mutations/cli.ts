import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "apps/cli/src";
const TESTS = "apps/cli/test";

/** The command line. */
export const CLI: readonly Mutation[] = [
  ...at({ file: `${SRC}/arguments/load-config.ts`, tests: [`${SRC}/arguments/load-config.test.ts`] }, [
    breaks("N9", "a configuration above the repository is found", {
      find: "folders.slice(0, Math.max(root, 0) + 1)",
      replace: "folders.slice(0, root === -2 ? 1 : undefined)",
    }),
    breaks("N9", "a configuration of another owner runs", {
      find: "if (found !== named) refuseForeign(found, uid);",
      replace: "if (found === named) refuseForeign(found, uid);",
    }),
  ]),
  ...at({ file: `${SRC}/arguments/settings.ts`, tests: [`${TESTS}/deploy.test.ts`] }, [
    breaks("D1", "a command for an environment whose address is not known acts on the local stack", {
      find: "if (to === null) return;",
      replace: 'if (to !== "nowhere") return;',
    }),
  ]),
  ...at({ file: `${SRC}/commands/print.ts`, tests: [`${TESTS}/csp.test.ts`] }, [
    breaks("W2", "prewarm print csp forgets where cold images come from", {
      find: "edge, ...originals, ...(placeholder",
      replace: "edge, ...(placeholder",
    }),
  ]),
  ...at({ file: `${SRC}/try/site-server.ts`, tests: [`${SRC}/try/hostile-site.test.ts`] }, [
    breaks("F21", "a page's script reads another host through prewarm try", {
      find: 'if (!isSite && wanted !== "" && !OF_OTHER_HOSTS.test(wanted))',
      replace: 'if (!isSite && wanted === "document")',
    }),
    breaks("F21", "a page's script reads another host behind a redirect of the site", {
      find: 'wanted === "image" && shown.names.localOf(next) === null;',
      replace: "shown.names.localOf(next) === null;",
    }),
  ]),
  ...at({ file: `${SRC}/try/page-policy.ts`, tests: [`${SRC}/try/hostile-site.test.ts`] }, [
    breaks("F21", "prewarm try shows a page without its policy", {
      find: 'return [...directives].map(([name, values]) => [name, ...values].join(" ")).join("; ");',
      replace: 'return [...directives.keys()].map((name) => `${name} *`).join("; ");',
    }),
  ]),
  ...at({ file: `${SRC}/covered/read-image-state.ts`, tests: [`${SRC}/covered/read-image-state.test.ts`] }, [
    breaks("L8", "coverage believes the ledger's memory where R2 has no object", {
      find: "if (variant.width === null) state.rows.set",
      replace: 'if (variant.state !== "stored") state.rows.set',
    }),
  ]),
  ...at({ file: `${SRC}/deploy/plan.ts`, tests: [`${TESTS}/deploy.test.ts`] }, [
    breaks("D1", "`provision --yes` takes a bucket with another program's objects", {
      find: "if (adopts === undefined || adopted.includes(adopts)) continue;",
      replace: "if (adopts === undefined || adopted.length === 0) continue;",
    }),
  ]),
  ...at({ file: `${SRC}/deploy/provision.ts`, tests: [`${TESTS}/deploy.test.ts`] }, [
    breaks("D1", "queues are made outside of the jurisdiction", {
      find: "...jurisdictionFlags(target.queueJurisdiction)",
      replace: "",
    }),
    breaks("D1", "a queue of another jurisdiction is taken for the environment's", {
      find: "if (jurisdiction === queueJurisdiction) return;",
      replace: 'if (queue !== "") return;',
    }),
  ]),
  ...at({ file: `${SRC}/deploy/rollback.ts`, tests: [`${TESTS}/deploy.test.ts`] }, [
    breaks("D1", "a rollback passes a migration of the ledger that nobody agreed to", {
      find: "aim.isPastMigration && !pastMigration",
      replace: "aim.isPastMigration && pastMigration",
    }),
  ]),
  ...at({ file: `${SRC}/input/read-pages.ts`, tests: [`${SRC}/input/pages.test.ts`] }, [
    breaks("F19", "a page of any size is read", {
      find: "size > PAGE_BYTES_MAX",
      replace: "size < 0 * PAGE_BYTES_MAX",
    }),
  ]),
  ...at({ file: `${SRC}/input/read-s3-inventory.ts`, tests: [`${SRC}/input/read-s3-inventory.test.ts`] }, [
    breaks("P12", "rows of an inventory's file are sent though its MD5 is another", {
      find: 'if (hash.digest("hex") !== expected.toLowerCase())',
      replace: 'if (hash.digest("hex") === "")',
    }),
    breaks("P12", "an inventory's delete markers and old versions are warmed", {
      find: 'row.IsLatest === "false" || row.IsDeleteMarker === "true"',
      replace: 'row.IsLatest === "never"',
    }),
  ]),
  ...at(
    { file: `${SRC}/input/top-counts.ts`, tests: [`${SRC}/input/top-counts.test.ts`, `${TESTS}/adopt-memory.test.ts`] },
    [
      breaks("L7", "a log of many pictures is held in memory", {
        find: "known === undefined && counts.size >= capacity",
        replace: "known === undefined && counts.size >= Number.POSITIVE_INFINITY",
      }),
    ],
  ),
  ...at({ file: `${SRC}/main.ts`, tests: [`${TESTS}/exit-codes.test.ts`] }, [
    breaks("S6", "every command ends well", { find: "process.exit(code));", replace: "process.exit(0));" }),
  ]),
  ...at({ file: `${SRC}/mcp/serve.ts`, tests: [`${SRC}/mcp/serve.test.ts`] }, [
    breaks("N8", "an answer of a tool repeats the operator's token", {
      find: "resultOf(withoutSecrets(text, secrets), isError)",
      replace: "resultOf(withoutSecrets(text, []), isError)",
    }),
  ]),
  ...at({ file: `${SRC}/pages/read-site.ts`, tests: [`${TESTS}/coverage.test.ts`] }, [
    breaks("F19", "a robots.txt is read to its end", {
      find: "readBoundedText(answer, ROBOTS_MAX_BYTES)",
      replace: "answer.text()",
    }),
    breaks("L8", "a page that robots.txt forbids is read", {
      find: "return robots.allows(url.pathname + url.search) ? null",
      replace: "return robots.allows(url.pathname + url.search) || true ? null",
    }),
    breaks("L8", "a site is asked as fast as it answers", { find: "await pace(1);", replace: "" }),
    breaks("L8", "a crawl that goes on reads its pages again", {
      find: "frontier.waiting.filter((url) => !done.has(url))",
      replace: "frontier.waiting",
    }),
  ]),
  ...at({ file: `${SRC}/platform/find-misfit.ts`, tests: [`${SRC}/platform/find-misfit.test.ts`] }, [
    breaks("P12", "the command line refuses a word of a newer server", {
      find: "return ofType(typeof issue.values[0], issue.input, at);",
      replace: "return `${at} is no word of ours`;",
    }),
  ]),
  ...at({ file: `${SRC}/run-cli.ts`, tests: [`${TESTS}/poisoned.test.ts`] }, [
    breaks("N8", "an error of a stranger's sitemap is printed as it came", {
      find: "printable(line)",
      replace: "line",
    }),
  ]),
  ...at({ file: `${SRC}/send/chunk-items.ts`, tests: [`${SRC}/send/send.test.ts`] }, [
    breaks("P1", "what an export names goes into the run of what stands before it", {
      find: " || asked !== order",
      replace: "",
    }),
    breaks("L1", "prewarm warm --v makes no version", {
      find: "...(v !== undefined && item.v === undefined && { v }),",
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/send/run-state.ts`, tests: [`${TESTS}/resume.test.ts`] }, [
    breaks("F19", "everybody may read the command line's state", {
      find: "{ mode: 0o600 }",
      replace: "{ mode: 0o644 }",
    }),
  ]),
  ...at({ file: `${SRC}/send/send-chunk.ts`, tests: [`${TESTS}/exit-codes.test.ts`] }, [
    breaks("F19", "an SVG on a page stops a build", { find: "code !== PASSED_THROUGH", replace: 'code !== ""' }),
  ]),
  ...at({ file: `${SRC}/site/places.ts`, tests: [`${SRC}/commands/dev.test.ts`] }, [
    breaks("D1", "a token goes to the address that another user wrote down", {
      find: "if (uid !== null && owner !== uid && owner !== 0) return null;",
      replace: "if (uid !== null && owner !== uid && owner === 0) return null;",
    }),
  ]),
  ...at({ file: `${SRC}/steps/check-deploy.ts`, tests: [`${SRC}/commands/check.test.ts`] }, [
    breaks("S1", "`prewarm check --to staging` prints commands for production", {
      find: "setSecret(name, environment)",
      replace: 'setSecret(name, "production")',
    }),
  ]),
  ...at({ file: `${SRC}/steps/open-target.ts`, tests: [`${TESTS}/deploy.test.ts`] }, [
    breaks("D1", "an environment is deployed by a wrangler file that is not what the configuration says", {
      find: "if (stale.length > 0) throw",
      replace: "if (stale.length > 2) throw",
    }),
  ]),
  ...at({ file: `${SRC}/terminal/progress.ts`, tests: [`${TESTS}/poisoned.test.ts`] }, [
    breaks("N8", "a remark is printed as it came", { find: "printable(text)", replace: "text" }),
  ]),
  ...at({ file: `${SRC}/terminal/report.ts`, tests: [`${TESTS}/poisoned.test.ts`] }, [
    breaks("N8", "a line of data is printed as it came", {
      find: "printable(withMoments(line, (at) => momentInUtc(at, clock.now())))",
      replace: "line",
    }),
    breaks("N8", "JSON holds bidirectional letters and 8-bit control sequences as they came", {
      find: "printableJson(JSON.stringify({ schema, ...body }))",
      replace: "JSON.stringify({ schema, ...body })",
    }),
  ]),
];
