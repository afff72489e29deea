import { loadConfig, type Variables } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/errors.ts';

export const TENANT = {
  id: 'acme',
  hosts: ['acme.example'],
  origin: 'https://origin.example',
};

/** A Redis that a configuration accepts. */
export const REDIS: Variables = {
  UPSTASH_REDIS_REST_URL: 'https://name.upstash.io',
  UPSTASH_REDIS_REST_TOKEN: 's3cr3t-token',
};

/** 32 bytes, in base64. */
export const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const OTHER_SECRET = `${'/'.repeat(42)}8=`;

/** What the preset production accepts. */
export const PRODUCTION: Variables = { ...REDIS, CACHE_ENCRYPTION_KEYS: `k1:${SECRET}` };

/** Without Redis. */
export const MINIMAL: Variables = { CACHE_PRESET: 'minimal' };

/** Loads configurations that all have the variables of `base`, unless a test sets them otherwise. */
export function loading(base: Variables) {
  const load = (variables: Variables, tenants: unknown = [TENANT]): Config =>
    loadConfig({ ...base, ...variables }, tenants);

  function errorOf(variables: Variables, tenants?: unknown): ConfigError | undefined {
    try {
      load(variables, tenants);
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
    return undefined;
  }

  /** `field: message` of every problem. */
  const problemsOf = (variables: Variables, tenants?: unknown): string[] =>
    (errorOf(variables, tenants)?.problems ?? []).map(
      ({ field, message }) => `${field}: ${message}`,
    );

  return { load, errorOf, problemsOf };
}
