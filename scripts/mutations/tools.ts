import { at, breaks, type Mutation } from "./mutation.ts";

/** CI, boot, scripts, the order of tests, and the documentation's site. */
export const TOOLS: readonly Mutation[] = [
  ...at({ file: ".github/workflows/nightly.yml", tests: ["test/commit-files.test.ts"] }, [
    breaks("S5", "the nightly workflow leaves out the long files", {
      find: "run: WHOLE=true npm test",
      replace: "run: npm test",
    }),
  ]),
  ...at({ file: ".github/workflows/release.yml", tests: ["scripts/workflows.test.ts"] }, [
    breaks("N13", "an action is taken by its tag", {
      find: "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
      replace: "actions/upload-artifact@v7",
    }),
    breaks("N13", "the job that signs runs the repository's code", {
      find: "      - uses: actions/attest-build-provenance@",
      replace: "      - run: npm run build\n      - uses: actions/attest-build-provenance@",
    }),
    breaks("N13", "the job that publishes runs the repository's code", {
      find: "      - run: for tarball in",
      replace: "      - run: npm run pack:all\n      - run: for tarball in",
    }),
  ]),
  ...at({ file: ".github/workflows/rollback.yml", tests: ["scripts/workflows.test.ts"] }, [
    breaks("N13", "every step of a job sees a secret", {
      find: "vars.CLOUDFLARE_ACCOUNT_ID",
      replace: "secrets.CLOUDFLARE_ACCOUNT_ID",
    }),
  ]),
  ...at({ file: "apps/docs-site/src/llms.ts", tests: ["apps/docs-site/src/site.test.ts"] }, [
    breaks("D1", "llms.txt leaves out the pages that the map does not name", {
      find: "file === null || !inMap.has(file)",
      replace: "file === null",
    }),
  ]),
  ...at({ file: "apps/docs-site/src/map.ts", tests: ["apps/docs-site/src/site.test.ts"] }, [
    breaks("D1", "the site's sidebar has no page of a subject", {
      find: "[...pages, ...subjects.flatMap((subject) => subject.pages)]",
      replace: "pages",
    }),
  ]),
  ...at({ file: "apps/docs-site/src/pages.ts", tests: ["apps/docs-site/src/site.test.ts"] }, [
    breaks("D1", "links in code are rewritten", { find: "|`[^`]+`/gm", replace: "/gm" }),
  ]),
  ...at({ file: "package.json", tests: ["scripts/supply/supply-chain.test.ts"] }, [
    breaks("F20", "the two pins of pnpm differ", { find: "+sha512.", replace: "+sha512.00" }),
  ]),
  ...at({ file: "scripts/boot.mjs", tests: ["scripts/boot.test.ts"] }, [
    breaks("N4", "a pnpm of the PATH installs, which a folder above names", {
      find: 'run(join(bins[0], "pnpm"), INSTALL',
      replace: 'run("pnpm", INSTALL',
    }),
    breaks("S3", "SIGTERM ends boot and leaves the installer running", {
      find: "process.on(signal, () => child.kill(signal));",
      replace: "process.on(signal, () => process.exit(1));",
    }),
    breaks("S3", "a start that installs does not say which process it is", {
      find: ".end(`${process.pid}`)",
      replace: ".end()",
    }),
    breaks("S3", "two starts install at once", {
      find: 'if (error.code !== "EADDRINUSE") throw error;',
      replace: "return server;",
    }),
    breaks("D1", "npm start installs the packages of the documentation's site", {
      find: ', "--filter=!@prewarm/docs-site"',
      replace: "",
    }),
  ]),
  ...at({ file: "scripts/ittybit-lab/observe-quality.ts", tests: ["scripts/ittybit-lab/observe-quality.test.ts"] }, [
    breaks("P19", "a word is given for another one that looks the same", {
      find: "off(quality) - off(best) < LEAST_GAIN ? quality : best",
      replace: "best",
    }),
  ]),
  ...at({ file: "scripts/ittybit-lab/png.ts", tests: ["scripts/ittybit-lab/observe-quality.test.ts"] }, [
    breaks("P19", "a PNG is read by another filter than it was written by", {
      find: "if (filter !== 4) return 0;",
      replace: "return 0;",
    }),
  ]),
  ...at(
    {
      file: "workers/consumer/src/ittybit/check/check-key.ts",
      tests: ["apps/cli/src/commands/ittybit-check.test.ts"],
    },
    [
      breaks("P19", "the check of a key says nothing of a format that the service does not make", {
        find: "output.ok ? [] :",
        replace: "output.ok || name ? [] :",
      }),
    ],
  ),
  ...at({ file: "packages/shared/src/cost/month.ts", tests: ["scripts/cost/cost.test.ts"] }, [
    breaks("P17", "an estimate forgets what views order", {
      find: "(images * (made.variants + made.byViews))",
      replace: "(images * made.variants)",
    }),
  ]),
  ...at({ file: "scripts/cost/strangers.ts", tests: ["scripts/cost/strangers.test.ts"] }, [
    breaks("N5", "the page's table counts no reads", {
      find: "  return requests + listUsd(operations, 1)",
      replace: "  return listUsd(operations, 1)",
    }),
  ]),
  ...at({ file: "test/long-first.ts", tests: ["test/long-first.test.ts"] }, [
    breaks("S5", "long files begin last", { find: "return [...yes, ...no];", replace: "return [...no, ...yes];" }),
  ]),
  ...at({ file: "test/commit-files.ts", tests: ["test/commit-files.test.ts"] }, [
    breaks("S5", "a commit leaves out the end-to-end files of the rooms that it touches", {
      find: "filter((file) => !isIn(",
      replace: "filter((file) => isIn(",
    }),
  ]),
];
