import type { Context } from "../platform/context.ts";

/** How this program was started: npm says so in the environment of what it runs. Outside of npm `prewarm` is on the PATH. */
function startedAs({ npm_lifecycle_event: script, npm_command: command }: Context["env"]): string {
  if (script === "prewarm") return "npm run -s prewarm --";
  return command === "exec" ? "npx prewarm" : "prewarm";
}

/** A line for a person, in which each command of this program can be pasted where this one was typed. */
export function asTyped(line: string, env: Context["env"]): string {
  return line.replace(/(?<![^\s:;,(`])prewarm (?=[a-z]+\b)/g, `${startedAs(env)} `);
}
