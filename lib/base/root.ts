import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The folder of the package: the checkout, or `node_modules/speech-emotion-workbench`. It has the package's own files; outputs go
 * to {@link workFolder}. Found from the path of this file where the loader provides it (`__dirname`: the bundle, vitest, tslab),
 * else from the started script, else from the working folder; `import.meta` is not available under tslab.
 */
export function projectRoot(): string {
  const starts = [
    typeof __dirname === "string" ? __dirname : undefined,
    process.argv[1] && dirname(process.argv[1]),
    process.cwd(),
  ];
  for (const start of starts) {
    for (let folder = start; folder; folder = dirname(folder)) {
      if (isProject(folder)) return folder;
      if (dirname(folder) === folder) break;
    }
  }
  throw new Error("the folder of speech-emotion-workbench was not found");
}

function isProject(folder: string): boolean {
  const file = join(folder, "package.json");
  return existsSync(file) && readFileSync(file, "utf8").includes('"name": "speech-emotion-workbench"');
}

/** Whether npm installed the package: a checkout has the sources, the package does not. */
export function isInstalled(): boolean {
  return !existsSync(join(projectRoot(), "lib", "index.ts"));
}

/** The folder of data and results: the checkout, or the working folder where the package is installed. */
export function workFolder(): string {
  return isInstalled() ? process.cwd() : projectRoot();
}

/** The folder of the corpora where `SER_DATA` names no other: data/ in {@link workFolder}. */
export function defaultData(): string {
  return join(workFolder(), "data");
}

/** The folder of the corpora: `SER_DATA`, else {@link defaultData}. */
export function dataFolder(): string {
  return process.env.SER_DATA || defaultData();
}

/** True in the bundle that `npm run build` makes, false where the TypeScript sources run. */
export function isBundle(): boolean {
  return typeof __dirname === "string" && __dirname === join(projectRoot(), "dist");
}
