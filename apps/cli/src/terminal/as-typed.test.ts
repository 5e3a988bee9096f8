import { expect, it } from "vitest";
import { asTyped } from "./as-typed.ts";

const HINT = "Go on with: prewarm warm --resume run_1, or see `prewarm runs`; prewarm.config.ts and .prewarm/ stay";

it.each([
  ["the repository's script", { npm_lifecycle_event: "prewarm", npm_command: "run-script" }, "npm run -s prewarm --"],
  ["npx", { npm_lifecycle_event: "npx", npm_command: "exec" }, "npx prewarm"],
  ["its own name", {}, "prewarm"],
  ["a script of the site", { npm_lifecycle_event: "postbuild", npm_command: "run-script" }, "prewarm"],
])("names commands as they are typed where it was started by %s", (_, env, name) => {
  expect(asTyped(HINT, env)).toBe(
    `Go on with: ${name} warm --resume run_1, or see \`${name} runs\`; prewarm.config.ts and .prewarm/ stay`,
  );
});
