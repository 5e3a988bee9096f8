import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** What publint and Are the types wrong? find in a tarball, a sentence each. `untyped`: the package is a program and has no types. */
export async function judgePackage(tarball: string, untyped = false): Promise<string[]> {
  const bytes = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: bytes.slice().buffer }, strict: true });
  const linted = messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  return [...linted, ...(untyped ? [] : await typeFaults(bytes))];
}

async function typeFaults(bytes: Uint8Array): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(bytes));
  if (result.types === false) return ["It has no types."];
  // The packages are ESM: old resolutions, and `require` in new ones, are not served.
  const ofOldNode = (problem: object): boolean =>
    "resolutionKind" in problem && /^(node10|node16-cjs)$/.test(`${problem.resolutionKind}`);
  return result.problems.filter((problem) => !ofOldNode(problem)).map((problem) => JSON.stringify(problem));
}
