import { workboxPlugin } from "@prewarm/client/sw";
import { registerRoute } from "workbox-routing";
import { CacheFirst } from "workbox-strategies";

const isImage = ({ url }) => url.origin === "https://images.example.com";
registerRoute(isImage, new CacheFirst({ cacheName: "images", plugins: [workboxPlugin] }));
