import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { claimPort } from '../../dev/launcher/port.ts';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
  );
});

/** Listens on a free port of `host`; undefined when the machine does not have that address. */
function listen(host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(0, host, () => {
      servers.push(server);
      const address = server.address();
      resolve(typeof address === 'object' ? address?.port : undefined);
    });
  });
}

describe('claimPort', () => {
  test('0 finds a port that is free', async () => {
    const port = await claimPort(0);
    expect(port).toBeGreaterThan(1023);
    expect(await claimPort(port)).toBe(port);
  });

  test.each(['127.0.0.1', '0.0.0.0', '::', '::1'])(
    'a port where something listens on %s is taken',
    async (host) => {
      const port = await listen(host);
      if (port === undefined) {
        console.log(`Not tested: this machine has no address ${host}.`);
        return;
      }
      await expect(claimPort(port)).rejects.toThrow(
        `Port ${port} is taken: end what listens there or choose another with --port N (0 picks a free one).`,
      );
    },
  );
});
