import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { LEDGER_SCHEMA } from "@prewarm/control-schema/ledger-schema";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Found } from "../site/installation.ts";

/** What is deployed. */
export interface Release {
  /**
   * The commit in this repository; in a package its version and the site's commit, such as `0.1.0-1a2b3c4d5e6f`. Uncommitted work has `-dirty`
   * behind it, and is deployed each time.
   */
  tag: string;
  /** What the version says of itself, so that a rollback can judge it without the repository's history. */
  message: string;
}

const MESSAGE = /^Prewarm (?<version>\S+), ledger schema (?<schema>[0-9a-f]{8})$/;

export function versionMessage(version: string, schema: string = LEDGER_SCHEMA): string {
  return `Prewarm ${version}, ledger schema ${schema}`;
}

/** What a version's message says; null: it was not deployed by this program. */
export function readMessage(message: string): { version: string; schema: string } | null {
  const { version, schema } = MESSAGE.exec(message)?.groups ?? {};
  return version === undefined || schema === undefined ? null : { version, schema };
}

/** What would be deployed now from the site's folder. `config` is its configuration file. */
export async function readRelease(
  found: Found,
  config: string,
  context: Pick<Context, "run" | "env">,
): Promise<Release> {
  const commit = await commitOf(found.folder, context);
  const message = versionMessage(found.version);
  if (found.kind === "package") return { tag: `${found.version}-${commit ?? `${hashOf(config)}-dirty`}`, message };
  if (commit === null) throw usageError("A version is named by its commit, and this folder is no git repository.");
  return { tag: commit, message };
}

/** The commit in a version's name; empty: it has none. */
export function commitIn(tag: string): string {
  return /[0-9a-f]{12}(?=(?:-dirty)?$)/.exec(tag)?.[0] ?? "";
}

/** Twelve characters, with `-dirty` where something is not committed; null: there is no commit. */
async function commitOf(cwd: string, { run, env }: Pick<Context, "run" | "env">): Promise<string | null> {
  const git = (...args: string[]) => run({ program: "git", args, cwd, env });
  const [head, status] = [await git("rev-parse", "--short=12", "HEAD"), await git("status", "--porcelain")];
  if (head.code !== 0 || status.code !== 0) return null;
  return `${head.stdout.trim()}${status.stdout.trim() === "" ? "" : "-dirty"}`;
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
}
