// What must not grow: a new client's cost with how full or large the pool is, the wait for an answer while
// leases run out by the thousand, and exchanges a second with a disk that is slow.
import { benchAllocation } from "./flat-allocation.js";
import { benchCommits } from "./flat-commits.js";
import { benchExpiry } from "./flat-expiry.js";

const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
const isWanted = (part: string): boolean => only === undefined || only === part;

if (isWanted("allocation")) benchAllocation();
if (isWanted("expiry")) for (const views of [false, true]) await benchExpiry(views);
if (isWanted("commits")) await benchCommits();
