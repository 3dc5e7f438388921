import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findProgram } from '@loguro/testing';

/** The program as it is published: its bundle starts three times as fast as the files it is made of. */
const LOGURO = fileURLToPath(new URL('../../dist/package/bin/loguro.mjs', import.meta.url));

// Each completion starts the program, on a machine where others may be at work.
const TIMEOUT_MS = 60_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-shells-'));
  const node = JSON.stringify(process.execPath);
  writeFileSync(join(folder, 'loguro'), `#!/bin/sh\nexec ${node} ${JSON.stringify(LOGURO)} "$@"\n`, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shell itself; an error says how to install it. */
function shell(name: 'bash' | 'zsh' | 'fish'): string {
  const missing = `Completion is tested in ${name}, which this machine doesn't have. Install it (Debian, Ubuntu: apt-get install ${name}).`;
  return findProgram(
    { names: [name], debianPackage: name, missing },
    { path: process.env.PATH ?? '', say: console.log },
  );
}

function run(name: 'bash' | 'zsh' | 'fish', ...args: string[]): { stdout: string; stderr: string } {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    TERM: 'dumb',
    HOME: folder,
    LOGURO_CONFIG_DIR: join(folder, 'config'),
    PATH: [folder, process.env.PATH].join(delimiter),
  };
  const { stdout, stderr } = spawnSync(shell(name), args, { cwd: folder, env, encoding: 'utf8', timeout: TIMEOUT_MS });
  return { stdout, stderr };
}

/** What was typed on the line above would have made this file, had it been evaluated. */
const evaluated = () => readdirSync(folder).includes('ran');

test(
  'bash completes with the script, and runs nothing of what was typed',
  () => {
    const script = `
      set -e
      source <(loguro completion bash)
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _loguro 2>/dev/null; echo "\${COMPREPLY[*]}"; }
      try loguro key
      try loguro query 'x$(touch ran)' --chart ''
    `;
    expect(run('bash', '-c', script)).toEqual({ stdout: 'keys\nbar line\n', stderr: '' });
    expect(evaluated()).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  'zsh completes with the script at its own prompt, files included, and runs nothing of what was typed',
  () => {
    writeFileSync(join(folder, 'orders.csv'), '');
    // What a user has in .zshrc, and a key that prints the line as it stands.
    const settings = `
      PS1='READY>'
      unset zle_bracketed_paste
      autoload -Uz compinit && compinit -u -D
      source <(loguro completion zsh)
      tell() { print -r -- "<<$BUFFER>>" }
      zle -N tell
      bindkey '^I' complete-word '^X' tell '^U' kill-whole-line
    `;
    writeFileSync(join(folder, 'settings.zsh'), settings);
    const typing = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'source ./settings.zsh'
      zpty -r -m shell output '*READY>*'
      for typed in "$@"; do
        zpty -w -n shell $'\\C-u'"$typed"$'\\t\\C-x'
        zpty -r -m shell output '*<<*>>*'
        print -r -- "\${\${output##*<<}%%>>*}"
      done
      zpty -d shell
    `;
    const lines = ['loguro key', 'loguro query $(touch ran) --chart b', 'loguro ingest x ord'];
    const { stdout } = run('zsh', '-f', '-c', typing, 'zsh', ...lines);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'loguro keys ',
      'loguro query $(touch ran) --chart bar ',
      'loguro ingest x orders.csv',
    ]);
    expect(evaluated()).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  'fish completes with the script, files included, and runs nothing of what was typed',
  () => {
    writeFileSync(join(folder, 'orders.csv'), '');
    const script = `
      loguro completion fish | source
      complete -C 'loguro key'
      complete -C "loguro query 'x\\$(touch ran)' --chart "
      complete -C 'loguro ingest x ord'
    `;
    const { stdout } = run('fish', '--no-config', '-c', script);
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringMatching(/^keys\t\w+/), 'bar', 'line', 'orders.csv']);
    expect(evaluated()).toBe(false);
  },
  TIMEOUT_MS,
);
