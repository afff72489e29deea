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
  /** Sends the body in pieces and does not say how long it is. */
  readonly chunked?: true;
  /** Sends this many bytes of the body and drops the connection. */
  readonly breakAfter?: number;
}

/** A request as it arrived. Header names in lower case, as Node gives them. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An origin whose every answer a test decides. It ends with the run. */
export interface TestOrigin {
  readonly url: string;
  script(answer: ScriptedAnswer): Promise<void>;
  /** Requests for the target are counted and then wait until {@link release}. */
  hold(target: string): Promise<void>;
  release(target: string): Promise<void>;
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
    const answer = (await callControl('GET', `/origin/${id}/seen`)) as { seen: SeenRequest[] };
    return answer.seen.filter((request) => target === undefined || request.target === target);
  };
  return {
    url,
    seen,
    async script(answer) {
      await callControl('POST', `/origin/${id}/script`, answer);
    },
    async hold(target) {
      await callControl('POST', `/origin/${id}/hold`, { target });
    },
    async release(target) {
      await callControl('POST', `/origin/${id}/release`, { target });
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
