import { cloudinary } from "@prewarm/legacy-urls/cloudinary";
import { imgix } from "@prewarm/legacy-urls/imgix";
import { defineConfig } from "@prewarm/shared/config";

export default defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  legacy: [
    cloudinary({ cloud: "demo", secrets: ["CLOUDINARY_API_SECRET"] }),
    imgix({ hosts: ["img.example.com"], secrets: ["IMGIX_TOKEN"] }),
  ],
});
