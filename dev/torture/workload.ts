import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { gatewayHost } from './places.ts';
import type { Random } from './random.ts';
import { BUSY_TENANTS } from './stack.ts';
import { page, value, type Resource, type Target } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';

const SECTIONS = 4;
const ITEMS = 4;
const NAMESPACES = ['plain', 'swr', 'fleeting', 'early', 'leased', 'fleeting'] as const;
/** How unevenly things are asked for. */
const SKEW = 0.75;

/** What a client does next, by weight: nearly always it reads. */
const OPERATIONS = {
  read: 940,
  readMany: 12,
  get: 15,
  fresh: 4,
  set: 7,
  setStamped: 5,
  touch: 4,
  remove: 3,
  post: 4,
  purge: 14,
  purgeEverything: 0.15,
} as const;

type Operation = keyof typeof OPERATIONS;

/** What a purge is of, by weight. */
const TARGETS = {
  key: 34,
  whole: 18,
  item: 18,
  section: 12,
  prefix: 10,
  host: 4,
  tenant: 2,
} as const;

/** Clients of each process, and how long each of them waits between two operations, in milliseconds. */
const CLIENTS = 5;
const THINK_MS = [20, 160] as const;

/** The random part of a run: clients of every process that read nearly all of the time, and write and purge. */
export class Workload {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #resources: readonly Resource[];

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
    this.#resources = random.shuffled(universe());
  }

  /** Runs until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const clients = this.#cluster.processes.flatMap((process) =>
      Array.from({ length: CLIENTS }, (_, at) => {
        const random = this.#random.fork();
        // One of them begins with one of each, so that a short run leaves none out.
        const first = at === 0 ? random.shuffled(Object.keys(OPERATIONS) as Operation[]) : [];
        return this.#client(process, first, random, signal);
      }),
    );
    await Promise.all(clients);
  }

  /** One of all, the popular ones more often. */
  pick(random: Random): Resource {
    const resource = this.#resources[random.skewed(this.#resources.length, SKEW)];
    if (!resource) throw new Error('There are no resources.');
    return resource;
  }

  async #client(
    process: WorkerProcess,
    first: readonly Operation[],
    random: Random,
    signal: AbortSignal,
  ): Promise<void> {
    const planned = [...first];
    while (!signal.aborted) {
      await sleep(random.between(...THINK_MS));
      if (!process.up || signal.aborted) continue;
      await this.#step(process, planned.pop() ?? random.weighted(OPERATIONS), random);
    }
  }

  async #step(process: WorkerProcess, operation: Operation, random: Random): Promise<void> {
    const cluster = this.#cluster;
    const resource = this.pick(random);
    const ofLibrary = (): Resource => this.#pickOf('library', random);
    switch (operation) {
      case 'read':
        return void (await cluster.reads.read(process, resource));
      case 'get':
      case 'fresh':
        return void (await cluster.reads.read(process, ofLibrary(), operation));
      case 'readMany': {
        const first = ofLibrary();
        const [, namespace] = first.segments;
        const like = this.#resources.filter(
          ({ tenant, segments }) => tenant === first.tenant && segments[1] === namespace,
        );
        return cluster.reads.readMany(process, random.shuffled(like).slice(0, 5));
      }
      case 'set':
      case 'setStamped':
        return void (await cluster.writes.set(process, ofLibrary(), operation === 'setStamped'));
      case 'touch':
        return cluster.writes.touch(process, ofLibrary());
      case 'remove':
        return void (await cluster.writes.remove(process, ofLibrary()));
      case 'post':
        return void (await cluster.writes.post(process, this.#pickOf('gateway', random)));
      case 'purge': {
        const targets = [purgeOf(resource, random)];
        const mode = random.chance(0.2) ? 'soft' : 'hard';
        const via = random.pick(['gateway', 'library'] as const);
        return void (await cluster.purges.purge(process, targets, { mode, via }));
      }
      case 'purgeEverything':
        return void (await cluster.purges.purge(process, [{ type: 'everything' }]));
    }
  }

  #pickOf(face: Resource['face'], random: Random): Resource {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const resource = this.pick(random);
      if (resource.face === face) return resource;
    }
    throw new Error(`There is nothing of the ${face}.`);
  }
}

/** A target that hits a resource, and perhaps much else. */
export function purgeOf(resource: Resource, random: Random): Target {
  const { tenant, segments, tags } = resource;
  const [section = '', item = ''] = tags;
  // What is before the section: owner and namespace, or owner, scheme and host.
  const base = resource.face === 'gateway' ? 3 : 2;
  switch (random.weighted(TARGETS)) {
    case 'key':
      return { type: 'key', tenant, segments };
    case 'whole':
      return { type: 'prefix', tenant, segments };
    case 'item':
      return { type: 'tag', tenant, tag: item };
    case 'section':
      return { type: 'tag', tenant, tag: section };
    case 'prefix':
      return { type: 'prefix', tenant, segments: segments.slice(0, base + 1) };
    case 'host':
      return { type: 'prefix', tenant, segments: segments.slice(0, base) };
    case 'tenant':
      break;
  }
  return { type: 'tenant', tenant };
}

/** Everything that the random part reads: pages on two hosts of each tenant, some with a query, and values. */
function universe(): Resource[] {
  const places = Array.from({ length: SECTIONS * ITEMS }, (_, at) => [
    `s${at % SECTIONS}`,
    `i${Math.floor(at / SECTIONS)}`,
  ]);
  return BUSY_TENANTS.flatMap((tenant) => {
    const host = gatewayHost(tenant);
    return places.flatMap((place, at) => [
      page(tenant, at % 5 === 0 ? `www.${host}` : host, place, at % 3 === 0 ? `page=${at}` : ''),
      value(tenant, NAMESPACES[at % NAMESPACES.length] ?? 'plain', place),
    ]);
  });
}
