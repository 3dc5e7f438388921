import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Question } from './questions.js';
import type { QueryStack } from './stack.js';

// What a dashboard's server has open anyway. fetch() itself takes longer than a short answer takes through the gateway.
const agent = new Agent({ keepAlive: true });

/**
 * Asks through the gateway and reads the answer.
 *
 * @throws Error with the answer, when it is not a 2xx
 */
export async function askHttp({ endpoint, pat }: QueryStack, { query }: Question): Promise<unknown> {
  const body = JSON.stringify(query);
  const headers = {
    Authorization: `Bearer ${pat}`,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const asked = request(endpoint, { method: 'POST', agent, headers }, async (answer) => {
      try {
        const words = await text(answer);
        if (answer.statusCode !== 200) throw new Error(`the query answered ${answer.statusCode}: ${words}`);
        resolve(JSON.parse(words));
      } catch (error) {
        reject(error);
      }
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
