import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createEventSender,
  type EventSender,
  type EventSenderOptions,
} from '../../dev/origin/event-sender.ts';
import type { CityUpdated } from '../../dev/origin/events.ts';
import { startOrigin } from '../../dev/origin/server.ts';
import { smallDataSet, temporaryFolder } from './origin-fixture.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the receiver answers, by the number of the request from 1 on; `nothing` leaves it waiting. */
type Answering = (count: number) => number | 'nothing';

interface Receiver {
  readonly url: string;
  readonly received: Received[];
}

const servers: Server[] = [];
const senders: EventSender[] = [];
afterEach(async () => {
  for (const one of senders.splice(0)) await one.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function receiver(answering: Answering): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      const answer = answering(received.length);
      if (answer !== 'nothing') response.writeHead(answer).end('{}');
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, received };
}

function sender(url: string, options: Partial<EventSenderOptions> = {}) {
  const report = vi.fn<(line: string) => void>();
  const made = createEventSender({ url, secret: SECRET, pauseMs: 1, report, ...options });
  senders.push(made);
  return { ...made, report };
}

const updated = (id: number): CityUpdated => ({
  type: 'city.updated',
  id,
  country: 'AD',
  at: '2026-10-01T12:00:00.000Z',
});

describe('events of the origin', () => {
  test('are signed as Standard Webhooks says, and say what happened', async () => {
    const { url, received } = await receiver(() => 200);
    const { send, report } = sender(url);
    void send(updated(7));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    // Another implementation of the standard than the one that signed.
    const verified = new Webhook(SECRET).verify(body, headers as Record<string, string>);
    expect(verified).toEqual({
      id: headers['webhook-id'],
      type: 'city.updated',
      time: '2026-10-01T12:00:00.000Z',
      data: { id: 7, country: 'AD' },
    });
    expect(report).not.toHaveBeenCalled();
  });

  test('are for the host that they are told to be for, wherever that is', async () => {
    const { url, received } = await receiver(() => 200);
    await sender(url, { host: 'acme.localhost:8787' }).send(updated(1));
    await vi.waitFor(() => expect(received[0]?.headers.host).toBe('acme.localhost:8787'));
  });

  test('are sent again under the same id while the receiver has trouble, and stay in order', async () => {
    const { url, received } = await receiver((count) => (count < 3 ? 503 : 200));
    const { send, report } = sender(url);
    for (const id of [1, 2, 3]) void send(updated(id));
    await vi.waitFor(() => expect(received).toHaveLength(5));
    const ids = received.map(({ body }) => (JSON.parse(body) as { data: { id: number } }).data.id);
    expect(ids).toEqual([1, 1, 1, 2, 3]);
    const messages = received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(messages.slice(0, 3)).size).toBe(1);
    expect(new Set(messages).size).toBe(3);
    expect(report).not.toHaveBeenCalled();
  });

  test('are given up, and told, after so many attempts; the next one is sent', async () => {
    const { url, received } = await receiver((count) => (count <= 3 ? 500 : 200));
    const { send, report } = sender(url, { attempts: 3 });
    for (const id of [1, 2]) void send(updated(id));
    await vi.waitFor(() => expect(received).toHaveLength(4));
    expect(report.mock.calls).toEqual([
      ['origin: the event city.updated for city 1 was sent 3 times, not taken: 500 {}'],
    ]);
  });

  test('that are refused are not repeated', async () => {
    const { url, received } = await receiver(() => 401);
    const { send, report } = sender(url);
    void send(updated(1));
    await vi.waitFor(() => expect(report).toHaveBeenCalledOnce());
    expect(received).toHaveLength(1);
    expect(report.mock.calls[0]?.[0]).toContain('was sent once, not taken: 401');
  });

  test('do not wait for a receiver that never answers', async () => {
    const { url, received } = await receiver((count) => (count === 1 ? 'nothing' : 200));
    const { send, report } = sender(url, { timeoutMs: 50 });
    void send(updated(1));
    await vi.waitFor(() => expect(received).toHaveLength(2));
    expect(report).not.toHaveBeenCalled();
  });

  test('wait in a queue that has an end', async () => {
    const { url } = await receiver(() => 'nothing');
    const { send } = sender(url, { limit: 2 });
    // One is on its way.
    for (const id of [1, 2, 3]) void send(updated(id));
    expect(() => send(updated(4))).toThrow('2 events wait to be sent, which is the most.');
  });
});

test('a change succeeds whatever becomes of its event', async () => {
  const lines = vi.spyOn(console, 'error').mockImplementation(() => {});
  const folder = temporaryFolder();
  const { url } = await receiver(() => 'nothing');
  const { send } = sender(url, { limit: 1 });
  const origin = await startOrigin({
    databaseFile: `${folder.path}/cities.sqlite`,
    dataSet: smallDataSet,
    onEvent: send,
  });
  try {
    for (let count = 0; count < 4; count += 1) {
      const response = await fetch(`${origin.url}/cities/1`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: `Name ${count}` }),
      });
      expect(response.status).toBe(200);
    }
    expect(lines).toHaveBeenCalledTimes(2);
    expect(String(lines.mock.calls[0]?.[0])).toContain('was not taken');
  } finally {
    await origin.stop();
    folder.remove();
    lines.mockRestore();
  }
});
