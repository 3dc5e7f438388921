/** What `loguro` exits with, so that scripts can tell the failures apart without reading text. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** A fault of ours or of the server: worth a report. */
  unexpected: 1,
  /** The command line, a file or a definition can't be used as given. Nothing was changed. */
  usage: 2,
  /** A credential is missing, refused, or its role may not do this (401, 403). */
  credential: 3,
  /** The project, dataset, key, token or member does not exist (404). */
  notFound: 4,
  /** What was asked for differs from what is there (409, `schema check`). */
  conflict: 5,
  /** Records were rejected; the good ones were stored, the others are in the rejects file. */
  rejected: 6,
  /** The service can't be reached, is overloaded or took too long: try again later. */
  unavailable: 7,
  /** `doctor` found something wrong. */
  unhealthy: 8,
  /** Stopped by Ctrl-C or SIGTERM; 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** One of the documented exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
