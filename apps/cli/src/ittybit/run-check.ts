import { stripMetadata } from "@prewarm/consumer/ittybit/output/strip/strip-metadata";
import { FORMATS, type Format } from "@prewarm/shared/config";
import { orientedSize, readImageHeader, sniffType } from "@prewarm/shared/image-header";
import { readAtMost } from "@prewarm/shared/read-at-most";
import { ITTYBIT_URL } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { dialectName } from "./dialect-name.ts";
import { checkAddress, checkMain, checkMainOutput } from "./essentials.ts";
import type { Observation } from "./observation.ts";
import { observe } from "./observations.ts";
import type { Exchange } from "./recorder.ts";
import { type CheckOptions, openSession, type Session } from "./session.ts";
import { Stop, stopped, type Verdict } from "./verdict.ts";

export interface Check {
  verdict: Verdict;
  dialect: string | null;
  observations: Observation[];
  settings: string[];
  exchanges: readonly Exchange[];
}

/** Bytes of an original's start: its header is in them. */
const START_BYTES = 524_288;
const ORIGINAL_TIMEOUT_MS = 15_000;
/** Bytes of the original that are read. */
const ORIGINAL_MAX_BYTES = 100_000_000;

function isFormat(type: string | null): type is Format {
  return FORMATS.some((format) => format === type);
}

/** What a picture says beside its pixels, by the names of what is taken out of results. */
function saidBy(bytes: Uint8Array): string[] {
  const type = sniffType(bytes);
  const stripped = isFormat(type) ? stripMetadata(bytes, type) : null;
  return stripped?.ok ? stripped.removed : [];
}

/** The original as anybody sees it. @throws Stop when it cannot be had: then Ittybit could not fetch it either */
async function readOriginal(original: string, context: Context): Promise<Pick<Session, "size" | "says">> {
  const cannot = (because: string): Stop =>
    stopped(
      "unchecked",
      "unreachable",
      `the original ${original} ${because}`,
      "name a picture that anybody may fetch with --original",
    );
  const signal = AbortSignal.timeout(ORIGINAL_TIMEOUT_MS);
  const response = await context.fetch(original, { signal }).catch(() => null);
  if (response === null) throw cannot("cannot be fetched from here");
  if (!response.ok) throw cannot(`answers ${response.status}`);
  const bytes = await readAtMost(response.body, ORIGINAL_MAX_BYTES);
  const header = readImageHeader(bytes.subarray(0, START_BYTES));
  if (header === null || header.width === 0) throw cannot("is no picture");
  return { size: orientedSize(header), says: saidBy(bytes) };
}

function settingsOf(session: Session, observations: readonly Observation[]): string[] {
  const { apiUrl, acceptVersion } = session.options;
  return [
    ...(apiUrl === ITTYBIT_URL ? [] : [inVars("ITTYBIT_API_URL", apiUrl)]),
    ...(acceptVersion === null ? [] : [inVars("ITTYBIT_ACCEPT_VERSION", acceptVersion)]),
    ...observations.flatMap(({ setting }) => (setting === undefined ? [] : [`${setting}, in prewarm.config.ts`])),
  ];
}

function inVars(name: string, value: string): string {
  return `vars: { ${name}: "${value}" } in deploy.<env> of prewarm.config.ts`;
}

function sentenceOf(dialect: string, observations: readonly Observation[]): string {
  const differences = observations.flatMap(({ differs }) => (differs === null ? [] : [differs]));
  const begins = `Prewarm works with this service, which speaks as ${dialect}`;
  if (differences.length === 0) return `${begins}.`;
  return `${begins}, with ${differences.length === 1 ? "a difference" : `${differences.length} differences`}: ${differences.join("; ")}.`;
}

/** Checks a service with eight small jobs at most. Never throws for what the service does. */
export async function runCheck(options: CheckOptions, context: Context): Promise<Check> {
  let session: Session | null = null;
  try {
    session = openSession(options, await readOriginal(options.original, context), context);
    await checkAddress(session);
    const main = await checkMain(session);
    await checkMainOutput(session, main);
    const observations = await observe(session, main);
    const { exchanges } = session;
    const dialect = dialectName(exchanges, main.job.id);
    const verdict: Verdict = { kind: "works", why: "ok", sentence: sentenceOf(dialect, observations) };
    return { verdict, dialect, observations, settings: settingsOf(session, observations), exchanges };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return {
      verdict: error.verdict,
      dialect: null,
      observations: [],
      settings: [],
      exchanges: session?.exchanges ?? [],
    };
  }
}
