import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import { expect, it } from "vitest";
import { anchorOf } from "../apps/docs-site/src/anchors.ts";
import { isAct } from "../packages/shared/src/acts.ts";
import type { UserConfig } from "../packages/shared/src/config.ts";
import { resolveOriginal } from "../packages/shared/src/source.ts";
import { tempFolder } from "../test/temp-folder.ts";
import { CLAIMS, MISSING, variantsPerUpload } from "./claims.ts";
import { PROOFS } from "./prove.ts";
import { judgeSite } from "./site-faults.ts";

/* What pages say about the repository and about the code is true. Each test names every fault that it finds. */

const ROOT = join(import.meta.dirname, "..");
const exclude = ["**/node_modules/**", "**/dist/**"];
const glob = (...patterns: string[]): string[] => globSync(patterns, { cwd: ROOT, exclude });
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
/** A page in one line, so that a sentence may be wrapped anywhere. */
const flat = (file: string): string => read(file).replaceAll(/\s+/g, " ");

const PAGES = glob("*.md", "docs/**/*.md", "decisions/*.md", "{packages,examples}/*/README.md", ".github/*.md");
const manifest: Record<"scripts" | "exports", Record<string, string>> = JSON.parse(read("package.json"));
const { scripts, exports: exported } = manifest;

interface Check {
  files: readonly string[];
  /** What is wrong with a file, each fault in a few words. */
  faultsOf: (text: string, file: string) => string[];
  /** A text with a fault, and that fault. */
  examples: Record<string, string>;
}

const withoutCode = (text: string): string => text.replaceAll(/^```.*?^```/gms, "");

