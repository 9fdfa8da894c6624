// A process of its own that writes readings down, which the test of the ledger starts several times: folder, name, how many.
import { Ledger } from "../../lib/protocols/ledger.js";

const [folder, name, count] = process.argv.slice(2) as [string, string, string];

async function main(): Promise<void> {
  const ledger = new Ledger(folder);
  const about = { protocol: "savee/loso@1", fold: "1", clips: 120, synthetic: false, leaky: false };
  for (let i = 0; i < Number(count); i++) await ledger.enter({ run: `${name}-${i}`, ...about });
}

main();
