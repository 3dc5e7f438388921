/** What one look at an installation found. */
export interface Check {
  /** A few words: `clock`, `migrations`. */
  name: string;
  /** `warning`: it works, and somebody should look; `skipped`: it could not be looked at. */
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** For a person, with what to do about it. */
  sentence: string;
}
