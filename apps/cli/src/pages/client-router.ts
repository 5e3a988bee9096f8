/** A generator whose script shows the next page without loading it, so that nothing rewrites that page's images. */
interface ClientRouter {
  name: string;
  /** Its mark in every page that it makes. */
  mark: string;
  /** What gives the images of such a page their addresses. */
  instead: string;
}

const COMPONENT = "a component of yours with @prewarm/client (docs/page-authors.md)";
const ROUTERS: readonly ClientRouter[] = [
  { name: "Next", mark: "/_next/static/", instead: "its loader (docs/next.md)" },
  { name: "Nuxt", mark: "/_nuxt/", instead: "its loader (docs/nuxt.md)" },
  {
    name: "Astro's ClientRouter",
    mark: 'name="astro-view-transitions-enabled"',
    instead: "its image service (docs/astro.md)",
  },
  { name: "VitePress", mark: 'content="VitePress v', instead: COMPONENT },
  { name: "Docusaurus", mark: 'content="Docusaurus v', instead: COMPONENT },
  { name: "Gatsby", mark: 'content="Gatsby ', instead: COMPONENT },
];

/** A sentence about the images that a page's script will show; null: the page names no generator with such a script. */
export function sayRouter(page: string): string | null {
  const found = ROUTERS.find(({ mark }) => page.includes(mark));
  if (found === undefined) return null;
  return `${found.name} shows the next page by a script, and its images stay as they are there. Use ${found.instead}.`;
}
