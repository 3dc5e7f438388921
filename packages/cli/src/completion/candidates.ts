import type { Argument, Command, Option } from 'commander';
import type { Candidate } from './scripts.js';

/** Names that only the service knows; empty when it can't be asked. */
export interface NameSource {
  projects(): Promise<Candidate[]>;
  datasets(): Promise<Candidate[]>;
}

/** What fits the last of the words; `files` leaves it to the shell. */
export type Completion = 'files' | Candidate[];

/**
 * Finds what may stand in the place of the last word, which may be unfinished or empty.
 *
 * @param words behind the program's name, as the shell has split them (bash cuts at `=` too)
 */
export async function complete(program: Command, words: readonly string[], names: NameSource): Promise<Completion> {
  const joined = joinEquals(words);
  const last = joined.at(-1) ?? '';
  const { command, option, position } = walk(program, joined.slice(0, -1));
  const assigned = /^(--[\w-]+)=(.*)$/s.exec(last);
  if (assigned) return startingWith(await valuesOf(findOption(command, assigned[1] ?? ''), names), assigned[2] ?? '');
  if (option !== undefined) return startingWith(await valuesOf(option, names), last);
  if (last.startsWith('-')) return startingWith(optionsOf(command), last);
  const commands = command.createHelp().visibleCommands(command);
  if (commands.length > 0 && position > 0) return [];
  if (commands.length > 0) {
    return startingWith(
      commands.map((one) => ({ word: one.name(), description: one.summary() || one.description() })),
      last,
    );
  }
  return startingWith(await valuesOf(command.registeredArguments[position], names), last);
}

/** Follows the words to the command they name. */
function walk(program: Command, words: readonly string[]): { command: Command; option?: Option; position: number } {
  let command = program;
  let option: Option | undefined;
  let position = 0;
  for (const word of words) {
    if (option !== undefined) option = undefined;
    else if (word.startsWith('-')) {
      const found = word.includes('=') ? undefined : findOption(command, word);
      if (found?.required) option = found;
    } else {
      const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (next === undefined) position++;
      else command = next;
    }
  }
  return { command, position, ...(option && { option }) };
}

function findOption(command: Command, flag: string): Option | undefined {
  const own = command.options.find((one) => one.long === flag || one.short === flag);
  return own ?? (command.parent ? findOption(command.parent, flag) : undefined);
}

function optionsOf(command: Command): Candidate[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map(
    ({ long, short, description }) => ({
      word: long ?? short ?? '',
      description,
    }),
  );
}

/** What an option or argument takes: its choices, names of the service's, a file, or anything. */
async function valuesOf(of: Option | Argument | undefined, names: NameSource): Promise<Completion> {
  if (of === undefined) return [];
  if (of.argChoices) return of.argChoices.map((word) => ({ word, description: '' }));
  const placeholder = 'flags' in of ? (/<([\w-]+)>/.exec(of.flags)?.[1] ?? '') : of.name();
  if (placeholder === 'file') return 'files';
  if (placeholder === 'dataset') return names.datasets();
  return placeholder === 'slug' ? names.projects() : [];
}

function startingWith(completion: Completion, prefix: string): Completion {
  return completion === 'files' ? completion : completion.filter(({ word }) => word.startsWith(prefix));
}

/** `--format`, `=`, `csv` as one word again. */
function joinEquals(words: readonly string[]): string[] {
  const joined: string[] = [];
  words.forEach((word, i) => {
    const before = words[i - 1];
    const continues = word === '=' ? before?.startsWith('--') : before === '=' && words[i - 2]?.startsWith('--');
    if (continues && joined.length > 0) joined[joined.length - 1] += word;
    else joined.push(word);
  });
  return joined;
}
