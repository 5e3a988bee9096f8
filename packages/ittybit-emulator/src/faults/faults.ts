import { createId, type EmulatorClock } from "../clock.ts";
import {
  type FaultRule,
  type FaultRuleInput,
  faultRule,
  isJobFault,
  isOutputFault,
  isRequestFault,
  type JobFault,
  type OutputFault,
  type RequestFault,
} from "./fault-rule.ts";

type Call = "create" | "get" | "list";

/** What a rule is matched with. Lists without `?input=` and calls for unknown jobs have no input. */
export interface FaultSubject {
  input: string | null;
  options: Record<string, unknown>;
  jobId: string | null;
}

export interface FaultState {
  id: string;
  rule: FaultRule;
  /** How often it has struck. */
  fired: number;
}

export interface Faults {
  /** @throws z.ZodError */
  add(rule: FaultRuleInput): string;
  remove(id: string): boolean;
  clear(): void;
  list(): FaultState[];
  /** The first rule that strikes this call, if any; it is then counted. */
  forRequest(call: Call, subject: FaultSubject): RequestFault | undefined;
  /** Every rule that strikes this new job. */
  forJob(subject: FaultSubject): JobFault[];
  forOutput(subject: FaultSubject): OutputFault | undefined;
}

interface LiveRule extends FaultState {
  pattern: RegExp | null;
  counts: Map<string, number>;
}

function matches({ rule, pattern }: LiveRule, { input, options }: FaultSubject): boolean {
  if (rule.match.input !== undefined && !input?.includes(rule.match.input)) return false;
  if (pattern !== null && !(input !== null && pattern.test(input))) return false;
  return Object.entries(rule.match.options).every(([name, value]) => options[name] === value);
}

function countingKey(rule: FaultRule, subject: FaultSubject): string {
  if (rule.per === "job") return subject.jobId ?? "";
  return rule.per === "variant" ? `${subject.input} ${JSON.stringify(subject.options)}` : "";
}

/** Whether the rule strikes this subject: it matches, has strikes left, and chance allows it. Counts the strike. */
function strikes(live: LiveRule, subject: FaultSubject, random: () => number): boolean {
  if (!matches(live, subject)) return false;
  const key = countingKey(live.rule, subject);
  const used = live.counts.get(key) ?? 0;
  if (live.rule.times !== undefined && used >= live.rule.times) return false;
  if (live.rule.probability < 1 && random() >= live.rule.probability) return false;
  if (live.rule.times !== undefined) live.counts.set(key, used + 1);
  live.fired += 1;
  return true;
}

/** The fault rules. They are tried in the order they were added. */
export function createFaults(clock: EmulatorClock): Faults {
  let rules: LiveRule[] = [];

  return {
    add(input) {
      const rule = faultRule.parse(input);
      const { inputPattern } = rule.match;
      const pattern = inputPattern === undefined ? null : new RegExp(inputPattern);
      const id = createId("fault", clock);
      rules.push({ id, rule, fired: 0, pattern, counts: new Map() });
      return id;
    },
    remove(id) {
      const before = rules.length;
      rules = rules.filter((live) => live.id !== id);
      return rules.length < before;
    },
    clear() {
      rules = [];
    },
    list: () => rules.map(({ id, rule, fired }) => ({ id, rule, fired })),
    forRequest(call, subject) {
      for (const live of rules) {
        const { fault, on } = live.rule;
        const applies = isRequestFault(fault) && (on === "any" || on === call);
        if (applies && strikes(live, subject, clock.random)) return fault;
      }
      return undefined;
    },
    forJob(subject) {
      const struck: JobFault[] = [];
      for (const live of rules) {
        const { fault } = live.rule;
        if (isJobFault(fault) && strikes(live, subject, clock.random)) struck.push(fault);
      }
      return struck;
    },
    forOutput(subject) {
      for (const live of rules) {
        const { fault } = live.rule;
        if (isOutputFault(fault) && strikes(live, subject, clock.random)) return fault;
      }
      return undefined;
    },
  };
}
