/** The commands in a page's `sh` blocks, in order, each once and without the comment behind it. */
export function commandsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
  const lines = blocks.flatMap((block) => block.split("\n"));
  const commands = lines.map((line) => line.replace(/\s+#.*$/, "").trim());
  return [...new Set(commands.filter((command) => command !== "" && !command.startsWith("#")))];
}

/** What becomes of a command of the README. */
export interface Command {
  /** What is run in its place, where the command itself takes hours, the network or a file that nobody has. */
  run?: string;
  /** Why it is not run as it stands, or not at all. */
  because?: string;
  /** What the answer contains. */
  says: string | RegExp;
  /** Default 0. */
  code?: number;
}
