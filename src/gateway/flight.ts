import type { EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { Flying } from '../engine/flights.ts';
import type { OriginError } from '../errors.ts';
import type { StandingRecord } from './place.ts';
import type { RequestTrait } from './request-traits.ts';

/** A request to an origin that others may wait for: all of it plain data, because streams belong to one request. */
export interface OriginFlight extends Flying {
  /** Settles with the head of the origin's answer; never rejects. */
  readonly announced: Promise<Announcement>;
}

/** What the head of the origin's answer means for those who wait. */
export type Announcement =
  /** Nobody else may have it: they all ask for themselves, at once. */
  | {
      readonly type: 'alone';
      /** It may be because of these alone: whoever lacks one of them may fare better. Undefined: it is so for all. */
      readonly because?: ReadonlySet<RequestTrait>;
    }
  /** The origin failed. */
  | { readonly type: 'failed'; readonly error: OriginError }
  /** Whoever selects the same variant may have it. */
  | {
      readonly type: 'shared';
      /** Of a resource that varies: others go on by it. */
      readonly record: StandingRecord | undefined;
      readonly digest: string;
      /** Settles with the body; never rejects. */
      readonly landing: Promise<Landed>;
    };

/** How a shared answer ended. */
export type Landed =
  | { readonly type: 'loaded'; readonly draft: EntryDraft; readonly stamp: Stamp | undefined }
  /** It is too large or too slow to be kept. */
  | { readonly type: 'given-up' }
  /** It repeats what its request said. Another one's may not. */
  | { readonly type: 'reflected' }
  | { readonly type: 'failed'; readonly error: OriginError };
