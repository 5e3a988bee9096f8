import { handleImages } from "@prewarm/client/sw";

addEventListener("fetch", handleImages({ baseUrl: "https://images.example.com" }));
