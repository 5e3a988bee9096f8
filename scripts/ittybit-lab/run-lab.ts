import { ITTYBIT_URL } from "../../apps/cli/src/arguments/settings.ts";
import { FORMATS, type Format } from "../../packages/shared/src/config.ts";
import { sniffType } from "../../packages/shared/src/image-header.ts";
import { checkAddress, checkMain, checkMainOutput, MAIN } from "../../workers/consumer/src/ittybit/check/essentials.ts";
import { readOriginal } from "../../workers/consumer/src/ittybit/check/original.ts";
import type { Exchange } from "../../workers/consumer/src/ittybit/check/recorder.ts";
import { openSession } from "../../workers/consumer/src/ittybit/check/session.ts";
import { Stop, type Verdict } from "../../workers/consumer/src/ittybit/check/verdict.ts";
import { stripMetadata } from "../../workers/consumer/src/output/strip/strip-metadata.ts";
import { dialectName } from "./dialect-name.ts";
import type { LabOptions, LabPlatform, LabSession } from "./lab-session.ts";
import type { Observation } from "./observation.ts";
import { observe } from "./observations.ts";

export interface Examined {
  verdict: Verdict;
  dialect: string | null;
  observations: Observation[];
  settings: string[];
  exchanges: readonly Exchange[];
}

function isFormat(type: string | null): type is Format {
  return FORMATS.some((format) => format === type);
}

/** What a picture says beside its pixels, by the names of what is taken out of results. */
function saidBy(bytes: Uint8Array): string[] {
  const type = sniffType(bytes);
  const stripped = isFormat(type) ? stripMetadata(bytes, type) : null;
  return stripped?.ok ? stripped.removed : [];
}

function settingsOf(session: LabSession, observations: readonly Observation[]): string[] {
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

/** Examines a service. Never throws for what the service does. */
export async function runLab(options: LabOptions, platform: LabPlatform): Promise<Examined> {
  let session: LabSession | null = null;
  try {
    const { size, bytes } = await readOriginal(options.original, platform);
    const opened = openSession(options, size, platform);
    session = { ...opened, options, listen: platform.listen, says: saidBy(bytes), left: [] };
    await checkAddress(session);
    const main = await checkMain(session);
    const { removed } = await checkMainOutput(session, main);
    session.left.push({ format: MAIN.format, names: removed });
    const observations = await observe(session, main);
    const { exchanges } = session;
    const dialect = dialectName(exchanges, main.job.id);
    const verdict: Verdict = { kind: "works", why: "ok", sentence: sentenceOf(dialect, observations) };
    return { verdict, dialect, observations, settings: settingsOf(session, observations), exchanges };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const exchanges = session?.exchanges ?? [];
    return { verdict: error.verdict, dialect: null, observations: [], settings: [], exchanges };
  }
}
