import { CliError, EXIT, type ExitCode } from "../platform/exit-codes.ts";

/** One thing that a command makes true in the account. */
export interface Step {
  /** `queue prewarm-live-staging`. */
  what: string;
  /** What is to be done; null: nothing, it is true already. */
  todo: string | null;
  /** The name of a bucket or a queue that may be another program's: a person agrees to its use by this name. */
  adopts?: string;
  /** Does it. Only called where there is something to do. */
  run(): Promise<void>;
}

/** The person who started the command. */
export interface Person {
  tell(line: string): void;
  /** Null: no terminal, so no answer. */
  ask: ((question: string) => Promise<string>) | null;
}

export interface Consent {
  dryRun: boolean;
  /** Given with the command, so that no question is asked. */
  given: boolean;
  question: string;
  /** What has to be typed. */
  answer: string;
  /** The flag that gives it: `--yes`. */
  flag: string;
  /** Names of steps that adopt: `--adopt`. */
  adopted?: readonly string[];
}

/**
 * Prints every step, asks, and does what is to be done, in order. Resolves with the exit code: 0 all is true, 1 a step failed, 2 no consent.
 * It stops at the first step that fails; the same command continues there, because it finds the earlier steps done.
 */
export async function carryOut(steps: readonly Step[], consent: Consent, person: Person): Promise<ExitCode> {
  const todo = steps.filter((step) => step.todo !== null);
  for (const { what, todo } of steps) person.tell(todo === null ? `ok    ${what}` : `todo  ${what}: ${todo}`);
  if (todo.length === 0) {
    person.tell("Nothing to do.");
    return EXIT.ok;
  }
  if (consent.dryRun) {
    person.tell(`Nothing was done (--dry-run): ${countOf(todo)} to do.`);
    return EXIT.ok;
  }
  if (!(await agreesToAdopt(todo, consent, person)) || !(await agrees(consent, person))) return EXIT.usage;
  for (const [done, step] of todo.entries()) {
    try {
      await step.run();
    } catch (error) {
      for (const line of [`FAILED ${step.what}`, ...linesOf(error)]) person.tell(line);
      person.tell(`${done} of ${countOf(todo)} done. Run the same command again: what is done is not done twice.`);
      return EXIT.failed;
    }
    person.tell(`done  ${step.what}`);
  }
  return EXIT.ok;
}

/** A failure with what to do about it, a line each. */
export function linesOf(error: unknown): string[] {
  if (error instanceof CliError) return [error.message, ...error.hints.map((hint) => `  ${hint}`)];
  return [error instanceof Error ? error.message : String(error)];
}

/** `--yes` does not adopt: a name that the configuration shares by mistake would be used, and deleted by `destroy`. */
async function agreesToAdopt(
  steps: readonly Step[],
  { adopted = [] }: Consent,
  { ask, tell }: Person,
): Promise<boolean> {
  for (const { what, adopts } of steps) {
    if (adopts === undefined || adopted.includes(adopts)) continue;
    const typed =
      ask === null
        ? ""
        : await ask(`${what} exists already, and may be another program's. To use it, type ${adopts}: `);
    if (typed.trim() === adopts) continue;
    tell(
      `Nothing was done. To use what exists: --adopt ${adopts}. Else give it another name in deploy of prewarm.config.ts.`,
    );
    return false;
  }
  return true;
}

async function agrees({ given, question, answer, flag }: Consent, { ask, tell }: Person): Promise<boolean> {
  if (given) return true;
  if (ask === null) {
    tell(`Nothing was done: there is no terminal to ask at. Agree with the command: ${flag}.`);
    return false;
  }
  if ((await ask(`${question} Type ${answer}: `)).trim() === answer) return true;
  tell("Nothing was done.");
  return false;
}

function countOf({ length }: readonly Step[]): string {
  return `${length} ${length === 1 ? "step" : "steps"}`;
}
