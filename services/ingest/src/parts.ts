import type { AudioNode, NodeBase } from '@earshot/node';
import type { IngestConfig } from './config.ts';
import type { Family } from './processes/family.ts';

/** What every part of the service is built from. */
export interface Parts extends NodeBase<IngestConfig> {
  readonly node: AudioNode;
  readonly family: Family;
}
