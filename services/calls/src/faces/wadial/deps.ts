import type { Clip } from '@earshot/calls';
import type { CallArchive } from '@earshot/storage';
import type { Calls } from '../../ports.ts';

/** What the WADial face calls. */
export interface WadialDeps {
  readonly calls: Calls;
  readonly archive: Pick<CallArchive, 'readLine' | 'listLines'>;
  /** Prepared audio; throws `asset_not_found`. */
  readonly clips: { fromAsset(tenant: string, assetId: string): Promise<Clip> };
}
