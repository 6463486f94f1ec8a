import type { EventType } from '@earshot/protocol';

/** Something to announce about a call. */
export interface CallEvent {
  readonly type: EventType;
  /** Makes it one of its own where a call has several of the type. */
  readonly nonce?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
