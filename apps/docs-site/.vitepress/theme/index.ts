import { useData } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineComponent, h } from "vue";
import "./style.css";

/** Leads to the same site of another version. */
const Versions = defineComponent(() => {
  const { theme } = useData();
  const open = (event: Event) => location.assign((event.target as HTMLSelectElement).value);
  return () =>
    h(
      "select",
      { class: "versions", "aria-label": "Version", onChange: open },
      theme.value.versions.map(({ name, base }: { name: string; base: string }) =>
        h("option", { value: base, selected: name === theme.value.version.name }, name),
      ),
    );
});

/** The page as Markdown, for language models and for readers who copy it. */
const AsMarkdown = defineComponent(() => {
  const { page, site } = useData();
  return () => h("p", h("a", { href: site.value.base + page.value.relativePath }, "This page as Markdown"));
});

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      "nav-bar-content-after": () => h(Versions),
      "nav-screen-content-before": () => h(Versions),
      "doc-footer-before": () => h(AsMarkdown),
    }),
};
