import type { Authority } from '../../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import { Coherence } from '../../../src/coherence/coherence.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { MapStore } from '../../support/entry-store.ts';
import { manualRuntime, type ManualRuntime } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';

export const acme = tenantId('acme');
export const keys = new KeySpace('tc', 1);
const retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };

export interface Scene {
  readonly runtime: ManualRuntime;
  readonly authority: Authority;
  readonly coherence: Coherence;
  readonly events: TelemetryEvent[];
  /** What the authority was asked, in order. */
  readonly asked: string[];
}

/** One isolate before an in-isolate authority; `wrap` stands between them. */
export function scene(
  options: { coherenceMs?: number; viewBytes?: number } = {},
  wrap: (authority: Authority) => Partial<Authority> = () => ({}),
): Scene {
  const runtime = manualRuntime();
  const authority = new InIsolateAuthority(runtime, { store: new MapStore(), keys, retention });
  const changed = wrap(authority);
  const asked: string[] = [];
  const through = <K extends 'read' | 'confirm' | 'mark'>(name: K): Authority[K] => {
    const call = (changed[name] ?? authority[name].bind(authority)) as (
      ...args: unknown[]
    ) => unknown;
    return ((...args: unknown[]) => {
      asked.push(name);
      return call(...args);
    }) as Authority[K];
  };
  const events: TelemetryEvent[] = [];
  const coherence = new Coherence({
    authority: {
      name: 'isolate',
      local: true,
      read: through('read'),
      heads: authority.heads.bind(authority),
      confirm: through('confirm'),
      mark: through('mark'),
      markEverything: authority.markEverything.bind(authority),
      commit: authority.commit.bind(authority),
      supersede: authority.supersede.bind(authority),
      touch: authority.touch.bind(authority),
      lease: authority.lease.bind(authority),
      release: authority.release.bind(authority),
      examine: authority.examine.bind(authority),
      sample: authority.sample.bind(authority),
    },
    coherenceMs: options.coherenceMs ?? 1000,
    maxUnverifiedMs: 30_000,
    viewBytes: options.viewBytes ?? 1e6,
    pollWaitMs: 350,
    sink: (event) => events.push(event),
  });
  return { runtime, authority, coherence, events, asked };
}

/** What an authority answers that is down. */
export const down = (): Promise<never> => Promise.reject(new AuthorityUnavailable('down'));
