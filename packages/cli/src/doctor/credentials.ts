import { isWellFormedPat } from '@loguro/types';
import { looksLikeProjectKey } from '../secrets.js';
import type { Check } from './check.js';

const SOON_MS = 7 * 24 * 3_600_000;

export const token: Check = {
  name: 'token',
  skip: ({ controlPlane }) => (controlPlane ? undefined : 'the control plane did not answer'),
  async run({ session, host }, findings) {
    const value = await session.token();
    const { token: setting } = await session.settings();
    if (!isWellFormedPat(value)) {
      const what = looksLikeProjectKey(value)
        ? 'a project API key, not a personal access token'
        : 'mistyped or cut off';
      return {
        status: 'failed',
        message: `the token from ${setting?.source} is ${what}`,
        hints: ['Log in: loguro login'],
      };
    }
    const { account, token: used } = await (await session.account()).me({ signal: host.signal });
    findings.token = true;
    const message = `"${used.name}" of ${account.email} (from ${setting?.source})`;
    const { expiresAt } = used;
    if (expiresAt !== null && Date.parse(expiresAt) - host.now() < SOON_MS) {
      const hints = ['Replace it: loguro tokens rotate --save'];
      return { status: 'warning', message: `${message} expires at ${expiresAt}`, hints };
    }
    return { status: 'ok', message };
  },
};

export const project: Check = {
  name: 'project',
  skip: ({ token }) => (token ? undefined : 'there is no token that works'),
  async run({ session, host }, findings) {
    const slug = await session.project();
    const { role } = await (await session.account()).projects.get(slug, { signal: host.signal });
    findings.role = role;
    const { project: setting } = await session.settings();
    return { status: 'ok', message: `${slug}, as ${role} (from ${setting?.source ?? 'the only one there is'})` };
  },
};

export const projectKey: Check = {
  name: 'project key',
  async run({ session }, findings) {
    const { projectKey: setting } = await session.settings();
    if (setting === undefined) {
      return {
        status: 'warning',
        message: 'there is none: nothing can be ingested from here',
        hints: ['Create one and keep it: loguro keys create "this machine" --save', 'Or set LOGURO_PROJECT_KEY.'],
      };
    }
    const claims = claimsOf(setting.value);
    if (claims === undefined) {
      const what = setting.value.startsWith('pat_')
        ? 'a personal access token, not a project API key'
        : 'not one, or cut off';
      return {
        status: 'failed',
        message: `the key from ${setting.source} is ${what}`,
        hints: ['loguro keys use < key.txt'],
      };
    }
    findings.projectKey = true;
    if (claims.kind === 'browser') {
      return {
        status: 'warning',
        message: `the key from ${setting.source} is for browsers; this machine has no origin`,
        hints: ['Create a server key: loguro keys create NAME --save'],
      };
    }
    return { status: 'ok', message: `key ${claims.jti} (from ${setting.source})` };
  },
};

/** The payload of a project key, unverified: only the service can tell whether it is genuine. */
function claimsOf(key: string): { jti?: string; kind?: string } | undefined {
  if (!looksLikeProjectKey(key)) return undefined;
  try {
    return JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString('utf8')) as { jti?: string };
  } catch {
    return undefined;
  }
}
