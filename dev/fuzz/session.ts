import { fieldValues } from './answer.ts';
import { canariesIn } from './canary.ts';
import { checkOutcome, type Finding, tenantsOf } from './checks.ts';
import { checkClean, cleanRequest } from './clean.ts';
import { type CleanPage, cleanPages } from './clean-pages.ts';
import type { RawRequest } from './request.ts';
import { type FuzzTenant, TENANTS } from './tenants.ts';
import { type Outcome, Wire } from './wire.ts';

/** A finding, and the requests that it may come from. */
export interface Violation extends Finding {
  readonly requests: readonly RawRequest[];
}

/** Sends requests to one gateway, and checks everything that comes of them. */
export class Session {
  readonly #port: number;
  readonly #silenceMs: number | undefined;
  readonly #idle: Wire[] = [];
  readonly #sent = new Map<Wire, RawRequest>();
  readonly #underWay = new Set<RawRequest>();
  readonly #visits = new Set<string>();
  readonly #recent: RawRequest[] = [];
  readonly #onViolation: (violation: Violation) => void;
  readonly #onOutcome: (request: RawRequest, outcome: Outcome) => void;

  /** @param silenceMs how long an answer may take. Default 15 s */
  constructor(
    port: number,
    onViolation: (violation: Violation) => void,
    onOutcome: (request: RawRequest, outcome: Outcome) => void = () => undefined,
    silenceMs?: number,
  ) {
    this.#port = port;
    this.#silenceMs = silenceMs;
    this.#onViolation = onViolation;
    this.#onOutcome = onOutcome;
  }

  /** Sends a request that means harm. */
  async attack(request: RawRequest): Promise<void> {
    this.#recent.push(request);
    if (this.#recent.length > RECENT) this.#recent.shift();
    const outcome = await this.#send(request);
    for (const finding of [
      ...checkOutcome(request, outcome),
      ...this.#checkVisit(request, outcome),
    ])
      this.#report(finding, [...this.#culprits(outcome, request), request]);
  }

  /** Asks for a page as ordinary clients do. */
  async clean(tenant: FuzzTenant, page: CleanPage, method?: 'GET' | 'HEAD'): Promise<void> {
    const request = cleanRequest(tenant, page, method);
    const outcome = await this.#send(request);
    for (const finding of checkClean(tenant, page, request, outcome)) {
      const culprits = this.#culprits(outcome, request);
      // Who was there last is the first suspect, where the answer names nobody.
      const suspects = this.#recent
        .filter(
          (one) =>
            tenantsOf(one, TENANTS).includes(tenant) &&
            one.target.split('?')[0] === page.path.split('?')[0],
        )
        .slice(-8);
      this.#report(finding, [...(culprits.length > 0 ? culprits : suspects), request]);
    }
  }

  /** Asks for every clean page of every tenant, one after the other. */
  async cleanAll(tenants: readonly FuzzTenant[] = TENANTS): Promise<void> {
    for (const tenant of tenants)
      for (const page of cleanPages(tenant)) {
        await this.clean(tenant, page);
        await this.clean(tenant, page, 'HEAD');
      }
  }

  /** What the log or an origin has told: any request that is under way may be the reason. */
  hear(finding: Finding): void {
    this.#report(finding, [...this.#recent.slice(-4), ...this.#underWay]);
  }

  close(): void {
    for (const wire of this.#idle.splice(0)) wire.close();
  }

  async #send(request: RawRequest): Promise<Outcome> {
    const wire = this.#idle.pop() ?? new Wire(this.#port, this.#silenceMs);
    this.#underWay.add(request);
    try {
      const outcome = await wire.send(request);
      const before = this.#sent.get(wire);
      if (wire.late !== '' && before)
        this.#report(
          {
            invariant: 'desync',
            detail: `Long after the answer came ${JSON.stringify(wire.late.slice(0, 80))}.`,
          },
          [before],
        );
      this.#sent.set(wire, request);
      this.#onOutcome(request, outcome);
      return outcome;
    } finally {
      this.#underWay.delete(request);
      this.#idle.push(wire);
    }
  }

  /** Who has sent what the answer holds. */
  #culprits(outcome: Outcome, request: RawRequest): RawRequest[] {
    if (outcome.kind !== 'answer') return [];
    const seen = canariesIn(outcome.answer.raw);
    return this.#recent
      .filter(
        (one) =>
          one !== request &&
          [...canariesIn([one.target, ...one.lines, one.body].join('\n'))].some((number) =>
            seen.has(number),
          ),
      )
      .slice(-3);
  }

  /** Cookies are given to one client each, where the tenant does not say otherwise. */
  #checkVisit(request: RawRequest, outcome: Outcome): Finding[] {
    if (outcome.kind !== 'answer') return [];
    const [tenant] = tenantsOf(request, TENANTS);
    const visit = /visit=\d+/.exec(fieldValues(outcome.answer, 'set-cookie').join(';'))?.[0];
    if (visit === undefined || !tenant || tenant.policy['setCookie'] === 'store') return [];
    const name = `${tenant.id} ${visit}`;
    if (!this.#visits.has(name)) {
      this.#visits.add(name);
      return [];
    }
    return [{ invariant: 'cookie', detail: `The cookie ${visit} was set for a second client.` }];
  }

  #report(finding: Finding, requests: readonly RawRequest[]): void {
    this.#onViolation({ ...finding, requests });
  }
}

const RECENT = 2000;
