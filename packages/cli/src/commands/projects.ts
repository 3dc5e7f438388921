import type { Command } from 'commander';
import { confirmOrRefuse } from '../confirm.js';
import { type Column, columnsOf } from '../output/formats.js';
import type { Context, Registry } from '../program.js';
import { updateProfile } from '../settings/profile-store.js';

const COLUMNS: Column[] = columnsOf('slug', 'name', 'role', 'createdAt');

export function addProjects(program: Command, { run }: Registry): void {
  const projects = program.command('projects').description('List, create, rename and delete projects.');
  projects.command('list').alias('ls').description('List the projects you are a member of.').action(run(list));
  projects
    .command('create')
    .argument('<name>', 'what people call it; the slug is made from it')
    .description('Create a project; you become its owner.')
    .action(run(create));
  projects.command('show').argument('[slug]').description('Show one project.').action(run(show));
  projects
    .command('rename')
    .argument('<slug>')
    .argument('<name>')
    .description('Rename a project; its slug stays.')
    .action(run(rename));
  projects.command('use').argument('<slug>').description('Make it the project that commands work on.').action(run(use));
  projects
    .command('delete')
    .argument('<slug>')
    .description('Delete a project with its keys, datasets and records.')
    .option('--yes', 'do not ask')
    .action(run<{ yes?: boolean }>(remove));
}

async function list({ session, out }: Context): Promise<undefined> {
  const projects = await (await session.account()).projects.list({ signal: session.signal });
  await out.rows(
    projects.map((project) => ({ ...project })),
    COLUMNS,
    {
      document: { projects },
      empty: 'No project yet. Create one: loguro projects create NAME',
    },
  );
  return undefined;
}

async function create({ session, out }: Context, name: string): Promise<undefined> {
  const project = await (await session.account()).projects.create({ name }, { signal: session.signal });
  await out.item({ ...project }, COLUMNS, { project });
  return undefined;
}

async function show({ session, out }: Context, slug?: string): Promise<undefined> {
  const wanted = slug ?? (await session.project());
  const project = await (await session.account()).projects.get(wanted, { signal: session.signal });
  await out.item({ ...project }, columnsOf('slug', 'name', 'role', 'createdAt', 'updatedAt'), { project });
  return undefined;
}

async function rename({ session, out }: Context, slug: string, name: string): Promise<undefined> {
  const project = await (await session.account()).projects.rename(slug, name, { signal: session.signal });
  await out.item({ ...project }, COLUMNS, { project });
  return undefined;
}

async function use({ host, session, out }: Context, slug: string): Promise<undefined> {
  const project = await (await session.account()).projects.get(slug, { signal: session.signal });
  await updateProfile(host, session, (profile) => {
    profile.project = project.slug;
  });
  await out.note(`Commands now work on the project ${project.slug}.`);
  return undefined;
}

async function remove({ host, session, out, flags }: Context<{ yes?: boolean }>, slug: string): Promise<undefined> {
  const { projects } = await session.account();
  const project = await projects.get(slug, { signal: session.signal });
  await confirmOrRefuse(host, flags.yes, `Delete the project "${project.name}" with all its datasets and records?`);
  await projects.delete(slug, { signal: session.signal });
  await out.note(`The project ${slug} was deleted.`);
  return undefined;
}
