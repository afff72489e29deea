import type { ScriptedAnswer } from './origin.ts';

/** When and where a step takes place: times in milliseconds, the path as it begins in every request of its case. */
export interface Moment {
  readonly now: number;
  readonly start: number;
  readonly path: string;
  readonly host: string;
  /** A token that may do everything on the tenant. */
  readonly token: string;
}

/** A field value, or what makes one of the moment. */
export type Value = string | ((moment: Moment) => string);
export type Field = readonly [name: string, value: Value];
export type Fields = readonly Field[];

/** An HTTP-date, `seconds` from the step's own time. */
export const at =
  (seconds: number): Value =>
  ({ now }) =>
    new Date(now + seconds * 1000).toUTCString();

/** An HTTP-date, `seconds` from the beginning of the case: the same in every step. */
export const fixed =
  (seconds: number): Value =>
  ({ start }) =>
    new Date(start + seconds * 1000).toUTCString();

/** `Cache-Control`, and further fields. */
export const cc = (value: string, ...more: Fields): Fields => [['cache-control', value], ...more];

/** What the origin would answer in a step. Without a body it is one that names the step. */
export type OriginAnswer = Omit<ScriptedAnswer, 'target' | 'headers' | 'notModified'> & {
  readonly headers?: Fields;
  readonly notModified?: Fields;
};

/** What a field, or a parameter of `Cache-Status`, has to be; null: it is not there. */
export type Wanted = Value | number | boolean | RegExp | null;

/**
 * Who had the answer. `origin`: it was asked once, and sent this. `store`: nobody was asked. `validated`: the origin said
 * 304, and the store's is sent. `instead`: the origin failed, and the store's is sent; it is asked once more, for everybody. `gateway`: a problem of its own.
 * `broken`: the client gets no whole answer. `forwarded`: the origin was asked, whatever came of it. `any`: that does not matter.
 */
export type From =
  | 'origin'
  | 'store'
  | 'validated'
  | 'instead'
  | 'gateway'
  | 'broken'
  | 'forwarded'
  | 'any';

export interface Expected {
  /** Default `origin`. */
  readonly from?: From;
  /** Which step's answer is sent, counted from 1. Default: the last one that came from the origin for this path. */
  readonly of?: number;
  /** Default: that of the answer which is sent. */
  readonly status?: number;
  /** Default: as `status`; nothing on a 204, a 304 or to HEAD. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, Wanted>>;
  /** Parameters of the gateway's own member. */
  readonly cacheStatus?: Readonly<Record<string, Wanted>>;
  /** How often the origin was asked, what goes on behind the answer included. Default by `from`. */
  readonly asked?: number;
  /** Header fields of the last request that reached the origin. */
  readonly sent?: Readonly<Record<string, Wanted>>;
}

export interface Step {
  /** Seconds that pass before the request. */
  readonly wait?: number;
  /** A purge of the case's path, before the request. */
  readonly purge?: 'hard' | 'soft';
  /** `new`: another isolate of the same deployment asks, which has nothing in memory. */
  readonly isolate?: 'new';
  readonly request?: {
    readonly method?: string;
    /** What follows the case's own path. */
    readonly path?: string;
    readonly headers?: Fields;
    readonly body?: string;
  };
  /** Default: as in the step before. Several: those with `to` are for requests that have this field. */
  readonly origin?: OriginAnswer | readonly OriginAnswer[];
  /** Seconds that pass while the origin works on its answer. */
  readonly slow?: number;
  readonly expect?: Expected;
}

/** One promise: a conversation, and what each answer has to be. */
export interface Case {
  /** Where it is demanded. */
  readonly section: string;
  readonly name: string;
  readonly steps: readonly Step[];
  /** Fields of the tenant's policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

/** Cases that belong together. */
export interface Topic {
  readonly title: string;
  readonly cases: readonly Case[];
}

export function topic(title: string, cases: readonly Case[]): Topic {
  return { title, cases };
}

/** The commonest case in one row: one answer of the origin, then the same request again, and who has the answer then. */
export type Row = readonly [
  name: string,
  origin: OriginAnswer | Fields,
  from: From,
  more?: Pick<Step, 'wait' | 'request'> & Pick<Case, 'policy'> & Expected,
];

/** The cases of one section. */
export function rows(section: string, table: readonly Row[]): readonly Case[] {
  return table.map(([name, origin, from, more = {}]) => {
    const { wait = 0, request = {}, policy = {}, ...expected } = more;
    const answer = 'length' in origin ? { headers: origin } : origin;
    const steps = [
      { request, origin: answer },
      { request, wait, expect: { ...expected, from } },
    ];
    return { section, name, steps, policy };
  });
}
