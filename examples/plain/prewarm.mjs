import { createPrewarm } from "@prewarm/client";
// prewarm print client --json > prewarm.public.json
import publicConfig from "./prewarm.public.json" with { type: "json" };

export const prewarm = createPrewarm({ baseUrl: "https://images.example.com", ...publicConfig });
export const card = prewarm.img("other.jpg", { preset: "card", alt: "A boat" });
