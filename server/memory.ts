/**
 * Of the three that V8's young generation has, in MiB. With 16, the default, it takes 16 MiB more under load
 * and collects in 3.7 us an exchange instead of 4.2; with 4 these are 6.6.
 */
const SEMI_SPACE_MIB = 8;

/** For Node's command line, or NODE_OPTIONS. */
export const SEMI_SPACE_FLAG = `--max-semi-space-size=${SEMI_SPACE_MIB}`;

/**
 * glibc is to take large arrays from the system, which gets them back when larger ones replace them, and to
 * ask for large pages: a million leases are read in a fifth less time.
 */
export const ALLOCATOR_ENVIRONMENT = {
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
  MALLOC_MMAP_THRESHOLD_: "1048576",
} as const;
