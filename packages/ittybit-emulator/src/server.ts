import { createApiServer } from "./api/api-server.ts";
import { createControl, type EmulatorControl } from "./api/control.ts";
import { createEmulator } from "./api/emulator-state.ts";
import { createOutputServer } from "./api/output-server.ts";
import { createSystemClock, type EmulatorClock } from "./clock.ts";
import type { FaultRuleInput } from "./faults/fault-rule.ts";
import { listen, shut } from "./listen.ts";
import { applySettings, DEFAULT_SETTINGS, type SettingsPatch } from "./settings.ts";

export type { EmulatorControl, EmulatorStats } from "./api/control.ts";
export type { FaultRuleInput } from "./faults/fault-rule.ts";

/** How to start; every setting may also be changed later through `control.configure`. */
export interface EmulatorOptions extends SettingsPatch {
  /** Port of the API; 0 takes any free one. Default 0. */
  port?: number | undefined;
  /** Port of the outputs, as on another host. Default 0. */
  outputPort?: number | undefined;
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** Makes durations, ids and probabilities repeatable. */
  seed?: number | undefined;
  /** Time, chance and timers; `seed` is then unused. Default the machine's. */
  clock?: EmulatorClock | undefined;
  /** Images encoded at once. Default 2. */
  concurrency?: number | undefined;
  faults?: FaultRuleInput[] | undefined;
  /** Called for each request and each job's start and end. */
  log?: ((event: string, fields: Record<string, unknown>) => void) | undefined;
}

export interface Emulator {
  /** What `ITTYBIT_API_URL` is set to, without a trailing slash. */
  apiUrl: string;
  /** Where outputs are served. */
  outputUrl: string;
  control: EmulatorControl;
  /** Stops both servers, cutting connections that hang. */
  close(): Promise<void>;
}

/**
 * Starts a local Ittybit: its API on one port, its outputs on another.
 * @throws z.ZodError for an option out of range; Error when a port is taken
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const {
    port = 0,
    outputPort = 0,
    host = "127.0.0.1",
    seed,
    clock,
    concurrency = 2,
    faults = [],
    log,
    ...patch
  } = options;
  const settings = structuredClone(DEFAULT_SETTINGS);
  applySettings(settings, patch);
  const emulator = createEmulator({
    settings,
    clock: clock ?? createSystemClock(seed),
    concurrency,
    log: log ?? (() => undefined),
  });
  for (const rule of faults) emulator.faults.add(rule);
  const apiServer = createApiServer(emulator);
  const outputServer = createOutputServer(emulator);
  emulator.apiUrl = `http://${host}:${await listen(apiServer, port, host)}`;
  emulator.outputUrl = `http://${host}:${await listen(outputServer, outputPort, host)}`;
  return {
    apiUrl: emulator.apiUrl,
    outputUrl: emulator.outputUrl,
    control: createControl(emulator),
    async close() {
      emulator.runner.abandonAll();
      await Promise.all([shut(apiServer), shut(outputServer)]);
    },
  };
}
