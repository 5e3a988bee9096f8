import { type Config, defineConfig, type Settings } from "@prewarm/shared/config";

export interface Overrides {
  gate?: Partial<Settings["gate"]>;
  limits?: Partial<Settings["limits"]>;
  ittybit?: Partial<Settings["ittybit"]>;
}

export function testConfig({ gate, limits, ittybit }: Overrides = {}): Config {
  return defineConfig({
    sources: [{ prefix: "", url: "https://originals.example/{id}" }],
    gate: gate ?? {},
    limits: limits ?? {},
    ittybit: ittybit ?? {},
  });
}
