/** The k6 that is built when the machine has none: https://github.com/grafana/k6/releases */
export const k6Version = '1.8.1';

/** There is no k6 and none can be built; the message says how to get it. */
export class K6Unavailable extends Error {
  override readonly name = 'K6Unavailable';
}
