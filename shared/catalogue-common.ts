import type { CatalogueRow } from "./catalogue-row.js";

/** What both programs log. */
export const COMMON_ROWS = {
  "HOOK-START": {
    level: 8,
    text: "About to execute {script} script ({action}), {count} variables.",
    note: "The hook script is being started for one prefix.",
  },
  "HOOK-TRIMMED": {
    level: 7,
    text: "Script {script} ({action}) is not told {names}: too long for an environment",
    note: "Options of 96 KiB and more; the prefixes are always told. Somebody sends odd messages.",
  },
  "HOOK-DONE": {
    level: 8,
    text: "Script execution complete ({script} {action}), return code={status}{says}",
    note: "The hook script has ended as it should.",
  },
  "HOOK-STATUS": {
    level: 5,
    text: "Script execution complete ({script} {action}), return code={status}{says}",
    note: "The hook script reports a failure by its exit status; the lease is not touched. Try it by hand.",
  },
  "HOOK-SIGNAL": {
    level: 5,
    text: "Script execution failed ({script} {action}): killed by {signal}{says}",
    note: "The hook script was killed by somebody or crashed; the lease is not touched by that.",
  },
  "HOOK-TIMEOUT": {
    level: 4,
    text: "Script {script} {action} did not end within {seconds} s and was killed{says}",
    note: "The hook script hangs. Make it faster, let it work in the background, or raise script-timeout.",
  },
  "HOOK-STOPPED": {
    level: 4,
    text: "Script {script} {action} still ran when the program ended, and was ended{says}",
    note: "The shutdown waits for scripts for two and a half seconds. The next start makes the call again.",
  },
  "HOOK-NOT-RUN": {
    level: 4,
    text: "Script {script} {action} could not be run: {reason}",
    note: "The file or its interpreter is missing or not executable; leases are given all the same.",
  },
  "HOOK-SHELL": {
    level: 6,
    text: "Script {script} has no #! line and is run with {shell}",
    note: "Said once. Write #!/bin/bash (or another interpreter) into the first line of the script.",
  },
  "HOOK-OVERLOAD": {
    level: 4,
    text: "Scripts cannot keep up: {dropped} calls dropped, {superseded} left out as others make them void",
    note: "More hook calls wait than the queue holds. Routes may be missing now; make the script faster.",
  },
  "HOOK-ABANDONED": {
    level: 4,
    text: "{count} calls of {script} were not made: the program ends",
    note: "The shutdown did not wait for every hook call that was due. A server makes up for it at its next start.",
  },
  "LOG-NO-SYSLOG": {
    level: 4,
    text: "Cannot write to the system log ({reason}); the log file is used",
    note: "log-mode syslog needs the program logger of util-linux and a system log; some lines may be lost.",
  },
  "SYSTEMD-NOT-TOLD": {
    level: 5,
    text: "systemd cannot be told how the program does ({reason}); the program goes on",
    note: "Said once. A unit with Type=notify needs systemd-notify, and a watchdog may end the program.",
  },
  "SYSTEMD-NO-FILE": {
    level: 5,
    text: "systemd cannot be told how the program does: {reason}",
    note: "dibbler-systemd.cjs, which belongs beside the program, is missing or damaged. Install it again.",
  },
  "CONFIG-ERROR": {
    level: 4,
    text: "{file}:{line}:{column}: {message}",
    note: "A reload found this; the configuration before stays in use. Try it with: dibbler-server check.",
  },
  "LOG-NO-JSON": {
    level: 4,
    text: "Cannot log in JSON ({reason}); lines of text are used",
    note: "dibbler-json.cjs, which belongs beside the program, is missing or damaged. Install it again.",
  },
  "CONFIG-WARNING": {
    level: 5,
    text: "{file}:{line}:{column}: {message}",
    note: "The configuration is used, but not quite as its author may have thought.",
  },
  "CLOCK-UNREADABLE": {
    level: 4,
    text: "What the store says of time ({octets} octets) cannot be read; the wall clock is believed.",
    note: "The store is damaged. Leases end early or late if the clock was set since they were given.",
  },
  "CLOCK-NOT-SAVED": {
    level: 4,
    text: "How far time has come could not be stored: {reason}",
    note: "Tried again every minute, said once. It matters only if the clock is set, or lost, before a restart.",
  },
  "CLOCK-APART": {
    level: 5,
    text: "Leases run by a time that is {seconds} s ahead of the clock of this machine.",
    note: "The clock was set since they were given; a minus means behind. Leases end when their clients expect it.",
  },
  "PID-FILE-TAKEN": {
    level: 5,
    text: "{file} held {what}: taken over.",
    note: "An earlier run was killed, or the machine went down, without removing it.",
  },
  "PROGRAM-FAILED": { level: 3, text: "{sentence}", note: "The program could not start, or cannot go on." },
  "PROGRAM-STOPPING": {
    level: 6,
    text: "Received {signal}, shutting down.",
    note: "An orderly stop begins.",
  },
  "PROGRAM-STOPPED": { level: 6, text: "Bye bye.", note: "The last line of an orderly stop." },
} as const satisfies Record<string, CatalogueRow>;
