import { runCommand, USAGE, UsageError } from './commands.js';

const argv = process.argv.slice(2);
if (argv.length === 0 || argv.includes('--help') || argv.includes('-h')) {
  console.log(USAGE);
  process.exitCode = argv.length === 0 ? 2 : 0;
} else {
  try {
    const { json, text } = await runCommand(argv, process.env);
    console.log(argv.includes('--json') ? JSON.stringify(json) : text);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) console.error(`\n${USAGE}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
