import { UnserializableValue } from '../../errors.ts';
import type { RedisClient } from './client.ts';
import type { Script, ScriptCall } from './script.ts';

/** The most bytes of one request. The managed service takes 10 MB. */
export const MAX_REQUEST_BYTES = 8_000_000;
/** The most commands of one request. */
export const MAX_REQUEST_CALLS = 250;

const encoder = new TextEncoder();
/** What JSON writes as it is, a byte a character. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * Cuts calls of a script into requests, in order, each as long as the limits allow. The script's text is counted for
 * each call: a server that does not know it is sent it. Throws `UnserializableValue` when a call is over the limit on
 * its own.
 */
export function requestsOf(
  calls: readonly ScriptCall[],
  scriptBytes: number,
): readonly (readonly ScriptCall[])[] {
  const requests: ScriptCall[][] = [];
  let request: ScriptCall[] | undefined;
  let bytes = 0;
  for (const call of calls) {
    const size = [...call.keys, ...call.args].reduce((sum, word) => sum + jsonBytes(word), 0);
    const more = size + scriptBytes;
    if (more > MAX_REQUEST_BYTES) throw tooLarge(call, more);
    if (!request || request.length === MAX_REQUEST_CALLS || bytes + more > MAX_REQUEST_BYTES) {
      request = [];
      bytes = 0;
      requests.push(request);
    }
    request.push(call);
    bytes += more;
  }
  return requests;
}

/**
 * Runs a script for each of the calls, in as few requests as the limits allow, one after the other; replies in order.
 * Rejects with `AuthorityUnavailable` when any call was not answered, and then sends no more of them; with
 * `UnserializableValue` before anything is sent.
 */
export async function runAll(
  client: RedisClient,
  script: Script,
  calls: readonly ScriptCall[],
): Promise<readonly unknown[]> {
  const replies: unknown[] = [];
  for (const request of requestsOf(calls, jsonBytes(script.variant(true).source))) {
    const [first] = request;
    if (first && request.length === 1) {
      replies.push(await client.run(script, first.keys, first.args));
      continue;
    }
    for (const reply of await client.runEach(script, request)) {
      if (!reply.ok) throw reply.error;
      replies.push(reply.value);
    }
  }
  return replies;
}

/** Bytes of a word in a JSON list. Most are frames, which are not copied for it. */
function jsonBytes(word: string): number {
  return PLAIN.test(word) ? word.length + 3 : encoder.encode(JSON.stringify(word)).byteLength + 1;
}

function tooLarge(call: ScriptCall, bytes: number): UnserializableValue {
  return new UnserializableValue(
    '',
    `as a command it has ${bytes} bytes, and a request to Redis may have ${MAX_REQUEST_BYTES}`,
    { tier: 'redis', ...(call.entry !== undefined && { key: call.entry }) },
  );
}
