import { spawnSync } from 'node:child_process';

/** Whom a server runs as when we are root; PostgreSQL refuses to run as root. */
export interface UnprivilegedUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The user that PostgreSQL runs as: undefined when we are not root (then it is ourselves), else `postgres`,
 * created when it is missing, else `nobody`.
 *
 * @throws Error when we are root and the machine has no such user
 */
export function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = look('postgres') ?? create('postgres') ?? look('nobody');
  if (user === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and a user "postgres" could neither be found nor created. ' +
        'Create one (useradd --system postgres), or run the command as an ordinary user.',
    );
  }
  return user;
}

/** Whether the user can enter a folder, parents included. */
export function canEnter(user: UnprivilegedUser, folder: string): boolean {
  const { uid, gid } = user;
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0;
}

function look(name: string): UnprivilegedUser | undefined {
  const id = (flag: string) => spawnSync('id', [flag, name], { encoding: 'utf8' });
  const [uid, gid] = [id('-u'), id('-g')];
  return uid.status === 0 && gid.status === 0 ? { name, uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

function create(name: string): UnprivilegedUser | undefined {
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  return look(name);
}
