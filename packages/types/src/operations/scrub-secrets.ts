/**
 * What our credentials and others' look like, wherever they turn up. None of these crosses a quote or a backslash, so
 * that a line of JSON stays JSON.
 *
 * - a personal access token, mistyped ones included;
 * - a JWT, as project API keys are;
 * - whatever follows `Bearer` or `Basic`;
 * - user and password of a URL, unencoded `@` and `/` in the password included.
 *
 * Each of them also with its punctuation percent-encoded, as it is in a path.
 *
 * Every repetition that can fail is bounded: strangers write a part of what is scrubbed.
 */
const SECRETS =
  /pat(?:_|%5F)[0-9A-Za-z]{8,}|eyJ[\w-]{8,256}(?:(?:\.|%2E)[\w-]*){1,2}|(?<=\b(?:Bearer|Basic)(?: |%20|\+){1,3})[\w.~+/=%-]{6,}|(?<=:\/\/|%3A%2F%2F)[^\s"'\\<>@/:]{0,64}?(?::|%3A)[^\s"'\\<>]{0,256}(?=@|%40)/gi;

/** What is shown in place of a secret. */
export const REDACTED = '[redacted]';

/** A text without anything that looks like a credential. */
export function scrubSecrets(text: string): string {
  return text.replace(SECRETS, REDACTED);
}
