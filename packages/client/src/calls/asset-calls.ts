import { AssetView, wadialAnswer } from '@earshot/protocol';
import { readAnswer } from '../http/api-error.ts';
import type { Requester } from '../http/requester.ts';

/** Prepared audio of the tenant. */
export interface AssetCalls {
  /** Sends a file of at most 32 MB, `audio/*` by its type; `filename` is shown again. */
  uploadAsset(audio: Blob, named: { filename: string; contentType?: string }): Promise<AssetView>;
  /** Oldest first. */
  listAssets(): Promise<AssetView[]>;
  deleteAsset(assetId: string): Promise<void>;
}

/** `base` is the URL of the API, without a slash at its end. */
export function assetCalls(base: string, request: Requester): AssetCalls {
  const url = `${base}/call-audio-assets`;
  return {
    async uploadAsset(audio, { filename, contentType }) {
      const body = new FormData();
      // A slice of all of it has the wanted type, and copies nothing.
      const typed = contentType === undefined ? audio : audio.slice(0, audio.size, contentType);
      body.append('audio', typed, filename);
      const answer = await request({ method: 'POST', url, body, expect: [201] });
      return readAnswer(wadialAnswer(AssetView), answer).data;
    },
    async listAssets() {
      const answer = await request({ method: 'GET', url, expect: [200] });
      return readAnswer(wadialAnswer(AssetView.array()), answer).data;
    },
    async deleteAsset(assetId) {
      await request({ method: 'DELETE', url: `${url}/${encodeURIComponent(assetId)}`, expect: [204] });
    },
  };
}
