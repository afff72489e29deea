/** What is reported of messages of domain events, one constructor each. Nothing that came from outside is in them. */
export type DomainTelemetryEvent =
  /** A message of domain events was turned into purges. */
  | ({ readonly type: 'domain_events'; readonly tenant: string } & DomainEventCounts)
  /** A domain event failed: a rule `threw`, of which the message names the class alone, or what it named is `invalid`. */
  | {
      readonly type: 'rule_failed';
      readonly tenant: string;
      readonly code: 'threw' | 'invalid';
      readonly message: string;
    }
  /** A message of domain events had purged before: nothing was purged now. */
  | { readonly type: 'message_repeated'; readonly tenant: string }
  /** A message of domain events was refused. `tenant` is `*` where there is no such tenant. */
  | {
      readonly type: 'signature_refused';
      readonly tenant: string;
      readonly reason: SignatureRefusal;
    };

export const DOMAIN_EVENT_TYPES = [
  'domain_events',
  'rule_failed',
  'message_repeated',
  'signature_refused',
] as const satisfies readonly DomainTelemetryEvent['type'][];

/** What became of the events of one message. `coarsened`: the whole tenant was purged in place of what they named. */
export interface DomainEventCounts {
  readonly applied: number;
  readonly unknown: number;
  readonly failed: number;
  readonly coarsened: boolean;
}

/** Why a message was refused; `tenant`: its sender may not speak for the tenant that an event names. */
export type SignatureRefusal = 'missing' | 'mismatch' | 'timestamp' | 'tenant';

export const domainEvents = (tenant: string, counts: DomainEventCounts): DomainTelemetryEvent => ({
  type: 'domain_events',
  tenant,
  ...counts,
});
export const ruleFailed = (
  tenant: string,
  code: 'threw' | 'invalid',
  message: string,
): DomainTelemetryEvent => ({ type: 'rule_failed', tenant, code, message });
export const messageRepeated = (tenant: string): DomainTelemetryEvent => ({
  type: 'message_repeated',
  tenant,
});
export const signatureRefused = (
  tenant: string,
  reason: SignatureRefusal,
): DomainTelemetryEvent => ({ type: 'signature_refused', tenant, reason });
