import { type Config, DEFAULTS, defineConfig, type Settings } from "@prewarm/shared/config";

export interface Overrides {
  sources?: Config["sources"];
  gate?: Partial<Settings["gate"]>;
  limits?: Partial<Settings["limits"]>;
  v?: Settings["v"];
  ittybit?: Partial<Settings["ittybit"]>;
  events?: Settings["events"];
}

export function testConfig({ sources, gate, limits, v, ittybit, events }: Overrides = {}): Config {
  return defineConfig({
    sources: sources ?? [{ prefix: "", url: "https://originals.example/{id}" }],
    gate: gate ?? {},
    limits: limits ?? {},
    v: v ?? DEFAULTS.v,
    ittybit: ittybit ?? {},
    events: events ?? [],
  });
}
