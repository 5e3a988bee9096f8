import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A block of commands of a page, and what a newcomer who copies it sees. */
export interface Block {
  page: string;
  /** How its first line begins. */
  begins: string;
  /** What must be printed; or why it is not played, and the file that runs the same commands where there is one. */
  does: { prints: readonly RegExp[]; starts?: Start } | { skip: string; runBy?: string };
}

/** The first lines of a block start a program that does not end: it runs beside the rest of its page. */
export interface Start {
  lines: number;
  /** What it prints when it is ready. */
  ready: RegExp;
}

const account = {
  skip: "needs an account; the test plays it against one that is served on this machine",
  runBy: "test/e2e/deploy.e2e.test.ts",
};

/** Every block of commands in README, docs and examples. docs/cli.md is left out: its examples are printed from the code and tried by its tests. */
export const BLOCKS: readonly Block[] = [
  {
    page: "README.md",
    begins: "npm start",
    does: { skip: "runs beside every page's commands", runBy: "test/e2e/readme.e2e.test.ts" },
  },
  { page: "README.md", begins: "npm test", does: { skip: "takes minutes", runBy: ".ci/run" } },
  {
    page: "README.md",
    begins: "npm run -s prewarm -- try",
    does: { skip: "asks an address of yours", runBy: "apps/cli/test/try.e2e.test.ts" },
  },
  {
    page: "README.md",
    begins: "photo=",
    does: { prints: [/"accepted":13/, /^13 stored/m] },
  },
  {
    page: "README.md",
    begins: "api=http://localhost:8788",
    does: { prints: [/"health":\{"level"/, /"bulk":true/, /"bulk":false/, /"total":0/] },
  },
  { page: "README.md", begins: "ITTYBIT_API_KEY=", does: account },
  {
    page: "AGENTS.md",
    begins: "node scripts/boot.mjs",
    does: { skip: "is the start of the player, and checks of CI", runBy: ".ci/run" },
  },
  { page: "docs/api.md", begins: "curl -H", does: { prints: [/"run":"run_/, /"rejectedTotal":0/] } },
  {
    page: "docs/backup.md",
    begins: "npm run -s prewarm -- ledger export",
    does: { prints: [] },
  },
  {
    page: "docs/backup.md",
    begins: "STATE_DIR=/tmp/drill",
    does: { starts: { lines: 1, ready: /^ready edge=/m }, prints: [/paused/, /Ledger and store agree/] },
  },
  {
    page: "docs/warm.md",
    begins: "prewarm warm --file images.csv",
    does: { prints: [/2 items: \d+ variants accepted/, /; 0 dead, 0 refused, 0 cancelled/, /build-dashboard/] },
  },
  {
    page: "docs/warm.md",
    begins: "prewarm warm --sitemap",
    does: { prints: [/1 item: 1 variants accepted/, /1 stored/] },
  },
  {
    page: "docs/warm.md",
    begins: "prewarm warm --file mailing-images.txt",
    does: { prints: [/2 items: \d+ variants accepted/, /; 0 dead, 0 refused, 0 cancelled/, /^sent$/m] },
  },
  {
    page: "docs/warm.md",
    begins: "aws s3 sync",
    does: { skip: "needs an account at AWS", runBy: "apps/cli/src/input/read-s3-inventory.test.ts" },
  },
  {
    page: "docs/coverage.md",
    begins: "prewarm coverage --html dist",
    does: { skip: "needs a built site", runBy: "apps/cli/test/coverage.e2e.test.ts" },
  },
  {
    page: "docs/rewriter.md",
    begins: "prewarm warm --r2-prefix",
    does: { skip: "needs a built site", runBy: "apps/cli/test/rewrite.test.ts" },
  },
  {
    page: "docs/rewriter.md",
    begins: "npx prewarm init --rewriter",
    does: { skip: "needs an account and a site", runBy: "test/e2e/rewriter.e2e.test.ts" },
  },
  {
    page: "examples/rewriter/README.md",
    begins: "npx prewarm init --rewriter",
    does: { skip: "needs an account and a site", runBy: "test/e2e/rewriter.e2e.test.ts" },
  },
  {
    page: "examples/ci/README.md",
    begins: "mkdir -p ../site",
    does: { skip: "writes into a site beside the repository, which GitHub runs" },
  },
  { page: "docs/warm.md", begins: "prewarm warm --file library.csv", does: { prints: [/Ittybit jobs/, /stored/] } },
  {
    page: "docs/delete-a-persons-pictures.md",
    begins: "prewarm remove",
    does: { prints: [/^u\/7f3c91\.jpg is removed and blocked$/m] },
  },
  {
    page: "docs/delete-a-persons-pictures.md",
    begins: "curl -fo prewarm-receipts.pem",
    does: { skip: "asks an address of yours", runBy: "workers/consumer/src/api/receipt-forgeries.test.ts" },
  },
  {
    page: "docs/delete-a-persons-pictures.md",
    begins: "sed '$d' receipt.txt",
    does: { skip: "needs the two files", runBy: "workers/consumer/src/api/receipt-forgeries.test.ts" },
  },
  {
    page: "docs/operate.md",
    begins: "prewarm purge --folder",
    does: { skip: "needs a folder of images", runBy: "apps/cli/test/commands.test.ts" },
  },
  {
    page: "docs/operate.md",
    begins: "old=$(curl",
    does: { skip: "needs an account", runBy: "workers/consumer/src/api/receipt-forgeries.test.ts" },
  },
  {
    page: "docs/from-zero.md",
    begins: "mkdir -p photos",
    does: { starts: { lines: 2, ready: /^ready edge=/m }, prints: [] },
  },
  {
    page: "docs/from-zero.md",
    begins: "photo=",
    does: { prints: [/^302 /m, /1 item: 13 variants/, /13 stored/, /^200 image\/jpeg$/m] },
  },
  { page: "docs/from-zero.md", begins: "cat > shop.html", does: { prints: [] } },
  {
    page: "docs/from-zero.md",
    begins: "npm run -s prewarm -- warm --html",
    does: { prints: [/6 variants accepted/, /6 stored/] },
  },
  {
    page: "docs/from-zero.md",
    begins: 'echo \'{"type":"image.uploaded"',
    does: { prints: [/"accepted":13/, /13 stored/] },
  },
  {
    page: "docs/hooks.md",
    begins: "npx prewarm provision --to staging --set HOOK_SECRET",
    does: account,
  },
  { page: "docs/hooks.md", begins: "bucket=my-originals region=", does: { skip: "needs an account at AWS" } },
  { page: "docs/hooks.md", begins: "project=my-project", does: { skip: "needs an account at Google Cloud" } },
  { page: "docs/hooks.md", begins: "npm run wrangler -- r2", does: account },
  {
    page: "docs/internals/ittybit.md",
    begins: "ITTYBIT_API_KEY=",
    does: { skip: "needs a key of Ittybit's", runBy: "test/e2e/ittybit.e2e.test.ts" },
  },
  { page: "docs/operate.md", begins: "npx prewarm provision", does: account },
  {
    page: "docs/page-authors.md",
    begins: "npm run pack:all -- . --only client",
    does: { prints: [/prewarm-client-[\d.]+\.tgz \(\d+ kB\)$/m] },
  },
  {
    page: "docs/internals/proofs.md",
    begins: "npm test -- packages/durable-queue/test/explorer.test.ts",
    does: { skip: "its second line is long", runBy: ".ci/run" },
  },
  { page: "docs/internals/proofs.md", begins: "npm run prove -- soak", does: { skip: "is long", runBy: ".ci/run" } },
  {
    page: "docs/internals/proofs.md",
    begins: "npm run prove -- storm",
    does: { skip: "is long", runBy: ".github/workflows/nightly.yml" },
  },
  {
    page: "docs/internals/proofs.md",
    begins: "npm run prove -- conformance",
    does: { skip: "is long, and its second line needs an account", runBy: "test/platform/conformance.e2e.test.ts" },
  },
  {
    page: "docs/cost.md",
    begins: "node scripts/boot.mjs node scripts/check-config.ts",
    does: { prints: [/An upload makes \d+ variants/, /400,000 images, 8,000 new ones/, /Ittybit at \$0\.1 per/] },
  },
  {
    page: "docs/cost.md",
    begins: "prewarm gate --monthly-jobs",
    does: { prints: [/of 5,500,000 jobs/, /of 110,000 jobs/] },
  },
  {
    page: "docs/cost.md",
    begins: "prewarm gate --rate",
    does: { prints: [/100\/s/, /250 \(pinned\)/] },
  },
  {
    page: "docs/start.md",
    begins: "npm run -s prewarm -- try",
    does: { skip: "asks an address of yours", runBy: "apps/cli/test/try.e2e.test.ts" },
  },
  {
    page: "docs/install.md",
    begins: "npm update",
    does: { skip: "needs a newer version on npm", runBy: "test/e2e/upgrade.e2e.test.ts" },
  },
  {
    page: "packages/client/README.md",
    begins: "npm install @prewarm/client",
    does: { skip: "runs in a site, after the package is published", runBy: "packages/client/scripts/try-runtimes.ts" },
  },
  {
    page: "packages/durable-queue/README.md",
    begins: "npm install @prewarm/durable-queue",
    does: { skip: "runs in a Worker of its own", runBy: "examples/durable-queue/kill.e2e.test.ts" },
  },
  { page: "examples/ci/README.md", begins: "npm run pack:all", does: { prints: [/prewarm-[\d.]+\.tgz \(\d+ kB\)/] } },
  {
    page: "examples/durable-queue/README.md",
    begins: "npm run wrangler",
    does: { skip: "listens on a fixed port, which may be taken", runBy: "examples/durable-queue/kill.e2e.test.ts" },
  },
  { page: "examples/plain/README.md", begins: "node scripts/boot.mjs node", does: { prints: [] } },
  {
    page: "examples/upload-hook/README.md",
    begins: "export HOOK_SECRET",
    does: { skip: "listens on a fixed port, which may be taken", runBy: "test/e2e/hooks.e2e.test.ts" },
  },
  {
    page: "examples/warm-a-sitemap/README.md",
    begins: "node examples/warm-a-sitemap",
    does: { prints: [/variants/] },
  },
  {
    page: "packages/create-prewarm/README.md",
    begins: "npm create",
    does: { skip: "plays with a registry on this machine", runBy: "scripts/newcomer/site.ts" },
  },
  {
    page: "docs/install.md",
    begins: "npm run pack:all",
    does: { skip: "is run by the test of the packages", runBy: "scripts/pack/packages.test.ts" },
  },
  {
    page: "packages/ittybit-emulator/README.md",
    begins: "npm run emulator",
    does: { starts: { lines: 1, ready: /^ready api=/m }, prints: [/"kind":"image"/] },
  },
];

/** The blocks as they stand in the pages, in order. */
export function blocksIn(root: string): { page: string; text: string }[] {
  const pages = globSync(["README.md", "AGENTS.md", "docs/**/*.md", "examples/*/README.md", "packages/*/README.md"], {
    cwd: root,
  }).sort();
  return pages
    .filter((page) => page !== "docs/cli.md")
    .flatMap((page) =>
      [...readFileSync(join(root, page), "utf8").matchAll(/^( *)```sh\n(.*?)^\1```/gms)].map(
        ([, indent = "", text = ""]) => ({ page, text: withoutIndent(text, indent) }),
      ),
    );
}

function withoutIndent(text: string, indent: string): string {
  const lines = text.split("\n");
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line)).join("\n");
}

export function blockOf({ page, text }: { page: string; text: string }): Block | undefined {
  return BLOCKS.find((block) => block.page === page && text.startsWith(block.begins));
}
