/** Vite's: the file's text. */
declare module "*.html?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: Vite exports it so.
  export default text;
}
