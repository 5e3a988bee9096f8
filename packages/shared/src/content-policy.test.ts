import { expect, it } from "vitest";
import { forbidsImages } from "./content-policy.ts";

const PAGE = new URL("https://www.example.com/a/");
const EDGE = new URL("https://images.example.com");

it.each([
  // [policy, whether it forbids images of the edge]
  ["script-src 'self'", false],
  ["default-src 'self'", true],
  ["default-src 'self'; img-src *", false],
  ["img-src 'none'", true],
  ["img-src", true],
  ["IMG-SRC HTTPS://IMAGES.EXAMPLE.COM", false],
  ["img-src 'self' images.example.com data:", false],
  ["img-src https:", false],
  ["img-src http:", false],
  ["img-src data: blob:", true],
  ["img-src *.example.com", false],
  ["img-src *.images.example.com", true],
  ["img-src https://example.com", true],
  ["img-src https://images.example.com:8443", true],
  ["img-src https://images.example.com:*", false],
  ["img-src http://images.example.com", false],
  ["img-src wss://images.example.com", true],
  ["img-src https://images.example.com/images/", false],
  ["img-src https://images.example.com/other/", true],
  ["img-src https://images.example.com/images/a.jpg", true],
  // The first of two counts, and each of several policies.
  ["img-src 'self'; img-src *", true],
  ["img-src *, default-src 'self'", true],
  ["img-src *, script-src 'none'", false],
])("%s", (policy, isForbidden) => {
  expect(forbidsImages(policy, EDGE, PAGE)).toBe(isForbidden);
});

it("takes 'self' for the edge's origin where the page has it, and a port for what it says", () => {
  expect(forbidsImages("img-src 'self'", PAGE, PAGE)).toBe(false);
  const local = new URL("http://localhost:8787");
  expect(forbidsImages("img-src localhost:8787", local, new URL("http://localhost:3000/"))).toBe(false);
  expect(forbidsImages("img-src http://localhost:8788", local, local)).toBe(true);
});
