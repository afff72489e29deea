/** What an origin of the run answers. */
export interface OriginAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Default `length`. `raw`: the body is all that is sent, head included, and the connection ends; an empty one: it is reset. */
  readonly framing?: 'length' | 'chunked' | 'raw';
  /** Default 0. */
  readonly delayMs?: number;
  /** What it was up to, for {@link ORIGIN_MARK}. */
  readonly kind: string;
}
