import { hash } from 'node:crypto';
import { ApiError, bearerToken, looksLikePat } from '@loguro/types';
import { LRUCache } from 'lru-cache';
import type { Directory, ProjectKey, SigningKeys } from './directory.js';
import { type TokenClaims, verifyToken } from './verify-token.js';

/** What verifying a token came to, under one set of signing keys. */
interface Verdict {
  under: SigningKeys;
  result: TokenClaims | ApiError;
}

const MAX_GOOD = 20_000;
/** Bad tokens have a room of their own, so that a flood of them can't push out the good ones. */
const MAX_BAD = 5_000;

/**
 * Tells whose a bearer credential is. A signature is checked once per token: the verdict is kept by the
 * token's hash, and holds as long as the set of signing keys is the same. Whether the key was revoked or
 * has expired is asked of the directory every time.
 */
export class Authenticator {
  readonly #directory: Directory;
  readonly #good = new LRUCache<string, Verdict>({ max: MAX_GOOD });
  readonly #bad = new LRUCache<string, Verdict>({ max: MAX_BAD });
  /** The last token and its hash: a busy producer sends the same one again and again, and comparing is far cheaper. */
  #last = { token: '', id: '' };

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /**
   * The key behind an `Authorization` header; at once when everything about it is in memory.
   *
   * @throws ApiError 401 (thrown or as a rejection), or `unavailable`
   */
  authenticate(header: string | undefined, now: number): ProjectKey | Promise<ProjectKey> {
    const token = bearerToken(header);
    if (token === null)
      throw new ApiError('missing_credential', 'Send a project API key as "Authorization: Bearer …".');
    if (looksLikePat(token)) {
      throw new ApiError(
        'wrong_credential',
        'A personal access token can not ingest records; use a project API key of the project.',
      );
    }
    const keys = this.#directory.signingKeys.get('all', now);
    if (keys instanceof Promise) return keys.then((loaded) => this.#withKeys(token, loaded));
    return this.#withKeys(token, keys, now);
  }

  #withKeys(token: string, keys: SigningKeys, now = performance.now()): ProjectKey | Promise<ProjectKey> {
    const claims = this.#verify(token, keys);
    const key = this.#directory.projectKeys.get(claims.keyId, now);
    return key instanceof Promise ? key.then((loaded) => checkKey(claims, loaded)) : checkKey(claims, key);
  }

  #verify(token: string, keys: SigningKeys): TokenClaims {
    const id = this.#idOf(token);
    const verdict = this.#good.get(id) ?? this.#bad.get(id);
    const result = verdict?.under === keys ? verdict.result : this.#judge(id, token, keys);
    if (result instanceof ApiError) throw result;
    return result;
  }

  #idOf(token: string): string {
    if (token !== this.#last.token) this.#last = { token, id: hash('sha256', token, 'base64') };
    return this.#last.id;
  }

  #judge(id: string, token: string, keys: SigningKeys): TokenClaims | ApiError {
    try {
      const result = verifyToken(token, keys);
      this.#good.set(id, { under: keys, result });
      return result;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#good.delete(id);
      this.#bad.set(id, { under: keys, result: error });
      return error;
    }
  }
}

function checkKey(claims: TokenClaims, key: ProjectKey | null): ProjectKey {
  if (key === null) throw new ApiError('revoked_credential', 'The project API key was revoked.');
  if (key.project !== claims.project || key.kind !== claims.kind) {
    throw new ApiError('invalid_credential', 'The project API key is not valid.');
  }
  if (key.expiresAt <= Date.now()) throw new ApiError('expired_credential', 'The project API key has expired.');
  return key;
}
