/** One thing that shall be so. */
export interface Step {
  /** `queue prewarm-live-staging`. */
  what: string;
  /** What is to be done; null: it is so already. */
  todo: string | null;
  /** Does it. Only called where there is something to do. */
  run(): Promise<void>;
}

/** Whoever started us. */
export interface Person {
  tell(line: string): void;
  /** Null: nobody can be asked, because there is no terminal. */
  ask: ((question: string) => Promise<string>) | null;
}

export interface Consent {
  dryRun: boolean;
  /** Given with the command, so that nobody is asked. */
  given: boolean;
  question: string;
  /** What has to be typed. */
  answer: string;
}

/** How it ended, which is the exit code: all is so; a step failed; nobody agreed. */
export const ENDED = { well: 0, failed: 1, refused: 2 } as const;
export type Ended = (typeof ENDED)[keyof typeof ENDED];

/**
 * Tells every step, asks, and does what is to be done, in order. It stops at the first step that fails; the same command goes on there,
 * since what stands is found standing.
 */
export async function carryOut(steps: readonly Step[], consent: Consent, person: Person): Promise<Ended> {
  const todo = steps.filter((step) => step.todo !== null);
  for (const { what, todo } of steps) person.tell(todo === null ? `ok    ${what}` : `todo  ${what}: ${todo}`);
  if (todo.length === 0) {
    person.tell("Nothing to do.");
    return ENDED.well;
  }
  if (consent.dryRun) {
    person.tell(`Nothing was done (--dry-run): ${countOf(todo)} to do.`);
    return ENDED.well;
  }
  if (!(await agrees(consent, person))) return ENDED.refused;
  for (const [done, step] of todo.entries()) {
    try {
      await step.run();
    } catch (error) {
      person.tell(`FAILED ${step.what}\n${error instanceof Error ? error.message : error}`);
      person.tell(`${done} of ${countOf(todo)} done. Run the same command again: what is done is not done twice.`);
      return ENDED.failed;
    }
    person.tell(`done  ${step.what}`);
  }
  return ENDED.well;
}

async function agrees({ given, question, answer }: Consent, { ask, tell }: Person): Promise<boolean> {
  if (given) return true;
  if (ask === null) {
    tell(
      "Nothing was done: there is no terminal to ask at. Agree with the command: --yes, or --confirm <env> for destroy.",
    );
    return false;
  }
  if ((await ask(`${question} Type ${answer}: `)).trim() === answer) return true;
  tell("Nothing was done.");
  return false;
}

function countOf({ length }: readonly Step[]): string {
  return `${length} ${length === 1 ? "step" : "steps"}`;
}
