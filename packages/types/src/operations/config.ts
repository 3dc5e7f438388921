import { scrubSecrets } from './scrub-secrets.js';

/** The environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every fault of a configuration at once; the message has a line for each. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The configuration can't be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/**
 * Reads typed values from an environment and gathers every fault, so that a bad configuration is reported
 * whole. Call {@link ConfigReader.done} after the last read.
 */
export class ConfigReader {
  readonly #env: Environment;
  readonly #faults: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  /** A text; without a fallback the variable must be set. `consequence` says what it is for. */
  text(name: string, consequence: string, fallback?: string): string {
    const value = this.#env[name];
    if (value !== undefined && value !== '') return value;
    if (fallback !== undefined) return fallback;
    this.#faults.push(`${name} is not set: ${consequence}`);
    return '';
  }

  /** A text, or undefined when the variable is not set. */
  optionalText(name: string): string | undefined {
    const value = this.#env[name];
    return value === undefined || value === '' ? undefined : value;
  }

  /** A whole number between `min` and `max`, both included. */
  integer(name: string, fallback: number, { min, max }: { min: number; max: number }): number {
    const value = this.#env[name];
    if (value === undefined || value === '') return fallback;
    const number = Number(value);
    if (/^-?\d+$/.test(value) && number >= min && number <= max) return number;
    this.#faults.push(`${name} is "${value}": it must be a whole number from ${min} to ${max}`);
    return fallback;
  }

  /** `true` or `false`. */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.#env[name];
    if (value === undefined || value === '') return fallback;
    if (value === 'true' || value === 'false') return value === 'true';
    this.#faults.push(`${name} is "${value}": it must be true or false`);
    return fallback;
  }

  /** One of a few words. */
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.#env[name];
    if (value === undefined || value === '') return fallback;
    if ((choices as readonly string[]).includes(value)) return value as T;
    this.#faults.push(`${name} is "${value}": it must be one of ${choices.join(', ')}`);
    return fallback;
  }

  /** Comma-separated words, trimmed, empty ones dropped; at least one. */
  list(name: string, fallback: readonly string[]): string[] {
    const value = this.#env[name];
    if (value === undefined || value === '') return [...fallback];
    const items = value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    if (items.length === 0) this.#faults.push(`${name} is "${value}": it must name at least one`);
    return items;
  }

  /** A URL with one of the given protocols (`http:`). The fault never repeats the value: it may hold a password. */
  url(name: string, protocols: readonly string[], consequence: string, fallback?: string): string {
    const value = this.text(name, consequence, fallback);
    if (value === '') return value;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value;
    this.#faults.push(`${name} is not a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    return value;
  }

  /** Reports a fault that the readers above can't see. */
  fault(sentence: string): void {
    this.#faults.push(sentence);
  }

  /** @throws ConfigError when anything was wrong */
  done(): void {
    // A fault may repeat its value, and somebody may have put a URL with a password where a number belongs.
    if (this.#faults.length > 0) throw new ConfigError(this.#faults.map(scrubSecrets));
  }
}
