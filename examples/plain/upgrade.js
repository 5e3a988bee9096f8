import { createPrewarm } from "@prewarm/client";

const { upgrade } = createPrewarm({ baseUrl: "https://images.example.com" });
addEventListener("load", () => upgrade());
