// Replaces the file named by its argument over and over, with 200,000 times "a" or "b" in turn.
import { replaceFileSync } from "../../../shared/edge/files.js";

const path = process.argv[2] ?? "";
for (let round = 0; ; round++) replaceFileSync(path, (round % 2 === 0 ? "a" : "b").repeat(200_000), 0o644);
