import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';

/** What {@link Reporter} writes to. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Tells a person what happens: one line per step, with its time. */
export class Reporter {
  readonly #output: Output & NodeJS.WritableStream;
  readonly #tty: boolean;

  constructor(output: Output & NodeJS.WritableStream) {
    this.#output = output;
    this.#tty = output.isTTY === true;
  }

  /** Runs a step. `done` may turn its result into the words for the finished line. */
  async step<T>(name: string, work: () => Promise<T>, done?: (result: T) => string | undefined): Promise<T> {
    const began = performance.now();
    if (this.#tty) this.#output.write(`  ${this.#dim('…')} ${name}`);
    try {
      const result = await work();
      const words = done?.(result) ?? name;
      this.#finish(this.#green('✓'), words, performance.now() - began);
      return result;
    } catch (error) {
      this.#finish(this.#red('✗'), name, performance.now() - began);
      throw error;
    }
  }

  /** A step that was done elsewhere. */
  finished(name: string, ms: number): void {
    this.#finish(this.#green('✓'), name, ms);
  }

  /** A line of its own. */
  say(line = ''): void {
    this.#output.write(`${line}\n`);
  }

  /** What is worth noticing later on. */
  notice(line: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.say(`  ${this.#dim(time)} ${line}`);
  }

  bold(text: string): string {
    return this.#style('bold', text);
  }

  #finish(mark: string, name: string, ms: number) {
    if (this.#tty) {
      clearLine(this.#output, 0);
      cursorTo(this.#output, 0);
    }
    this.say(`  ${mark} ${name} ${this.#dim(seconds(ms))}`);
  }

  #style(format: 'bold' | 'dim' | 'green' | 'red', text: string): string {
    return this.#tty ? styleText(format, text, { validateStream: false }) : text;
  }
  #dim(text: string) {
    return this.#style('dim', text);
  }
  #green(text: string) {
    return this.#style('green', text);
  }
  #red(text: string) {
    return this.#style('red', text);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
