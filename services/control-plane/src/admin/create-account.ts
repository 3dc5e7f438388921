import { AddMemberBody, COMPONENTS, CreateProjectBody, createValidators } from '@loguro/types';
import { insertAccount, normalEmail } from '../accounts/insert-account.js';
import { ADMINISTRATOR } from '../audit/record-audit.js';
import type { Database } from '../database/database.js';
import { SQL_STATE, sqlState } from '../database/sql-state.js';
import { insertProject } from '../projects/insert-project.js';
import { insertToken } from '../tokens/insert-token.js';

/** A command that can't be carried out; the message says why. */
export class AdminError extends Error {}

/** Input of {@link createAccount}. */
export interface CreateAccountInput {
  email: string;
  /** The person's name. */
  name: string;
  /** Also create a project of this name, owned by the account. */
  project?: string;
}

/** What {@link createAccount} made. The secret is not stored anywhere. */
export interface CreatedAccount {
  account: { id: number; email: string; name: string };
  project: { id: number; name: string; slug: string } | null;
  token: { id: number; name: string };
  /** The personal access token, `pat_…`. */
  secret: string;
}

/**
 * Creates an account with a first personal access token and, when asked, a project: all of it or nothing.
 *
 * @throws AdminError when the address is taken or something is not acceptable as a name or an address
 */
export async function createAccount(database: Database, input: CreateAccountInput): Promise<CreatedAccount> {
  requireName(input.name, 'The account name');
  requireEmail(input.email);
  if (input.project !== undefined) requireName(input.project, 'The project name');
  try {
    return await database.prisma.$transaction(async (tx) => {
      const { id, email, name } = await insertAccount(tx, ADMINISTRATOR, input);
      const project =
        input.project === undefined
          ? null
          : await insertProject(tx, ADMINISTRATOR, { name: input.project, ownerId: id });
      const { token, secret } = await insertToken(tx, ADMINISTRATOR, {
        accountId: id,
        name: 'first token',
        expiresAt: null,
      });
      return {
        account: { id, email, name },
        project: project && { id: project.id, name: project.name, slug: project.slug },
        token: { id: token.id, name: token.name },
        secret,
      };
    });
  } catch (error) {
    if (sqlState(error) !== SQL_STATE.uniqueViolation) throw error;
    throw new AdminError(
      `An account with the address ${normalEmail(input.email)} exists already. Use create-token to give it another token.`,
    );
  }
}

const validators = createValidators(COMPONENTS);
const checkName = validators.compile(CreateProjectBody);
const checkMember = validators.compile(AddMemberBody);

/** The same rule as for names that come through the API. */
export function requireName(name: string, what: string): void {
  const [fault] = checkName({ name });
  if (fault !== undefined) throw new AdminError(`${what} can't be used: ${fault.message}.`);
}

function requireEmail(email: string): void {
  if (checkMember({ email: normalEmail(email), role: 'owner' }).length > 0) {
    throw new AdminError(`"${email}" is not an e-mail address.`);
  }
}
