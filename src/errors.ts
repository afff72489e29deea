/** Stable names of everything that can go wrong. They are part of the public contract: messages may change, codes do not. */
export type ErrorCode =
  | 'config_invalid'
  | 'key_invalid'
  | 'frame_invalid'
  | 'authority_unavailable'
  | 'outcome_unknown'
  | 'deadline_exceeded'
  | 'circuit_open'
  | 'overloaded'
  | 'value_unserializable'
  | 'value_invalid'
  | 'load_timeout'
  | 'load_failed'
  | 'signature_invalid'
  | 'events_invalid'
  | 'origin_unreachable'
  | 'origin_timeout'
  | 'origin_invalid'
  | 'origin_failed'
  | 'origin_refused'
  | 'over_quota';

interface ErrorDetails {
  /** The same call may succeed later, and repeating it does no harm. */
  readonly retryable?: boolean;
  /** Where it happened: `memory`, `regional`, `redis`, `isolate`, `origin`. */
  readonly tier?: string;
  readonly key?: string;
  readonly cause?: unknown;
}

/** Base of every error that this project throws. */
export class TiercelError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly tier: string | undefined;
  readonly key: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.tier = details.tier;
    this.key = details.key;
  }
}

/** One thing that is wrong in the configuration. Never carries a secret's value. */
export interface ConfigProblem {
  /** The variable and the place inside it, for instance `TENANTS[0].hosts[1]`. */
  readonly field: string;
  /** What is wrong and what is allowed, one sentence. */
  readonly message: string;
}

/** The configuration can't be used. Lists every problem, not the first one. */
export class ConfigError extends TiercelError {
  readonly problems: readonly ConfigProblem[];

  /** @param subject what has them. Default: the configuration */
  constructor(problems: readonly ConfigProblem[], subject = 'The configuration has') {
    const list = problems.map((problem) => `  ${problem.field}: ${problem.message}`).join('\n');
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super('config_invalid', `${subject} ${count}:\n${list}`);
    this.problems = problems;
  }
}

/** A key, tag, prefix or tenant that no entry could have. */
export class InvalidKey extends TiercelError {
  constructor(message: string) {
    super('key_invalid', message);
  }
}

/** Why bytes are not an entry: each of them is a miss and an event, never an error for the caller. */
export type FrameFault =
  | 'short'
  | 'magic'
  | 'version'
  | 'flags'
  | 'stamp'
  | 'length'
  | 'checksum'
  | 'metadata'
  | 'compression'
  /** Encrypted under a key that is not configured. */
  | 'key_id'
  | 'decryption'
  /** Clear where encryption is configured: anybody who reaches the store could have written it. */
  | 'unencrypted';

/** Stored bytes that are not an entry of this key. */
export class InvalidFrame extends TiercelError {
  readonly fault: FrameFault;

  constructor(fault: FrameFault, details: ErrorDetails = {}) {
    super('frame_invalid', `Stored bytes are not an entry of this key (${fault}).`, details);
    this.fault = fault;
  }
}

/** The authority (Redis) did not answer in time, or with an error, or with something that its protocol does not have. Retryable, unless the token was refused. */
export class AuthorityUnavailable extends TiercelError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('authority_unavailable', message, { retryable: true, tier: 'redis', ...details });
  }
}

/** A script that writes a value was sent and its reply lost: it may have run. It is never sent again. */
export class OutcomeUnknown extends TiercelError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('outcome_unknown', message, { tier: 'redis', ...details });
  }
}

/** A store took longer than it may. Retryable. */
export class DeadlineExceeded extends TiercelError {
  constructor(ms: number) {
    super('deadline_exceeded', `No answer within ${ms} ms.`, { retryable: true });
  }
}

/** The store has failed too often of late and is not asked until a probe succeeds. Nothing was sent. Retryable. */
export class CircuitOpen extends TiercelError {
  constructor(store: string) {
    super('circuit_open', `The circuit breaker of '${store}' is open.`, {
      retryable: true,
      tier: store,
    });
  }
}

/** Too many calls of the store are under way already. Nothing was sent. Retryable. */
export class Overloaded extends TiercelError {
  constructor(store: string, limit: number) {
    super('overloaded', `'${store}' has ${limit} calls under way and a full queue.`, {
      retryable: true,
      tier: store,
    });
  }
}

/** A value that the serializer can't write. */
export class UnserializableValue extends TiercelError {
  /** Where in the value, for instance `.users[3].avatar`; empty for the value itself. */
  readonly path: string;

  constructor(path: string, what: string, details: ErrorDetails = {}) {
    super('value_unserializable', `The value${path} can't be stored: ${what}.`, details);
    this.path = path;
  }
}

/** A value that does not fit the schema of its namespace. Stored ones are a miss; written ones are an error for the writer. */
export class InvalidValue extends TiercelError {
  /** `migration`: the namespace's migration failed. */
  readonly reason: 'schema' | 'migration';

  constructor(
    message: string,
    reason: InvalidValue['reason'] = 'schema',
    details: ErrorDetails = {},
  ) {
    super('value_invalid', message, details);
    this.reason = reason;
  }
}

/** A loader took longer than its hard timeout. What it makes is stored all the same if it ends in time. Retryable. */
export class LoadTimeout extends TiercelError {
  constructor(ms: number, details: ErrorDetails = {}) {
    super(
      'load_timeout',
      `The load took longer than ${ms} ms (hardTimeout). A loader that asks for its own key waits for itself.`,
      { retryable: true, ...details },
    );
  }
}

/** A loader said that it failed, with `fail()`. */
export class LoadFailed extends TiercelError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('load_failed', message, { retryable: true, ...details });
  }
}

/** A message that none of the secrets has signed, or whose signature is too old or too early. */
export class InvalidSignature extends TiercelError {
  /**
   * `missing`: headers are missing or malformed. `timestamp`: the time is more than five minutes from now. `mismatch`: no
   * secret made a signature of it. For your own records: the message is the same for all, so that it may be passed on.
   */
  readonly reason: 'missing' | 'mismatch' | 'timestamp';

  constructor(reason: InvalidSignature['reason']) {
    super(
      'signature_invalid',
      "The message's signature is missing, wrong or not of the last five minutes.",
    );
    this.reason = reason;
  }
}

/** What was given is no domain event, nor a list of them. Lists every problem; none holds what was given. */
export class InvalidEvents extends TiercelError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      'events_invalid',
      `These are no domain events:\n${problems.map((one) => `  ${one}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

type OriginErrorCode =
  | 'origin_unreachable'
  | 'origin_timeout'
  | 'origin_invalid'
  | 'origin_failed'
  | 'origin_refused'
  | 'over_quota';

/** The tenant's origin could not be asked, or its answer can't be passed on. */
export class OriginError extends TiercelError {
  declare readonly code: OriginErrorCode;

  constructor(code: OriginErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, { retryable: true, tier: 'origin', ...details });
  }
}