/** The anchors of a page; the second heading of a name gets `-1`. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const anchor = anchorOf(heading);
    let name = anchor;
    for (let n = 1; anchors.has(name); n += 1) name = `${anchor}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

/** The links of a page within the repository. CI needs no network, so links to other sites are not followed. */
function linksIn(text: string): string[] {
  const plain = withoutCode(text).replaceAll(/`[^`\n]*`/g, "");
  const links = [...matches(plain, /\]\(([^)\s]+)\)/g), ...matches(plain, /\b(?:src|srcset|href)="([^"]+)"/g)];
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function linkFault(page: string, link: string): string | null {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(join(ROOT, file))) return `${link}: there is no such file`;
  if (anchor === undefined || statSync(join(ROOT, file)).isDirectory() || !file.endsWith(".md")) return null;
  return anchorsOf(read(file)).has(anchor) ? null : `${link}: the page has no such heading`;
}

/** The text of code spans and blocks, a command a line. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```\w*\n(.*?)```/gs)].flatMap(([, block = ""]) => block.split("\n"));
  const spans = [...text.replaceAll(/```.*?```/gs, "").matchAll(/`([^`]+)`/g)].map(([, span = ""]) =>
    span.replaceAll("\n", " "),
  );
  return [...blocks, ...spans].map((line) => line.replace(/\s+#.*/, ""));
}

/** Why a command does not run with Node 20 and npm, or null. */
function commandFault(command: string): string | null {
  const [, npm] = /\bnpm run (?:-s |--silent )?([\w:-]+)/.exec(command) ?? [];
  if (npm !== undefined && scripts[npm] === undefined) return `package.json has no script ${npm}`;
  const [, proof] = /\bnpm run prove -- ([\w-]+)/.exec(command) ?? [];
  if (proof !== undefined && !(proof in PROOFS)) return `npm run prove lists no ${proof}`;
  if (/\bnpm (?:run [\w:-]+|test) -(?!- )/.test(command)) return "npm swallows flags that do not come after --";
  const [, pnpm] = /\bpnpm (?!install|add\b)([\w:-]+)/.exec(command) ?? [];
  if (pnpm !== undefined) return `Node 20 and npm bring no pnpm: write npm run ${pnpm}`;
  if (/(?:^|\s)(?:npx )?(?:vitest|biome|tsc) [\w.-]/.test(command))
    return "write npm test -- …, npm run lint, npm run typecheck";
  if (RELEASED.length === 0 && /\bnpx (?:-\S+ )*--package[ =]@?prewarm/.test(command))
    return "nobody owns this name on npm before the first release";
  if (/(?:^|\s)(?:npx )?wrangler (?:secret|r2|queues|login|versions|rollback)\b/.test(command))
    return "this is not the pinned wrangler: write npm run wrangler -- …";
  const [, script = ""] = /\bnode (?:scripts\/boot\.mjs node )?([\w./-]+\.(?:ts|mjs))/.exec(command) ?? [];
  if (script.endsWith(".ts") && !command.includes("boot.mjs node"))
    return `Node 20 does not run TypeScript: write node scripts/boot.mjs node ${script}`;
  return /^npm |node /.test(command) ? absentPath(command) : null;
}

function absentPath(command: string): string | null {
  const absent = command.match(/[\w./-]+\/[\w.-]+\.(?:ts|mjs|json)\b/g)?.find((path) => !existsSync(join(ROOT, path)));
  return absent === undefined ? null : `${absent} does not exist`;
}

/** Commands that touch a deployment. Each ends at the end of its code span, string or line. */
const DEPLOYMENT_COMMANDS = [
  /\bwrangler (?:-- )?(?:secret|versions|deployments|rollback|delete|tail)\b[^`"'\n|]*/g,
  /\bwrangler (?:-- )?(?!dev\b)[^`"'\n|]* -c [^`"'\n|]*/g,
  /\bprewarm (?:-- )?(?:(?:provision|deploy|destroy|upgrade) --|rollback (?:--|[0-9a-f]{12}))[^`"'\n|]*/g,
];
/** Docs, programs' texts and comments. */
const COMMANDS_STAND_IN = glob(
  "*.{md,toml,ts}",
  "{docs,decisions,examples,.github,ops}/**/*.{md,ts,mjs,yml,yaml}",
  "{apps,packages,workers,dev,scripts}/**/*.{ts,tsx,mjs,md}",
).filter((file) => !file.endsWith(".test.ts"));

const RELEASED = [...read("CHANGELOG.md").matchAll(/^## (\d+\.\d+\.\d+)/gm)].map(([, version = ""]) => version);
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, part = ""]) => part);

const CHECKS: Record<string, Check> = {
  "every link leads to a file, and every anchor to a heading": {
    files: PAGES,
    faultsOf: (text, page) => linksIn(text).flatMap((link) => linkFault(page, link) ?? []),
    examples: {
      "[a](docs/gone.md)": "docs/gone.md: there is no such file",
      '<source srcset="docs/images/gone.webp">': "docs/images/gone.webp: there is no such file",
      "[a](docs/runbook.md#gone)": "docs/runbook.md#gone: the page has no such heading",
    },
  },
  "every command exists, and runs with Node 20 and npm": {
    files: PAGES,
    faultsOf: (text) => commandsIn(text).flatMap((command) => commandFault(command) ?? []),
    examples: {
      "`npm run nothing`": "package.json has no script nothing",
      "`npm run prove -- nothing`": "npm run prove lists no nothing",
      "`npm run bench --seed 7`": "npm swallows flags that do not come after --",
      "`pnpm bench`": "Node 20 and npm bring no pnpm: write npm run bench",
      "`npx vitest run a.test.ts`": "write npm test -- …, npm run lint, npm run typecheck",
      "`npx wrangler secret put A -e b`": "this is not the pinned wrangler: write npm run wrangler -- …",
      "`npx --package prewarm prewarm try`": "nobody owns this name on npm before the first release",
      "`node bench/soak.ts`": "Node 20 does not run TypeScript: write node scripts/boot.mjs node bench/soak.ts",
      "`npm test -- bench/gone.test.ts`": "bench/gone.test.ts does not exist",
    },
  },
  // The top level of the wrangler files has no name, so wrangler refuses a command without its environment.
  "every command that touches a deployment names its environment": {
    files: COMMANDS_STAND_IN,
    faultsOf: (text) =>
      DEPLOYMENT_COMMANDS.flatMap((pattern) => text.match(pattern) ?? []).filter(
        (command) => !/ (?:-e|--to)[ =]/.test(command) && !command.includes("--dry-run"),
      ),
    examples: {
      "run wrangler secret put A\n": "wrangler secret put A",
      "`wrangler -- deploy -c wrangler.edge.toml`": "wrangler -- deploy -c wrangler.edge.toml",
      "`npm run prewarm -- rollback 1a2b3c4d5e6f`": "prewarm -- rollback 1a2b3c4d5e6f",
      "`prewarm rollback 1a2b3c4d5e6f`": "prewarm rollback 1a2b3c4d5e6f",
    },
  },
  "no line of README's code is cut off where GitHub shows it": {
    files: ["README.md"],
    faultsOf: (text) =>
      matches(text, /^```\w*\n(.*?)^```/gms).flatMap((block) => block.split("\n").filter((line) => line.length > 97)),
    examples: { [`\`\`\`sh\n${"a".repeat(98)}\n\`\`\`\n`]: "a".repeat(98) },
  },
  "every tag that a command names was released": {
    files: PAGES,
    faultsOf: (text) =>
      matches(text, /(?:git (?:merge|checkout|switch|fetch)|gh) [^\n`]*\bv(\d+\.\d+\.\d+)/g).filter(
        (version) => !RELEASED.includes(version),
      ),
    examples: { "git merge v99.0.0": "99.0.0" },
  },
  "every right of a token is an act": {
    files: PAGES,
    faultsOf: (text) =>
      matches(text, /\w+\[([a-z+]+)\]:</g).flatMap((acts) => acts.split("+").filter((act) => !isAct(act))),
    examples: { "`ci[warm+deploy]:<token>`": "deploy" },
  },
  // The documentation's site compiles each page, and looks for the end of braces also in code spans.
  "every line that opens two braces closes them, outside of code blocks": {
    files: PAGES,
    faultsOf: (text) =>
      withoutCode(text)
        .split("\n")
        .filter((line) => /\{\{(?!.*\}\})/.test(line)),
    examples: { "a `{{` b": "a `{{` b" },
  },
};

it.each(Object.entries(CHECKS))("%s", (_, { files, faultsOf, examples }) => {
  for (const [text, fault] of Object.entries(examples)) expect(faultsOf(text, "README.md")).toEqual([fault]);
  expect(files.flatMap((file) => faultsOf(read(file), file).map((fault) => `${file}: ${fault}`))).toEqual([]);
});

it("each decision has four sections in at most 400 words, and a line in the index", () => {
  const records = glob("decisions/*.md").filter((file) => file !== "decisions/README.md");
  expect(records.length).toBeGreaterThan(17);
  const faults = records.flatMap((file) => {
    const text = read(file);
    const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    const sections = ["Question", "Choice", "Refused", "Revisit when"].filter(
      (name) => !text.includes(`\n## ${name}\n`),
    );
    return [
      ...(words > 400 ? [`${file} has ${words} words`] : []),
      ...sections.map((name) => `${file} has no section ${name}`),
      ...(read("decisions/README.md").includes(`](${basename(file)})`) ? [] : [`${file} is not in the index`]),
    ];
  });
  expect(faults).toEqual([]);
});

it("every page of docs is reached from the README, from docs/start.md or, if it is for contributors, from CONTRIBUTING.md", () => {
  const linked = ["README.md", "docs/start.md", "CONTRIBUTING.md"].flatMap((page) =>
    linksIn(read(page)).map((link) => join(dirname(page), link.split("#")[0] ?? "")),
  );
  expect(PAGES.filter((page) => page.startsWith("docs/") && !linked.includes(page))).toEqual([]);
});

it("every picture is shown by a page", () => {
  const shown = PAGES.map(read).join("\n");
  expect(glob("docs/images/*").filter((file) => !shown.includes(basename(file)))).toEqual([]);
});

it("every script of package.json goes through boot, to a file that is there", () => {
  const faults = Object.values(scripts).filter(
    (command) => !/^(node scripts\/boot\.mjs \w+|bash )/.test(command) || absentPath(command) !== null,
  );
  expect(faults).toEqual([]);
});

it("scripts/README.md names every program and every room of its folder, and no other", () => {
  const stem = (name: string): string => name.replace(/(?:\.test)?\.(?:ts|mjs)$|\/$/, "");
  const rows = matches(read("scripts/README.md"), /^\| (`.+?) \|/gm).join();
  const there = glob("scripts/*").map((path) => stem(basename(path)));
  expect(new Set(matches(rows, /`([^`]+)`/g).map(stem))).toEqual(new Set(there.filter((name) => name !== "README.md")));
});

it("the tree of docs/internals/architecture.md has every folder of the repository, and no other", () => {
  const [, tree = ""] = /^```\n(packages\/shared .*?)^```/ms.exec(read("docs/internals/architecture.md")) ?? [];
  const told = matches(tree, /^(\S+(?:, \S+)*) {2,}/gm).flatMap((names) => names.split(", "));
  const parents = ["apps", "packages", "workers"];
  const tracked = execFileSync(
    "git",
    ["ls-tree", "-d", "--name-only", "HEAD", "./", ...parents.map((name) => `${name}/`)],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  const folders = tracked
    .trim()
    .split("\n")
    .filter((name) => !name.startsWith(".") && !parents.includes(name));
  expect(folders.length).toBeGreaterThan(15);
  const isTold = (folder: string) => told.some((name) => name === folder || name.startsWith(`${folder}/`));
  expect(folders.filter((folder) => !isTold(folder))).toEqual([]);
  expect(told.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
});

it("a page that installs our packages from npm says that they are not there, until a version is released", () => {
  const isReleased = RELEASED.length > 0;
  const faults = PAGES.filter((page) => !page.startsWith("decisions/")).filter((page) => {
    const saysMissing = /not on npm/.test(flat(page));
    return isReleased ? saysMissing : /^npm (?:install|create) @?prewarm/m.test(read(page)) && !saysMissing;
  });
  expect(faults).toEqual([]);
});

it("every path of CODEOWNERS is there", () => {
  const paths = matches(read(".github/CODEOWNERS"), /^\/(\S+)/gm);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it("a figure or an example of a page is the code's", () => {
  expect(CLAIMS.filter(([page, text]) => !flat(page).includes(text))).toEqual([]);
});

it("each row of the table of variants per upload is the code's", () => {
  const [, table = ""] = read("docs/configuration.md").split("| setting | variants per upload |\n|---|---|\n");
  const rows = [...(table.split("\n\n")[0] ?? "").matchAll(/^\| (.*) \| (\d+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(5);
  const faults = rows.filter(([, setting = "", variants]) => {
    const spans = matches(setting, /`([^`]+)`/g).join(", ");
    const settings = JSON.parse(`{${spans}}`.replaceAll(/([{,] *)(\w+):/g, '$1"$2":')) as Partial<UserConfig>;
    return variantsPerUpload(settings) !== Number(variants);
  });
  expect(faults.map(([row]) => row)).toEqual([]);
});

it("an ability that docs/start.md calls missing does not exist", () => {
  const [, table = ""] = read("docs/start.md").split("| missing | reason | alternative |\n|---|---|---|\n");
  const rows = matches(table, /^\| (.+?) \|/gm);
  const faults = Object.entries(MISSING).filter(
    ([words, exists]) => exists || !rows.some((row) => row.startsWith(words)),
  );
  expect(faults).toEqual([]);
});

/** A configuration of a page, as a file that loads from anywhere. What no package exports leads nowhere. */
function loadable(block: string): string {
  return block.replaceAll(/from "@?prewarm\/(.+?)"/g, (_, name: string) => {
    const source = exported[`./${name}`] ?? `no package exports ${name}`;
    return `from ${JSON.stringify(join(ROOT, source))}`;
  });
}

it("every configuration of a page is sound, and that of several sites reads each from its own server", async () => {
  const folder = tempFolder("prewarm-docs-");
  const judge = async (page: string, block: string) => {
    const file = join(mkdtempSync(join(folder, "site-")), "prewarm.config.ts");
    writeFileSync(file, loadable(block));
    return { page, ...(await judgeSite(file)) };
  };
  const blocks = PAGES.flatMap((page) =>
    matches(read(page), /^ *```ts\n([\s\S]*?)^ *```/gm).map((block) => ({ page, block })),
  ).filter(({ block }) => block.includes("export default defineConfig("));
  const judged = await Promise.all(blocks.map(({ page, block }) => judge(page, block)));
  expect(judged.flatMap(({ page, faults }) => faults.map((fault) => `${page}: ${fault}`))).toEqual([]);
  const sites = judged.find(({ page }) => page === "docs/install.md")?.config;
  const originalOf = (id: string) => sites && resolveOriginal(sites, id);
  expect(originalOf("shop/a.jpg")).toEqual({ kind: "url", url: "https://shop.example.com/media/shop/a.jpg" });
  expect(originalOf("blog/a.jpg")).toEqual({ kind: "url", url: "https://blog.example.com/img/blog/a.jpg" });
  expect(originalOf("a.jpg")).toBeNull();
});

it("every error code that the consumer writes beside a job has its cause and its cure, and no other code has one", () => {
  const rooms = [
    "workers/consumer/src/{originals,ittybit,making,images}",
    "packages/durable-queue/src/{claims,intake,operate}",
  ];
  const text = glob(...rooms.map((room) => `${room}/**/*.ts`))
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .map(read)
    .join("\n");
  const codes = [
    ...matches(text, /"((?:upstream|output|original|source|key)_[a-z]+(?:_[a-z]+)?)"/g),
    ...matches(text, /\brefused\("(\w+)"/g),
    ...matches(text, /(?:failure(?: =|:) |failedAttempt\(row, )\{ code: "(\w+)"/g),
  ];
  expect([...new Set(codes)].sort()).toEqual(Object.keys(JOB_ERRORS).sort());
});
