import type { AudioNode, NodeBase } from '@earshot/node';
import type { DeliveryLog, EventLog, Keyring } from '@earshot/runtime';
import type { CallIndex } from '@earshot/sessions';
import type { CallArchive } from '@earshot/storage';
import type { CallsConfig } from './config.ts';
import type { Announcer } from './events/announcer.ts';

/** What every part of the service is built from. */
export interface Parts extends NodeBase<CallsConfig> {
  readonly node: AudioNode;
  readonly keyring: Keyring;
  readonly archive: CallArchive;
  readonly index: CallIndex;
  readonly events: EventLog;
  readonly deliveries: DeliveryLog;
  readonly announce: Announcer;
  /** Where carriers and clients reach this node; what a request says where it is absent. */
  readonly publicOrigin: string | undefined;
}
