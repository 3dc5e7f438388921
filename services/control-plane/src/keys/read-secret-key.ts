import type { ConfigReader } from '@loguro/types/operations';

/**
 * AES-256 needs exactly 32 bytes. The fault never repeats the value.
 *
 * @param consequence what it is for
 */
export function readSecretKey(reader: ConfigReader, variable: string, consequence: string): Buffer {
  const text = reader.text(variable, consequence);
  const key = Buffer.from(text, 'base64');
  if (text !== '' && (key.length !== 32 || !/^[A-Za-z0-9+/]{43}=?$/.test(text))) {
    reader.fault(`${variable} is not 32 bytes in base64; make one with \`openssl rand -base64 32\``);
  }
  return key;
}
