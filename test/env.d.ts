import 'vitest';

declare module 'vitest' {
  /** What test/support/global-setup.ts hands to the tests that run in workerd; read with inject(). */
  interface ProvidedContext {
    /** The shared HTTP endpoint of Redis. Its counters are everybody's: a test that counts opens its own (control.ts). */
    redisRestUrl: string;
    redisRestToken: string;
    /** Which Redis the run stands on, in words. */
    redisDescription: string;
    /** The demo origin, http://127.0.0.1:PORT. */
    originUrl: string;
    /** The control server: endpoints and faults of a test's own. */
    controlUrl: string;
    controlToken: string;
  }
}
