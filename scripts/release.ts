// `npm run release -- VERSION` makes the commit and the signed tag of a release, which `release.yml` publishes. `--dry-run` changes nothing: it
// packs and judges every package, writes the notes, and says what would be done. VERSION: by default that of package.json.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGES } from "@prewarm/shared/packages";
import { isNewest, notesOf, releasedChangelog } from "./pack/changelog.ts";
import { ROOT, VERSION } from "./pack/package-folder.ts";

/** Whose version is the release's (`packages.test.ts` compares). */
const VERSIONED = ["package.json", "apps/cli/package.json", "packages/create-prewarm/package.json"];
const NOTES = "dist/release-notes.md";

const { values, positionals } = parseArgs({
  options: { "dry-run": { type: "boolean", default: false } },
  allowPositionals: true,
});
const version = positionals[0] ?? VERSION;

function run(program: string, args: readonly string[], env: Record<string, string> = {}): void {
  execFileSync(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(join(ROOT, path), change(readFileSync(join(ROOT, path), "utf8")));
}

/** Why no release can be made now. */
function faults(): string[] {
  const tags = git("tag", "--list", "v*").split("\n");
  const isNew = isNewest(
    version,
    tags.map((tag) => tag.slice(1)),
  );
  return [
    ...(isNew ? [] : [`${version} is no version above ${tags.at(-1) || "none"}: it is three whole numbers.`]),
    ...(git("status", "--porcelain") === "" ? [] : ["The tree has changes that are not committed."]),
    ...(git("branch", "--show-current") === "main" ? [] : ["This is not the branch main."]),
    ...(notes === null ? ["CHANGELOG.md has no entry under Unreleased."] : []),
  ];
}

/** Sets the version everywhere, and records what this release stores and says: later code is held to that. */
function setVersion(): void {
  const set = (text: string): string => text.replace(`"version": "${VERSION}"`, `"version": "${version}"`);
  for (const path of VERSIONED) edit(path, set);
  run("vitest", ["run", "releases.test"], { RECORD_RELEASE: version });
  // A version that the changelog names must have its recording.
  edit("CHANGELOG.md", (text) => releasedChangelog(text, version, new Date().toISOString().slice(0, 10)));
}

/** Every package as npm would publish it, judged. */
function pack(): void {
  run(process.execPath, ["scripts/pack/main.ts", "dist/packages", "--check"]);
}

function commitAndTag(): void {
  run("git", ["add", "--all"]);
  run("git", ["commit", "--quiet", "--message", `Release ${version}`]);
  run("git", ["tag", "--sign", `v${version}`, "--message", `v${version}`]);
}

const notes = notesOf(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"));
const found = faults();
for (const fault of found) console.error(values["dry-run"] ? `Would be refused: ${fault}` : fault);
if (found.length > 0 && !values["dry-run"]) process.exit(1);
if (!values["dry-run"]) setVersion();
pack();
mkdirSync(join(ROOT, "dist"), { recursive: true });
writeFileSync(join(ROOT, NOTES), `${notes ?? ""}\n`);
if (!values["dry-run"]) commitAndTag();
console.log(`
${values["dry-run"] ? `${version} is not released: this was a dry run.` : `v${version} is committed and tagged here.`} Its notes are in ${NOTES}.

What a person with the accounts does:
  1. Before the first release: publish each package once by hand, and make this repository its trusted publisher
     (docs/internals/ci.md): ${Object.values(PACKAGES).join(", ")}.
  2. git push --follow-tags. release.yml tests the tag, signs its files, and publishes the packages with provenance.
  3. Make a release of the tag with the notes, and deploy the consumer, then the edge (docs/operate.md).`);
