import { type Token, Tokenizer, TokenizerMode } from "parse5";

export interface Seen {
  tag(tag: Token.TagToken, line: number): void;
  /** The text of a `style` or `script`, and the line of its tag. */
  text(tagName: string, text: string, line: number): void;
  comment(data: string, line: number): void;
  /** An end tag. */
  end?(tagName: string): void;
  doctype?(): void;
}

/**
 * Tells a page's start tags, comments, style sheets and scripts in their order. No tree is built: a tree takes 250 times the page's size, and
 * some hostile pages take minutes. Without scripting the content of noscript is a page's like any other, and so is a template's.
 */
export function readTokens(html: string, seen: Seen): void {
  let open: { tagName: string; line: number; chars: string[] } | null = null;
  let foreign = 0;
  const close = (): void => {
    if (open !== null) seen.text(open.tagName, open.chars.join(""), open.line);
    open = null;
  };
  const onText = ({ chars }: Token.CharacterToken): void => void open?.chars.push(chars);
  const tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: true },
    {
      onStartTag(tag) {
        const { tagName, selfClosing } = tag;
        const line = lineOf(tag);
        seen.tag(tag, line);
        if (FOREIGN.has(tagName) && !selfClosing) foreign += 1;
        tokenizer.inForeignNode = foreign > 0;
        if (foreign === 0) tokenizer.state = MODES.get(tagName) ?? tokenizer.state;
        if (TOLD.has(tagName) && !(foreign > 0 && selfClosing)) open = { tagName, line, chars: [] };
      },
      onEndTag({ tagName }) {
        seen.end?.(tagName);
        if (open?.tagName === tagName) close();
        if (FOREIGN.has(tagName)) foreign = Math.max(0, foreign - 1);
        tokenizer.inForeignNode = foreign > 0;
      },
      onComment: (token) => seen.comment(token.data, lineOf(token)),
      onCharacter: onText,
      onWhitespaceCharacter: onText,
      onNullCharacter: () => {},
      onDoctype: () => seen.doctype?.(),
      onEof: close,
    },
  );
  tokenizer.write(html, true);
}

function lineOf({ location }: { location: Token.Location | null }): number {
  return location?.startLine ?? 1;
}

const TOLD = new Set(["style", "script"]);
/** Within these elements a `style` or `title` is an element like any other, and may close itself. */
const FOREIGN = new Set(["svg", "math"]);
/** Elements whose content has no tags. */
const MODES = new Map([
  ...["textarea", "title"].map((name) => [name, TokenizerMode.RCDATA] as const),
  ...["style", "xmp", "iframe", "noembed", "noframes"].map((name) => [name, TokenizerMode.RAWTEXT] as const),
  ["script", TokenizerMode.SCRIPT_DATA],
  ["plaintext", TokenizerMode.PLAINTEXT],
]);
