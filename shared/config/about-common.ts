/**
 * One or two sentences on each directive, for the manual pages. They are apart from the rows so that no
 * program at work holds them in memory; a test says that each row has its text, and each text its row.
 */
export type About = Readonly<Record<string, string>>;

/** The directives that both programs know. */
export const COMMON_ABOUT: About = {
  "log-level":
    "How much is logged: 1 emergency, 2 alert, 3 critical, 4 error, 5 warning, 6 notice, 7 info, 8 debug. Each " +
    "level has those before it; other numbers are passed over with a warning.",
  "log-mode":
    "How a line of the log looks: full (date, time, name, level), short (minutes and seconds), precise " +
    "(to the microsecond), syslog (to the system's log), json (one object a line, with the id of the message).",
  "log-name": "The name in each line of the log, in place of Server or Client.",
  "log-colors": "With 1 the log on a terminal is coloured by level; any other number turns that off.",
  script:
    "The program that is called as PATH add|update|delete when a lease begins, changes or ends, after it is stored; " +
    "the lease is in its environment, see HOOK SCRIPT. An empty text means none.",
  "script-timeout":
    "Seconds that one call of the script may take, 1 to 3600. What takes longer is ended, which is logged.",
  "work-dir": "Read for the sake of Dibbler's configurations.",
  experimental: "Has to stand above the directives that Dibbler calls experimental. It does nothing else.",
  "auth-protocol": "Which authentication protocol messages are signed with.",
  "auth-methods": "Which algorithms messages may be signed with.",
  "auth-replay": "How replayed messages are told from new ones.",
  "auth-realm": "The realm of keys for authentication.",
  "auth-required": "Whether messages without authentication are dropped.",
  "auth-algorithm": "Never had a meaning.",
  "ddns-protocol": "How the DNS server is spoken to.",
  "ddns-timeout": "Milliseconds that a DNS update may take.",
};

/** What each option that has a name is for, with its number; the same words for who sends and who asks. */
export const OPTION_ABOUT: About = {
  "option sip-domain": "Domains of SIP proxies (option 21, RFC 3319).",
  "option sip-server": "Addresses of SIP proxies (option 22, RFC 3319).",
  "option dns-server": "Addresses of name servers (option 23, RFC 3646).",
  "option domain": "Domains in which short names are looked up (option 24, RFC 3646).",
  "option nis-server": "Addresses of NIS servers (option 27, RFC 3898).",
  "option nis+-server": "Addresses of NIS+ servers (option 28, RFC 3898).",
  "option nis-domain": "The NIS domain (option 29, RFC 3898).",
  "option nis+-domain": "The NIS+ domain (option 30, RFC 3898).",
  "option ntp-server": "Addresses of time servers (option 31, SNTP Servers, RFC 4075).",
  "option lifetime":
    "Seconds after which options that came without a lease are asked for again (option 32, Information Refresh " +
    "Time, RFC 8415 21.23).",
  "option posix-timezone": "The time zone as a POSIX TZ text (option 41, RFC 4833).",
  "option time-zone": "The time zone as a name of the tz database (option 42, RFC 4833).",
  "option bootfile-url": "Where a booting host gets its boot file (option 59, RFC 5970).",
  "option aftr": "The name of the AFTR at the far end of a DS-Lite tunnel (option 64, RFC 6334).",
  "option sol-max-rt":
    "Seconds that may lie between two Solicits of a client that nobody answers (option 82, SOL_MAX_RT, " +
    "RFC 8415 21.24).",
  "option inf-max-rt":
    "Seconds that may lie between two Information-requests that nobody answers (option 83, INF_MAX_RT, RFC 8415 21.25).",
  "option captive-portal": "Where the API of a captive portal is (option 103, RFC 8910).",
  "option fqdn": "Names for clients (option 39, RFC 4704).",
};
