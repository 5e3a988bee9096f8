import { type Config, defineConfig, type Settings } from "@prewarm/shared/config";

export interface Overrides {
  gate?: Partial<Settings["gate"]>;
  limits?: Partial<Settings["limits"]>;
  events?: Settings["events"];
}

export function testConfig({ gate, limits, events }: Overrides = {}): Config {
  return defineConfig({
    sources: [{ prefix: "", url: "https://originals.example/{id}" }],
    gate: gate ?? {},
    limits: limits ?? {},
    events: events ?? [],
  });
}
