import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The folder of the package: the checkout, or `node_modules/speech-emotion-workbench`. What the package is made of lies there;
 * what it makes goes to {@link workFolder}. Found from this file where the loader tells (`__dirname`: the bundle, vitest,
 * tslab), else from the script that was started, else from the working folder; `import.meta` is not to be had under tslab.
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

/** The folder that data and results are in: the checkout, or where the package is installed the working folder. */
export function workFolder(): string {
  return isInstalled() ? process.cwd() : projectRoot();
}

/** True in the bundle that `npm run build` makes, false where the TypeScript sources run. */
export function isBundle(): boolean {
  return typeof __dirname === "string" && __dirname === join(projectRoot(), "dist");
}
