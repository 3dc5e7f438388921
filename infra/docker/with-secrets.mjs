// Starts a program with secrets from files: `{{name}}` in an environment variable is replaced by the content of
// /run/loguro/<name>. So compose files and `docker inspect` show no secret, and the program itself is process 1 and gets
// SIGTERM.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const FOLDER = '/run/loguro';

function secret(name) {
  try {
    return readFileSync(`${FOLDER}/${name}`, 'utf8').trim();
  } catch (error) {
    console.error(`The secret ${FOLDER}/${name} can't be read (${error.code}). Did the "secrets" service run?`);
    process.exit(1);
  }
}

for (const [name, value] of Object.entries(process.env)) {
  if (value !== undefined) process.env[name] = value.replace(/\{\{(\w+)\}\}/g, (_all, key) => secret(key));
}

const [, , program = ''] = process.argv;
// The program reads its own arguments, and none of ours.
process.argv.splice(1, 2, resolve(program));
await import(pathToFileURL(resolve(program)).href);
