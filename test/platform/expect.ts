/** One thing that was observed. Null: the platform does not offer what was to be observed. */
export type Fact = boolean | number | string | null;
/** Observations by a phrase that a reader understands: `"the second put writes": false`. */
export type Facts = Readonly<Record<string, Fact>>;

/** What our code counts on, for one fact. */
export interface Expectation {
  holds(fact: Fact): boolean;
  /** True: the platform allows more than our code counts on, so a run there cannot find our mistakes. */
  isKinder(fact: Fact): boolean;
  /** A fact that must make the check fail. The honesty test uses it. */
  counterexample: Fact;
}

/** Facts that have no expectation are printed and not judged: our code does not depend on them. */
export type Expectations = Readonly<Record<string, Expectation>>;

/**
 * `as assumed`: every fact is what our code counts on. `kinder`: no fact is worse, and some are better. `differs`: a fact is worse.
 * `not offered`: the platform does not have what was to be observed.
 */
export type Verdict = "as assumed" | "kinder" | "differs" | "not offered";

export interface Judged {
  verdict: Verdict;
  /** The observed facts as text. */
  saw: string;
}

export function is(wanted: boolean | number, options: { kinder?: Fact } = {}): Expectation {
  return {
    holds: (fact) => fact === wanted,
    isKinder: (fact) => options.kinder !== undefined && fact === options.kinder,
    counterexample: typeof wanted === "boolean" && options.kinder === undefined ? !wanted : "another value",
  };
}

export function atLeast(least: number, options: { kinderBelow?: true } = {}): Expectation {
  return {
    holds: (fact) => typeof fact === "number" && fact >= least,
    isKinder: (fact) => options.kinderBelow === true && typeof fact === "number" && fact < least,
    counterexample: options.kinderBelow ? "no number" : least - 1,
  };
}

export function atMost(most: number, options: { kinderAbove?: true } = {}): Expectation {
  return {
    holds: (fact) => typeof fact === "number" && fact <= most,
    isKinder: (fact) => options.kinderAbove === true && typeof fact === "number" && fact > most,
    counterexample: options.kinderAbove ? "no number" : most + 1,
  };
}

/** Compares what was observed with what our code counts on. A fact that is missing is a difference. */
export function judge(expects: Expectations, facts: Facts): Judged {
  const saw = Object.entries(facts)
    .map(([phrase, fact]) => `${phrase}: ${tell(fact)}`)
    .join("; ");
  const each = Object.entries(expects).map(([phrase, expectation]): Verdict => {
    const fact = facts[phrase];
    if (fact === undefined) return "differs";
    if (fact === null) return "not offered";
    if (expectation.holds(fact)) return "as assumed";
    return expectation.isKinder(fact) ? "kinder" : "differs";
  });
  const verdict = (["differs", "not offered", "kinder"] as const).find((one) => each.includes(one)) ?? "as assumed";
  return { verdict, saw };
}

function tell(fact: Fact): string {
  if (fact === null) return "not offered";
  if (typeof fact === "boolean") return fact ? "yes" : "no";
  return String(fact);
}
