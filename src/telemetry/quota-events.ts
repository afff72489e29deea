/** What is reported of quotas, and of the purges that were asked for. Nothing that came from outside is in them. */
export type QuotaTelemetryEvent =
  /** A tenant's quota was used up: a request to its origin was not sent, or a purge refused. `tenant` is `*` for purges of every tenant. */
  | { readonly type: 'over_quota'; readonly tenant: string; readonly quota: QuotaName }
  /** Somebody who may purge has asked for it. For the record of who did what: see docs/operations/quotas.md. */
  | ({ readonly type: 'purge_audit'; readonly tenant: string } & PurgeAudit);

export const QUOTA_EVENT_TYPES = [
  'over_quota',
  'purge_audit',
] as const satisfies readonly QuotaTelemetryEvent['type'][];

export type QuotaName = 'loads' | 'purges';

/** Who asked for a purge, of how much, and what became of it. Never what was named: that is the tenant's own. */
export interface PurgeAudit {
  /** `purge`: by the route for purges. `events`: by domain events. */
  readonly via: 'purge' | 'events';
  /** The id of the credential, or of the secret that the events were signed with. */
  readonly by: string;
  /**
   * `accepted`: acknowledged. `repeated`: a message of events whose marks were there already; nothing was purged.
   * `over_quota`: refused. `unacknowledged`: the store of purges did not answer, so that it may have been purged or not.
   */
  readonly outcome: 'accepted' | 'repeated' | 'over_quota' | 'unacknowledged';
  /** The marks that were made, or asked for. Of a purge of every tenant: how many tenants there were. */
  readonly targets?: number;
  /** The marks by what they name. */
  readonly kinds?: Readonly<Record<string, number>>;
  readonly mode?: 'hard' | 'soft';
  /** Of the newest mark. */
  readonly seq?: number;
}

export const overQuota = (tenant: string, quota: QuotaName): QuotaTelemetryEvent => ({
  type: 'over_quota',
  tenant,
  quota,
});
export const purgeAudit = (tenant: string, audit: PurgeAudit): QuotaTelemetryEvent => ({
  type: 'purge_audit',
  tenant,
  ...audit,
});
