import type * as z from 'zod';
import type { ConfigProblem } from '../errors.ts';
import { PRIVATE_ORIGINS, type PresetName, type PrivateOrigins } from './config.ts';
import { choice, duration, text, whole } from './kinds.ts';
import { PRESETS } from './presets.ts';
import { check } from './problems.ts';
import { HOST, HOST_FORM } from './tenant-list.ts';

/** The settings of the deployed Worker that are one plain value each. */
export const WORKER_SETTINGS = {
  CACHE_ORIGIN_TIMEOUT_MS: { kind: duration(1, 100_000), fallback: 25_000 },
  CACHE_WARM_REQUESTS: { kind: whole(20, 10_000), fallback: 45 },
  /** Undefined: by preset. */
  CACHE_PRIVATE_ORIGINS: { kind: choice(PRIVATE_ORIGINS), fallback: undefined },
  ADMIN_HOST: { kind: text(HOST, HOST_FORM), fallback: undefined },
} as const;

/**
 * What the Worker's own settings say; those with a problem are as if they had not been set.
 * @param preset undefined for one that there is not: it asks for nothing
 */
export function readWorkerSettings(
  variables: Readonly<Record<string, unknown>>,
  preset: PresetName | undefined,
  problems: ConfigProblem[],
): {
  originTimeoutMs: number;
  warmRequests: number;
  privateOrigins: PrivateOrigins;
  adminHost: string | undefined;
} {
  const read = <Out>(name: keyof typeof WORKER_SETTINGS, schema: z.ZodType<Out>) =>
    variables[name] === undefined ? undefined : check(schema, variables[name], name, problems);
  const origin = WORKER_SETTINGS.CACHE_ORIGIN_TIMEOUT_MS;
  const warm = WORKER_SETTINGS.CACHE_WARM_REQUESTS;
  return {
    originTimeoutMs: read('CACHE_ORIGIN_TIMEOUT_MS', origin.kind.variable) ?? origin.fallback,
    warmRequests: read('CACHE_WARM_REQUESTS', warm.kind.variable) ?? warm.fallback,
    privateOrigins:
      read('CACHE_PRIVATE_ORIGINS', WORKER_SETTINGS.CACHE_PRIVATE_ORIGINS.kind.variable) ??
      (preset === undefined ? 'allow' : PRESETS[preset].privateOrigins),
    adminHost: read('ADMIN_HOST', WORKER_SETTINGS.ADMIN_HOST.kind.variable),
  };
}
