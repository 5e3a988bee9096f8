import { createPrewarm } from "@prewarm/client";
import { publicConfig } from "./prewarm.public.ts";

export const prewarm = createPrewarm({ baseUrl: "https://images.example.com", ...publicConfig });
export const card = prewarm.img("other.jpg", { preset: "card", alt: "A boat" });
