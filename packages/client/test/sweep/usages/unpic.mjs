import { writeFileSync } from "node:fs";
import { breakpoints, createTransformer } from "@prewarm/client/unpic";
import { Image, Source } from "@unpic/react/base";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { options } from "./options.mjs";

const transformer = createTransformer(options);
const common = () => ({ transformer, breakpoints: breakpoints(options), alt: "" });
const image = (props) => createElement(Image, { ...common(), ...props });
const source = (props) => createElement(Source, { ...common(), ...props });

const page = createElement(
  "main",
  null,
  image({ src: "/landscape.jpg", width: 320, height: 213 }),
  image({ src: "/landscape.jpg", width: 800, height: 533, layout: "constrained" }),
  image({ src: "/landscape.jpg", layout: "fullWidth" }),
  image({ src: "/hero.jpg", layout: "fullWidth", aspectRatio: 16 / 9, priority: true }),
  image({ src: "/hero.jpg", layout: "fixed", width: 400, height: 225 }),
  image({ src: "/phone.jpg", width: 400, height: 400 }),
  image({ src: "/phone.jpg", width: 400, height: 400, operations: { fit: "cover" } }),
  image({ src: "/phone.jpg", layout: "fixed", width: 300, height: 300, operations: { fit: "cover" } }),
  createElement(
    "picture",
    null,
    source({ src: "/portrait.jpg", media: "(max-width: 600px)", layout: "fullWidth", aspectRatio: 2 / 3 }),
    image({ src: "/landscape.jpg", layout: "fullWidth", aspectRatio: 3 / 2 }),
  ),
  image({ src: "/faces.jpg", width: 600, height: 346, operations: { quality: 60 } }),
  image({ src: "/faces.jpg", width: 600, height: 346, operations: { quality: 100, format: "webp" } }),
  image({ src: "/faces.jpg", width: 600, operations: { format: "png", blur: 3, gravity: "north" } }),
  image({ src: "/portrait.jpg?v=2", width: 256, aspectRatio: 2 / 3 }),
  image({ src: "/albums/été 2026/plage.webp", width: 400, height: 297 }),
  image({ src: "https://images.example.com/images/hero.jpg", width: 480, height: 270 }),
  image({ src: "https://cms.example.org/a.jpg", width: 400, height: 300 }),
  image({ src: "/logo.svg", width: 120, height: 120 }),
  image({ src: "/small.jpg", width: 120, height: 80 }),
  image({ src: "/cut-out.png", width: 64, height: 64 }),
  image({ src: "/cut-out.png", width: 300, height: 300, background: "auto" }),
);
writeFileSync("dist/usages.html", `<!doctype html>${renderToStaticMarkup(page)}`);
