/**
 * What our credentials and others' look like, wherever they turn up. None of these crosses a quote or a backslash, so
 * that a line of JSON stays JSON.
 *
 * - a personal access token, mistyped ones included;
 * - a JWT, as project API keys are;
 * - whatever follows `Bearer` or `Basic`;
 * - user and password of a URL, unencoded `@` and `/` in the password included.
 *
 * Every repetition that can fail is bounded: strangers write a part of what is scrubbed.
 */
const SECRETS =
  /pat_[0-9A-Za-z]{8,}|eyJ[\w-]{8,256}(?:\.[\w-]*){1,2}|(?<=\b(?:Bearer|Basic)(?: |%20|\+){1,3})[\w.~+/=-]{6,}|(?<=:\/\/)[^\s"'\\<>@/:]{0,64}:[^\s"'\\<>]{0,256}(?=@)/gi;

/** What is shown in place of a secret. */
export const REDACTED = '[redacted]';

/** A text without anything that looks like a credential. */
export function scrubSecrets(text: string): string {
  return text.replace(SECRETS, REDACTED);
}
