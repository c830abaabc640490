import type { Target } from "./target.js";
import { CLIENT_TARGETS } from "./targets/client.js";
import { CONFIG_TARGETS } from "./targets/config.js";
import { EVENT_TARGETS } from "./targets/events.js";
import { LEASE_FILE_TARGETS } from "./targets/lease-files.js";
import { PAGE_TARGETS } from "./targets/page.js";
import { ENGINE } from "./targets/server.js";
import { QUERY_TARGETS } from "./targets/server-queries.js";
import { STORE_TARGETS } from "./targets/store.js";
import { SYSTEM_TARGETS } from "./targets/system.js";
import { WIRE_TARGETS } from "./targets/wire.js";
import { WORD_TARGETS } from "./targets/words.js";

/** All of them, in the order of README.md. */
export const TARGETS: readonly Target[] = [
  ...WIRE_TARGETS,
  ENGINE,
  ...QUERY_TARGETS,
  ...CLIENT_TARGETS,
  ...CONFIG_TARGETS,
  ...LEASE_FILE_TARGETS,
  ...STORE_TARGETS,
  ...EVENT_TARGETS,
  ...SYSTEM_TARGETS,
  ...WORD_TARGETS,
  ...PAGE_TARGETS,
];
