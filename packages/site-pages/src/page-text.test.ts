import { expect, it } from "vitest";
import { pageText } from "./page-text.ts";

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, isBig: boolean) =>
  Uint8Array.from(
    [...text].flatMap((letter) => {
      const [low, high] = [letter.charCodeAt(0) & 255, letter.charCodeAt(0) >> 8];
      return isBig ? [high, low] : [low, high];
    }),
  );
const MARK = "\ufeff";

it.each<[string, Uint8Array, string | null, string]>([
  ["nothing said", utf8("é"), null, "é"],
  ["a meta", latin("<meta charset=iso-8859-1>é"), null, "é"],
  ["a meta of old", latin('<META http-equiv=Content-Type content="text/html; charset=windows-1252">é'), null, "é"],
  ["a meta of Cyrillic letters", latin("<meta charset='windows-1251'>\u00e6"), null, "ж"],
  ["a meta in a comment", utf8("<!-- <meta charset=latin1> -->é"), null, "é"],
  ["a meta that names UTF-16 in ASCII", utf8("<meta charset=utf-16>é"), null, "é"],
  ["a meta after 1024 bytes", utf8(`${" ".repeat(1024)}<meta charset=latin1>é`), null, "é"],
  ["a name that is none", utf8("<meta charset=martian>é"), null, "é"],
  ["a header against a meta", utf8("<meta charset=latin1>é"), "utf-8", "é"],
  ["a header", latin("<meta charset=utf-8>é"), "ISO-8859-1", "é"],
  ["a mark against a header", utf8(`${MARK}é`), "iso-8859-1", "é"],
  ["UTF-16, little end first", utf16(`${MARK}<p>é`, false), null, "é"],
  ["UTF-16, big end first", utf16(`${MARK}<p>é`, true), "utf-8", "é"],
  ["a style sheet", latin('@charset "iso-8859-1";é'), null, "é"],
])("reads the letters as a browser does: %s", (_, bytes, charset, last) => {
  const text = pageText(bytes, charset);
  expect([text.at(-1), text.startsWith(MARK)]).toEqual([last, false]);
});
