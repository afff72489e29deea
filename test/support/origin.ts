import { inject } from 'vitest';
import { callControl } from './control.ts';

/** What the origin answers on a path. Unscripted paths are answered with 200, a minute of freshness and a numbered body. */
export interface ScriptedAnswer {
  /** Path and query, exactly as they arrive. */
  readonly target: string;
  /** Only to requests with this header, name in lower case; others get what is scripted without. */
  readonly to?: string;
  /** Default 200. */
  readonly status?: number;
  /** In place of the default ones. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Default: JSON that names the target and has a number that no two answers share. */
  readonly body?: string;
  /** The body in base64, in place of {@link body}. */
  readonly bytes?: string;
  /** Sends the body in pieces and does not say how long it is. */
  readonly chunked?: true;
  /** As {@link chunked}, in chunks of so many bytes. */
  readonly chunkBytes?: number;
  /** Sends this many bytes of the body, and the rest when the target is released next. */
  readonly holdAfter?: number;
  /** Sends this many bytes of the body and drops the connection. */
  readonly breakAfter?: number;
  /**
   * Makes the origin repeat every field of the request: in `X-Echo`, and in a body of so many bytes, in place of {@link body}.
   * Its 304s have the field as well.
   */
  readonly echo?: number;
  /** Drops the connection in place of any answer. */
  readonly drop?: true;
  /**
   * Makes the origin answer conditions: a GET or HEAD whose `If-None-Match` names the `ETag` of {@link headers}, or
   * without one whose `If-Modified-Since` is not before their `Last-Modified`, gets a 304 with these headers.
   */
  readonly notModified?: readonly (readonly [string, string])[];
}

/** A request as it arrived. Header names in lower case, as Node gives them. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The status that it was answered with; undefined when the connection was dropped, or the answer is still held. */
  readonly answered?: number;
}

/** An origin whose every answer a test decides. It ends with the run. */
export interface TestOrigin {
  readonly url: string;
  script(answer: ScriptedAnswer): Promise<void>;
  /** Puts these in place of all that is scripted for the target. */
  rescript(target: string, answers: readonly Omit<ScriptedAnswer, 'target'>[]): Promise<void>;
  /** Requests for the target are counted and then wait until {@link release}. */
  hold(target: string): Promise<void>;
  release(target: string): Promise<void>;
  /** Lets the first `count` of the requests that wait go on; all others, and later ones, keep waiting. */
  pass(target: string, count: number): Promise<void>;
  /** The network in front of it: `paused` holds every byte, `cut` resets every connection. */
  link(state: 'open' | 'paused' | 'cut'): Promise<void>;
  /** What reached it: all of it, or for one target. */
  seen(target?: string): Promise<readonly SeenRequest[]>;
  /** How many requests for the target reached it. */
  count(target: string): Promise<number>;
}

/** Opens an origin of the test's own. */
export async function openOrigin(): Promise<TestOrigin> {
  const { id, url } = (await callControl('POST', '/origin')) as { id: string; url: string };
  const seen = async (target?: string): Promise<readonly SeenRequest[]> => {
    const answer = await callControl('POST', `/origin/${id}/seen`, { target });
    return (answer as { seen: SeenRequest[] }).seen;
  };
  return {
    url,
    seen,
    async script(answer) {
      await callControl('POST', `/origin/${id}/script`, answer);
    },
    async rescript(target, answers) {
      await callControl('POST', `/origin/${id}/rescript`, { target, answers });
    },
    async hold(target) {
      await callControl('POST', `/origin/${id}/hold`, { target });
    },
    async release(target) {
      await callControl('POST', `/origin/${id}/release`, { target });
    },
    async pass(target, count) {
      await callControl('POST', `/origin/${id}/pass`, { target, count });
    },
    async link(state) {
      await callControl('POST', `/origin/${id}/link`, { state });
    },
    async count(target) {
      return (await seen(target)).length;
    },
  };
}

/** How often a path reached the demo origin, whatever the method. */
export async function demoCount(target: string): Promise<number> {
  const response = await fetch(`${inject('originUrl')}/_/counts`);
  const { byPath } = (await response.json()) as { byPath: Record<string, Record<string, number>> };
  return Object.values(byPath[target] ?? {}).reduce((sum, count) => sum + count, 0);
}
