import { Command, InvalidArgumentError, Option } from 'commander';
import { COMMANDS } from './commands/index.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Host } from './host.js';
import { FORMATS } from './output/formats.js';
import { Output, type OutputFlags } from './output/output.js';
import { Session } from './session.js';
import type { SettingFlags } from './settings/settings.js';
import { VERSION } from './version.js';

/** The flags that every command has. */
export type GlobalFlags = SettingFlags & OutputFlags;

/** What a command works with. */
export interface Context<Flags = object> {
  host: Host;
  session: Session;
  out: Output;
  flags: Flags & GlobalFlags;
}

/** A command's work. It may return an exit code other than 0 when it did what it was asked and found something. */
export type Handler<Flags extends object = object> = (
  context: Context<Flags>,
  ...args: string[]
) => Promise<ExitCode | undefined>;

/** How commands are added to the program. */
export interface Registry {
  host: Host;
  /** Makes the `action` of a command. */
  run<Flags extends object = object>(handler: Handler<Flags>): (...args: unknown[]) => Promise<void>;
}

const ENVIRONMENT = `
Environment:
  LOGURO_TOKEN         personal access token, instead of logging in
  LOGURO_PROJECT_KEY   project API key, for ingest
  LOGURO_PROJECT       project slug
  LOGURO_API_URL       base URL of the control plane
  LOGURO_INGEST_URL    base URL of ingest
  LOGURO_DATA_DIR      data folder of a local stack, for --local (default .loguro)
  LOGURO_CONFIG_DIR    folder of the credentials file
  LOGURO_STATE_DIR     folder of the progress of unfinished ingests
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NO_COLOR, FORCE_COLOR

Exit codes:
  0 done                 4 not found
  1 unexpected fault     5 conflict, or schema check found a difference
  2 usage                6 records were rejected
  3 credential           7 unavailable: try again later
                         8 doctor found something wrong
                       130 interrupted

Examples:
  $ loguro login < token.txt
  $ loguro schema infer orders.csv --out schema.json
  $ loguro datasets create Orders && loguro schema register orders schema.json
  $ loguro ingest orders orders.csv
  $ loguro query orders --group-by country --order-by -count --chart bar
`;

/** The whole command line. Nothing runs, and nothing is read, until it parses. */
export function createProgram(host: Host, setExitCode: (code: ExitCode) => void): Command {
  const program = new Command('loguro')
    .description('Loguro Datasets on the command line: register schemas, ingest files, query records.')
    .version(VERSION, '-V, --version')
    .addOption(new Option('--project <slug>', 'project to work on'))
    .addOption(new Option('--api-url <url>', 'base URL of the control plane').argParser(parseUrl))
    .addOption(new Option('--ingest-url <url>', 'base URL of ingest').argParser(parseUrl))
    .option('--local', 'use the local stack that runs in this checkout')
    .addOption(new Option('--format <format>', 'how to print').choices(FORMATS))
    .option('--json', 'the same as --format json')
    .option('-q, --quiet', 'no remarks and no progress on stderr')
    .option('--no-color', 'no colour')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      // Errors are printed in one way, by whoever runs the program.
      outputError: () => undefined,
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
    })
    .exitOverride()
    .addHelpText('after', ENVIRONMENT);
  const registry: Registry = {
    host,
    run:
      (handler) =>
      async (...args) => {
        const command = args.at(-1) as Command;
        const flags = command.optsWithGlobals() as never;
        const out = new Output(host, flags);
        const context = { host, session: new Session(host, flags), out, flags };
        setExitCode((await handler(context, ...(command.processedArgs as string[]))) ?? EXIT.ok);
        await out.end();
      },
  };
  for (const add of COMMANDS) add(program, registry);
  return program;
}

function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Write a URL such as https://logu.ro.');
}
