import { COMMON_FLAGS, type Flag } from "./arguments/command.ts";
import { COMMANDS } from "./program.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

export function isShell(text: string | undefined): text is Shell {
  return SHELLS.some((shell) => shell === text);
}

/** What the shell has to read so that Tab knows commands, flags and their values. Where no flag's value is asked for, it completes file names. */
export function renderCompletion(shell: Shell): string {
  if (shell === "fish") return fish();
  // zsh speaks bash's completion once it is asked to.
  return shell === "bash" ? bash() : `autoload -Uz +X compinit bashcompinit && compinit && bashcompinit\n${bash()}`;
}

/** First words that are no commands of their own. */
const FIRST = [...new Set([...COMMANDS.map(({ name }) => name.split(" ")[0] ?? ""), "help", "completion"])];

function bash(): string {
  const entry = (pattern: string, name: string, words: readonly string[]): string =>
    `    ${pattern}) ${name}="${words.join(" ")}" ;;`;
  const values = valueFlags().map(([flag, options]) => entry(flag, "words", options));
  const seconds = secondWords().map(([first, words]) => entry(first, "words", words));
  const flags = COMMANDS.map(({ name, flags: own }) =>
    entry(name.includes(" ") ? `"${name}"` : `"${name} "*`, "words", flagNames(own)),
  );
  return `# Completion of prewarm. In ~/.bashrc:  source <(prewarm completion bash)
_prewarm() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${[...FIRST, "--help", "--version"].join(" ")}"
  elif [[ "$word" == -* ]]; then
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${flags.join("\n")}
    esac
  else
    case "\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
${seconds.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _prewarm prewarm
`;
}

function fish(): string {
  const first = FIRST.map((word) => `complete -c prewarm -n __fish_use_subcommand -f -a ${word}`);
  const second = secondWords().map(
    ([word, words]) => `complete -c prewarm -n "__fish_seen_subcommand_from ${word}" -a "${words.join(" ")}"`,
  );
  const flags = COMMANDS.flatMap(({ name, flags: own }) =>
    Object.entries({ ...own, ...COMMON_FLAGS }).map(([flag, spec]) =>
      fishFlag(name.split(" ").at(-1) ?? name, flag, spec),
    ),
  );
  return `# Completion of prewarm. In fish:  prewarm completion fish > ~/.config/fish/completions/prewarm.fish
${[...first, ...second, ...flags].join("\n")}
`;
}

function fishFlag(command: string, flag: string, { type, options, alias, description }: Flag): string {
  const value = type === "boolean" ? "" : options === undefined ? " -r" : ` -x -a "${options.join(" ")}"`;
  const text = description.replaceAll(/["\\$`]/g, "");
  const letter = alias === undefined ? "" : ` -s ${alias}`;
  return `complete -c prewarm -n "__fish_seen_subcommand_from ${command}" -l ${flag}${letter}${value} -d "${text}"`;
}

function flagNames(own: Record<string, Flag>): string[] {
  return Object.keys({ ...own, ...COMMON_FLAGS }).map((name) => `--${name}`);
}

/** `ledger` → `export`, `restore`; `log` → its logs; `completion` → the shells; `help` → the commands. */
function secondWords(): [first: string, words: string[]][] {
  const words = new Map<string, string[]>([
    ["help", COMMANDS.map(({ name }) => name.split(" ")[0] ?? "")],
    ["completion", [...SHELLS]],
  ]);
  for (const { name, operands } of COMMANDS) {
    const [first = "", second] = name.split(" ");
    if (second === undefined && operands?.options !== undefined) words.set(first, [...operands.options]);
    if (second !== undefined) words.set(first, [...(words.get(first) ?? []), second]);
  }
  return [...words].map(([first, all]) => [first, [...new Set(all)]]);
}

/** Flags with a closed set of values, of all commands: one name means one thing everywhere. */
function valueFlags(): [flag: string, options: readonly string[]][] {
  const all = COMMANDS.flatMap(({ flags }) => Object.entries<Flag>(flags));
  const closed = new Map(all.flatMap(([name, { options }]) => (options === undefined ? [] : [[`--${name}`, options]])));
  return [...closed];
}
